"""The library as a catalogue, and what is taken out of it and put back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ingest.add import put_back, remove
from rag.catalogue import Catalogue, Shelf, Wanted, catalogue, known, listed
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Paper, Query

PAPERS = (
    Paper("zipf", "Zipf's law", "A.", ("George Zipf",), 1949, "Linguistics"),
    Paper("growth", "On Growth and Form", "B.", ("D'Arcy Thompson", "Łukasz Müller"), 1917, "Biology"),
    Paper("apples", "apples", "C.", (), None, None),
    Paper("later", "Growth again", "D.", ("Ada Müller",), 1995, "Biology"),
)


@pytest.fixture
def held(library: Library) -> Library:
    with library.writing() as writer:
        for paper in PAPERS:
            writer.put(paper, lambda paper: ())
        writer.commit("none", [], np.zeros((0, 1)))
    return library


def found(library: Library, wanted: Wanted) -> list[str]:
    return [paper.id for paper in listed(library, catalogue(library).find(wanted))]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), ["zipf", "growth", "apples", "later"]),
        (Wanted("GROWTH"), ["growth", "later"]),
        (Wanted("muller growth"), ["growth", "later"]),  # every word, wherever it stands, accents aside
        (Wanted("muller again"), ["later"]),
        (Wanted("biolog"), ["growth", "later"]),
        (Wanted("quark"), []),
        (Wanted(author="ada"), ["later"]),
        (Wanted("zipf", author="müller"), []),
        (Wanted(venue="Biology"), ["growth", "later"]),
        (Wanted(years=(1917, 1949)), ["zipf", "growth"]),
        (Wanted(order="title"), ["apples", "later", "growth", "zipf"]),
        (Wanted(order="newest"), ["later", "zipf", "growth", "apples"]),
        (Wanted(order="oldest"), ["growth", "zipf", "later", "apples"]),
    ],
)
def test_papers_are_found_by_every_word_filtered_and_sorted(held: Library, wanted: Wanted, ids: list[str]) -> None:
    assert found(held, wanted) == ids


def test_what_no_paper_has_is_not_offered_to_filter_by(held: Library, shipped: Library) -> None:
    full, bare = catalogue(held), catalogue(shipped)
    assert (full.all_years, full.all_venues) == ((1917, 1995), {"Biology": 2, "Linguistics": 1})
    assert (bare.all_years, bare.all_venues, bare.has_authors) == (None, {}, False)


def test_papers_that_are_gone_are_left_out_of_a_page(held: Library) -> None:
    numbers = catalogue(held).find(Wanted())
    with held.writing() as writer:
        writer.remove(["growth"])
    assert [paper.id for paper in listed(held, reversed(numbers))] == ["later", "apples", "zipf"]
    assert [paper.id for paper in known(held, ["later", "growth", "zipf"])] == ["later", "zipf"]


def test_the_catalogue_is_of_the_library_as_it_is(held: Library) -> None:
    shelf = Shelf(held)
    before = shelf.now()
    assert shelf.now() is before
    with held.writing() as writer:
        writer.remove(["growth"])
        assert size(Shelf(held).now()) == 3  # nothing at hand: read at once
    assert size(shelf.now()) == 3


def test_while_papers_are_being_added_the_catalogue_at_hand_serves(held: Library) -> None:
    shelf = Shelf(held)
    with held.writing() as writer:
        shelf.now()
        writer.remove(["growth"])
        assert size(shelf.now()) == 4
    assert size(shelf.now()) == 3


def size(one: Catalogue) -> int:
    return len(one.find(Wanted()))


def test_what_was_removed_is_put_back_as_it_was_and_answers_again(home: Path, encoder: BundledEncoder) -> None:
    library = Library(home)
    pipeline = Pipeline(library, encoder, Settings())
    question = Query("How much shorter do capsule prompts get?")
    before = pipeline.ask(question).answer
    papers = known(library, [before.citations[0].span.paper.id])
    remove(library, [paper.id for paper in papers], encoder)
    assert len(library) == 89
    assert "81.4%" not in pipeline.ask(question).answer.text
    put_back(library, papers, encoder)
    after = pipeline.ask(question).answer
    assert (after.text, after.citations) == (before.text, before.citations)
