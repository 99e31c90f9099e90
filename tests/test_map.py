"""Where papers lie on the map, what they are about, and which are alike: from stored vectors alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rag.encoder import BundledEncoder
from rag.layout import layout
from rag.library import Library
from rag.likeness import centres, similar
from rag.pipeline import Pipeline
from rag.topics import topics
from rag.types import Paper
from rag.writer import chunk_of

PAGE = Path(__file__).parents[1] / "ui" / "papers_page.py"


def clouds(sizes: tuple[int, ...]) -> np.ndarray:
    """Unit vectors around as many directions."""
    chance = np.random.default_rng(1)
    rows = [np.eye(8)[place] + 0.1 * chance.standard_normal(8) for place, size in enumerate(sizes) for _ in range(size)]
    return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def test_what_is_alike_lies_together_and_what_differs_apart() -> None:
    places = layout(clouds((15, 15)))
    one, other = places[:15], places[15:]
    spread = max(np.ptp(one, axis=0).max(), np.ptp(other, axis=0).max())
    assert np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)) > spread
    assert (places.min(), places.max()) == (0, 1)


def test_the_map_is_the_same_each_time_to_the_bit() -> None:
    vectors = clouds((10, 10, 10))
    assert np.array_equal(layout(vectors), layout(vectors))


@pytest.mark.parametrize("many", [0, 1, 2, 3, 4])
def test_a_few_papers_and_equal_ones_have_places_too(many: int) -> None:
    for vectors in (np.ones((many, 4), np.float32) / 2, np.eye(many, 4, dtype=np.float32)):
        places = layout(vectors)
        assert places.shape == (many, 2)
        assert np.isfinite(places).all()


def test_topics_are_named_by_words_of_their_own_titles_and_hold_each_paper_once() -> None:
    titles = ["Folding proteins quickly", "Proteins that fold"] * 5 + ["Parsing German verbs", "Verbs in parsing"] * 5
    places = np.array([[0, 0]] * 10 + [[1, 1]] * 10) + np.random.default_rng(0).normal(0, 0.01, (20, 2))
    found = topics(places, titles, titles)
    assert sorted(place for topic in found for place in topic.papers) == [*range(20)]
    for topic in found:
        protein = topic.papers[0] < 10
        assert all((place < 10) == protein for place in topic.papers)
    assert {"proteins", "verbs"} <= {word for topic in found for word in topic.name.split(", ")}
    words = [word for topic in found for word in topic.name.split(", ") if word]
    assert len(words) == len(set(words))


def test_no_papers_have_no_topics() -> None:
    assert topics(np.zeros((0, 2)), [], []) == ()


def test_similar_papers_are_those_of_the_nearest_vectors_and_not_the_paper_itself(
    shipped: Library, pipeline: Pipeline
) -> None:
    index = pipeline.retriever.index()
    paper = next(shipped.papers()).id
    found = similar(index, paper, 5)
    own = index.vectors[index.owners == index.papers.index(paper)].astype(np.float64)
    nearness = {
        other: (index.vectors[index.owners == place].astype(np.float64) @ own.T).mean()
        for place, other in enumerate(index.papers)
        if other != paper
    }
    assert found == tuple(sorted(nearness, key=nearness.__getitem__, reverse=True)[:5])
    assert similar(index, "nobody", 5) == ()
    assert len(similar(index, paper, 1000)) == len(index.papers) - 1


def test_a_paper_that_the_index_does_not_hold_yet_is_left_off_the_map(shipped: Library, pipeline: Pipeline) -> None:
    papers = [paper.id for paper in shipped.papers()][:3]
    known, vectors = centres(pipeline.retriever.index(), [papers[2], "nobody", papers[0]])
    assert known == (papers[2], papers[0])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def put(library: Library, encoder: BundledEncoder, papers: Sequence[Paper], is_cut: bool = True) -> None:
    """Each with its abstract as the one passage, or with none."""
    with library.writing() as writer:
        writer.settle()
        for paper in papers:
            writer.put(paper, lambda one: [chunk_of("passage", one, 0, len(one.abstract))] * is_cut)
        texts = writer.lacking(encoder.fingerprint)
        writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))


def the_page(view: str) -> AppTest:
    """Of the library in the settings."""
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.session_state["view_of_papers"] = view
    page.run()
    assert not page.exception
    return page


def the_map() -> str:
    """What the page says of it."""
    return "\n".join(text.value for text in the_page("Map").text)


def test_a_list_is_sorted_and_a_map_is_not(
    library: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKPAPERS_HOME", str(library.folder))
    put(library, encoder, [Paper("rye", "On Rye", "Rye rises.")])
    assert [box.label for box in the_page("List").selectbox] == ["Sort"]
    assert not the_page("Map").selectbox


def test_papers_without_passages_are_told_in_one_line_and_the_others_have_their_places(
    library: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKPAPERS_HOME", str(library.folder))
    put(library, encoder, [Paper(f"bare{n}", f"Bare {n}", "Nothing.") for n in range(2)], is_cut=False)
    assert "has a passage to search. Take them out and add them again: askpapers remove ID" in the_map()
    put(library, encoder, [Paper("rye", "On Rye", "Rye rises.")])
    assert "1 paper; what lies close is alike. 2 papers without a passage, and so without a place." in the_map()
