"""Hybrid retrieval: as good as scoring everything, within any scope, always of the library as it is now."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.questions import DEV, read_questions
from ingest.add import cut, ingest
from rag.config import Settings
from rag.edition import Index
from rag.encoder import BundledEncoder
from rag.errors import LibraryGone
from rag.library import Library
from rag.question import names
from rag.retrieve import HybridRetriever
from rag.types import EVERYTHING, Paper, Passage, Scope
from rag.words import plain
from rag.writer import Writer

QUESTIONS = tuple(question.text for question in read_questions(DEV))
BREADS = (
    Paper(
        "rye", "On Rye", "Rye needs an acid dough to rise at all.", ("Zoë Ångström", "B. Baker"), 1999, "École du Pain"
    ),
    Paper("wheat", "On Wheat", "Wheat rises with yeast alone, in an hour.", ("B. Baker",), 2020, "Bread Letters"),
    Paper("spelt", "On Spelt", "Spelt tears when it is kneaded for too long.", (), 2020, None),
    Paper(
        "on rye", "Bagels", "A bagel is boiled in malt before it is baked.", ("Ida Rye",), None, "bread letters, 2nd"
    ),
)
ADD = """
import sys
from pathlib import Path
from ui.cli import run
sys.exit(run(["ingest", sys.argv[2], "--library", sys.argv[1]]))
"""


def put(library: Library, encoder: BundledEncoder, *papers: Paper) -> None:
    with library.writing() as writer:
        write(writer, encoder, *papers)


def write(writer: Writer, encoder: BundledEncoder, *papers: Paper) -> None:
    for paper in papers:
        writer.put(paper, lambda paper: cut(paper, encoder))
    texts = writer.lacking(encoder.fingerprint)
    writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))


@pytest.fixture
def breads(library: Library, encoder: BundledEncoder) -> HybridRetriever:
    put(library, encoder, *BREADS)
    return HybridRetriever(library, encoder, Settings())


@pytest.fixture(scope="module")
def retriever(shipped: Library, encoder: BundledEncoder) -> HybridRetriever:
    return HybridRetriever(shipped, encoder, Settings())


def ids(passages: tuple[Passage, ...]) -> list[str]:
    return [passage.span.paper.id for passage in passages]


def by_brute_force(retriever: HybridRetriever, encoder: BundledEncoder, text: str, scope: Scope) -> list[str]:
    """Every passage scored by meaning and words (standardised over all), likeness to the first five, and names."""
    index, within = retriever.index(), retriever.library.within(scope)
    vectors = index.vectors.astype(np.float64)
    scores = standardised(vectors @ encoder.vector(text)) + 0.5 * standardised(index.word_scores(text))
    first = best_of_each(index, scores, within)[:5]
    likely = np.exp([scores[row] - scores[first[0]] for row in first])
    scores += 0.3 * standardised(vectors @ unit(likely @ vectors[first]))
    owned = {owner: name for name in reversed(names(text)) if (owner := retriever.owner(name))}
    scores += np.array([worth(retriever, owned, index.papers[owner]) for owner in index.owners])
    return [index.papers[index.owners[row]] for row in best_of_each(index, scores, within)[:6]]


def worth(retriever: HybridRetriever, owned: dict[str, str], paper: str) -> float:
    """4 standard deviations where a name in the question opens the paper's title, 1.5 where it is else its own."""
    if paper not in owned:
        return 0.0
    opens = plain(retriever.library.paper(paper).title).split(":")[0].split(" ")[0]
    return 4.0 if plain(owned[paper]).removesuffix("s") == opens.removesuffix("s") else 1.5


def standardised(values: np.ndarray) -> np.ndarray:
    shifted: np.ndarray = values.astype(np.float64) - values.mean(dtype=np.float64)
    return shifted / (values.std(dtype=np.float64) or 1)


def unit(vector: np.ndarray) -> np.ndarray:
    length: np.ndarray = vector / np.linalg.norm(vector)
    return length


def best_of_each(index: Index, scores: np.ndarray, within: frozenset[str]) -> list[int]:
    """The best row of each paper within, best first."""
    rows = sorted(range(len(scores)), key=lambda row: -scores[row])
    best: dict[str, int] = {}
    for row in rows:
        best.setdefault(index.papers[index.owners[row]], row)
    return [row for paper, row in best.items() if paper in within]


def test_the_fused_ranking_is_that_of_scoring_every_passage(
    retriever: HybridRetriever, encoder: BundledEncoder
) -> None:
    assert len(QUESTIONS) > 40
    for question in QUESTIONS:
        assert ids(retriever.search(question)) == by_brute_force(retriever, encoder, question, EVERYTHING)


def test_within_a_scope_too(retriever: HybridRetriever, shipped: Library, encoder: BundledEncoder) -> None:
    scope = Scope(papers=tuple(paper.id for paper in list(shipped.papers())[::3]))
    for question in QUESTIONS[:20]:
        assert ids(retriever.search(question, scope)) == by_brute_force(retriever, encoder, question, scope)


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (Scope(papers=("rye",)), {"rye"}),
        (Scope(papers=("On Wheat", "spelt")), {"wheat", "spelt"}),
        (Scope(papers=("on rye",)), {"on rye"}),  # it is one paper's id and another's title: the id decides
        (Scope(papers=("ON RYE!",)), {"rye"}),
        (Scope(papers=("rye", "nowhere")), {"rye"}),
        (Scope(years=(2020,)), {"wheat", "spelt"}),
        (Scope(years=(1999, 2020)), {"rye", "wheat", "spelt"}),
        (Scope(venues=("letters",)), {"wheat", "on rye"}),
        (Scope(venues=("éCOLE",)), {"rye"}),
        (Scope(venues=("BREAD letters",)), {"wheat"}),  # whose whole name it is
        (Scope(venues=("BREAD letters", "2nd")), {"wheat", "on rye"}),
        (Scope(authors=("ida rye",)), {"on rye"}),
        (Scope(authors=("baker",)), {"rye", "wheat"}),
        (Scope(authors=("ångström", "IDA")), {"rye", "on rye"}),
        (Scope(authors=("baker",), years=(2020,)), {"wheat"}),
        (Scope(papers=("spelt",), authors=("baker",)), set()),
        (Scope(years=(1901,)), set()),
        (Scope(papers=("nowhere",)), set()),
        (Scope(papers=(*(f"p{n}" for n in range(40_000)), "rye")), {"rye"}),
    ],
)
def test_a_scope_holds_exactly_what_it_names(breads: HybridRetriever, scope: Scope, wanted: set[str]) -> None:
    assert set(ids(breads.search("bread that rises", scope))) == wanted
    assert breads.library.within(scope) == wanted


def test_f33_more_may_be_asked_for_than_there_is(
    breads: HybridRetriever, retriever: HybridRetriever, shipped: Library, encoder: BundledEncoder
) -> None:
    assert set(ids(breads.search("bread", most=1000))) == {paper.id for paper in BREADS}
    wide = HybridRetriever(shipped, encoder, Settings(candidates=1000))
    assert set(ids(wide.search("language", most=1000))) == {paper.id for paper in shipped.papers()}


def test_f34_of_a_paper_only_the_best_passage_comes_up(retriever: HybridRetriever) -> None:
    for question in QUESTIONS:
        found = ids(retriever.search(question, most=50))
        assert len(found) == len(set(found))


def test_f35_a_hundred_questions_at_once_get_what_each_gets_alone(retriever: HybridRetriever) -> None:
    questions = (QUESTIONS * 2)[:100]
    alone = [retriever.search(question) for question in questions]
    with ThreadPoolExecutor(16) as crowd:
        assert list(crowd.map(retriever.search, questions)) == alone


def test_f35_questions_go_on_while_papers_come_and_go(breads: HybridRetriever, encoder: BundledEncoder) -> None:
    def ask(_: int) -> bool:
        return "rye" in ids(breads.search("an acid dough for rye"))

    with ThreadPoolExecutor(6) as crowd:
        answers = crowd.map(ask, range(300))
        for number in range(5):
            put(breads.library, encoder, Paper(f"n{number}", f"Note {number}", f"Oven {number} is hot."))
            with breads.library.writing() as writer:
                writer.remove([f"n{number - 1}"])
        assert all(answers)
    assert ids(breads.search("which oven is hot?"))[0] == "n4"


def test_the_same_question_gets_the_same_answer_to_the_bit(
    retriever: HybridRetriever, shipped: Library, tmp_path: Path
) -> None:
    shutil.copy(shipped.folder / "library.sqlite3", tmp_path)
    rebuilt = HybridRetriever(Library(tmp_path), BundledEncoder(), Settings())
    for question in QUESTIONS[:30]:
        assert retriever.search(question) == retriever.search(question) == rebuilt.search(question)


def test_f21_papers_added_by_another_process_are_found_by_the_next_question(
    breads: HybridRetriever, tmp_path: Path
) -> None:
    assert "Ovens" not in [p.span.paper.title for p in breads.search("How hot must an oven be?")]
    file = tmp_path / "more.jsonl"
    file.write_text(json.dumps({"title": "Ovens", "abstract": "An oven must be heated to 250 degrees for bread."}))
    subprocess.run([sys.executable, "-c", ADD, str(breads.library.folder), str(file)], check=True, capture_output=True)
    assert breads.search("How hot must an oven be?")[0].span.paper.title == "Ovens"


def test_f21_while_papers_are_being_added_the_last_index_serves(
    breads: HybridRetriever, encoder: BundledEncoder
) -> None:
    before = breads.index()
    with breads.library.writing() as writer:
        write(writer, encoder, Paper("oven", "Ovens", "An oven must be heated to 250 degrees."))
        assert breads.index() is before, "it is not even opened again"
        assert "oven" not in ids(breads.search("How hot must an oven be?"))
        newcomer = HybridRetriever(breads.library, encoder, Settings())
        assert ids(newcomer.search("acid dough")) == ids(breads.search("acid dough"))
    assert ids(breads.search("How hot must an oven be?"))[0] == "oven"


def test_f08_a_paper_that_changes_while_others_are_being_added_does_not_drop_out(
    breads: HybridRetriever, encoder: BundledEncoder
) -> None:
    assert ids(breads.search("acid dough"))[0] == "rye"
    with breads.library.writing() as writer:
        write(writer, encoder, replace(BREADS[0], abstract="Rye needs an acid dough, and patience."))
        writer.remove(["spelt"])
        found = breads.search("acid dough")
        assert found[0].span.text == "Rye needs an acid dough, and patience."
        assert set(ids(found)) == {"rye", "wheat", "on rye"}


def test_f29_when_the_folder_is_deleted_the_next_question_says_so(breads: HybridRetriever) -> None:
    breads.search("rye")
    shutil.rmtree(breads.library.folder)
    asks: tuple[Callable[[], Any], ...] = (
        lambda: breads.search("rye"),
        lambda: breads.quotes("rye", "rye", 3),
        lambda: breads.knows("rye"),
        lambda: breads.owner("rye"),
    )
    for ask in asks:
        with pytest.raises(LibraryGone) as gone:
            ask()
        assert "\n" not in str(gone.value)
    assert not breads.library.folder.exists()


def test_f29_when_only_the_index_is_deleted_the_next_question_is_answered(
    breads: HybridRetriever, encoder: BundledEncoder
) -> None:
    before = breads.search("which dough is acid?")
    shutil.rmtree(breads.library.folder / "index")
    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(breads.search, ["which dough is acid?"] * 40)) == {before}
    put(breads.library, encoder, Paper("oven", "Ovens", "An oven must be heated to 250 degrees."))
    assert ids(breads.search("How hot must an oven be?"))[0] == "oven"


def test_a_llama_index_retriever_needs_no_network_and_no_key(
    retriever: HybridRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    nodes = retriever.retrieve("What is MetaCLIP?")
    assert nodes[0].node.metadata["title"] == "Demystifying CLIP Data"
    assert [node.score for node in nodes] == [passage.score for passage in retriever.search("What is MetaCLIP?")]


def test_ingesting_an_unchanged_file_needs_no_new_index(breads: HybridRetriever, encoder: BundledEncoder) -> None:
    before = breads.index()
    ingest(breads.library, [], encoder)
    assert breads.index() is before
