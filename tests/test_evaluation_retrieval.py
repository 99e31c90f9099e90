"""Retrieval on a BEIR-style folder: its forms, its ids, its cache."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import SHARED
from embedding import loaded, texts
from hypothesis import given
from hypothesis import strategies as st

from eval.beir import Asked, read_dataset, read_qrels
from eval.retrieval import Encoders, _settled, library_of, measure
from eval.scripted import scripted
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import AskpapersError, CallerMistake
from ui.cli import run

TEXTS = {
    "d1": "Sourdough bread ferments for fourteen hours at eighteen degrees.",
    "d2": "Rye bread needs more water than wheat bread does.",
    "d3": "Honey bees dance straighter after a night of sleep.",
    "d4": "Bumble bees buzz to shake pollen from tomato flowers.",
}
QUERIES = [
    {"_id": "q1", "text": "How long does sourdough ferment?"},
    {"_id": "q2", "text": "sleep of bees"},
    {"_id": "q3", "text": TEXTS["d2"], "query_doc_id": "d2"},
    {"_id": "unjudged", "text": "nothing"},
]


def lines(*entries: dict[str, Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two documents of one title, one without text, a header line, a query that is a document itself."""
    folder = tmp_path / "bread"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": key, "title": "Notes", "text": text} for key, text in TEXTS.items()]
    (folder / "corpus.jsonl").write_text(lines(*corpus, {"_id": "d5", "title": "Notes", "text": ""}))
    (folder / "queries.jsonl").write_text(lines(*QUERIES))
    qrels = [("q1", "d1", "2"), ("q2", "d3", "1"), ("q2", "d1", "0"), ("q3", "d1", "1")]
    (folder / "qrels" / "test.tsv").write_text("\n".join(map("\t".join, [("query-id", "corpus-id", "score"), *qrels])))
    return folder


def test_the_command_prints_three_ways_of_searching_as_json(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", "retrieval", "--dataset", str(dataset), "--json", "--cache", str(tmp_path / "cache")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["words", "meaning", "hybrid"]
    assert all(set(one) == {"nDCG@10", "Recall@100", "MRR@10", "ms_per_query"} for one in found.values())
    assert found["hybrid"]["nDCG@10"] == found["hybrid"]["Recall@100"] == 1


def test_documents_keep_their_ids_and_those_of_one_title_stay_apart(
    dataset: Path, tmp_path: Path, encoder: BundledEncoder
) -> None:
    library = library_of(read_dataset(dataset), Encoders(encoder), tmp_path / "cache", None)
    assert {paper.id for paper in library.papers()} == set(TEXTS)


def test_a_collection_is_embedded_once(
    dataset: Path, tmp_path: Path, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_dataset(dataset)
    first = measure(library_of(read, Encoders(encoder), tmp_path / "cache", None), read, Encoders(encoder), Settings())
    monkeypatch.setattr(BundledEncoder, "vectors", lambda *_: pytest.fail("it was embedded again"))
    second = measure(library_of(read, Encoders(encoder), tmp_path / "cache", None), read, Encoders(encoder), Settings())
    for name in first:
        assert first[name] | {"ms_per_query": 0} == second[name] | {"ms_per_query": 0}


def test_an_index_made_by_other_code_is_made_anew(dataset: Path, tmp_path: Path, encoder: BundledEncoder) -> None:
    read = read_dataset(dataset)
    folder = library_of(read, Encoders(encoder), tmp_path / "cache", None).folder
    index = next((folder / "index").glob("[0-9]*"))
    before = index.stat().st_mtime_ns
    library_of(read, Encoders(encoder), tmp_path / "cache", None)
    assert index.stat().st_mtime_ns == before
    (folder / "index-code").write_text("another")
    library_of(read, Encoders(encoder), tmp_path / "cache", None)
    assert index.stat().st_mtime_ns != before


def test_equal_scores_are_ordered_by_id_and_the_querys_own_document_is_left_out() -> None:
    ranking = [("b", 1.0), ("a", 1.0), ("own", 2.0), ("c", 3.0)]
    assert _settled(ranking, Asked("q", "?", without="own")) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("corpus.jsonl", None),
        ("queries.jsonl", "not json"),
        ("queries.jsonl", "[1]"),
        ("queries.jsonl", '{"text": "no id"}'),
        ("queries.jsonl", ""),
        ("qrels/test.tsv", "q1\td1\t1\nq2 d2 1"),
        ("qrels/test.tsv", "q1 0 d1 1\nq2\td3\t1"),
        ("qrels/test.tsv", b"q1\td1\t1\nq\xff\td1\t1"),
        ("qrels/test.tsv", None),
    ],
)
def test_a_folder_that_cannot_be_read_is_the_callers_mistake(
    dataset: Path, name: str, content: str | bytes | None
) -> None:
    if content is None:
        (dataset / name).unlink()
    else:
        (dataset / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CallerMistake):
        read_dataset(dataset)


@given(st.text(max_size=80))
def test_reading_judgements_gives_grades_above_zero_or_a_mistake(tmp_path_factory: Any, text: str) -> None:
    file = tmp_path_factory.mktemp("qrels") / "qrels.tsv"
    file.write_text(text, encoding="utf-8", errors="replace", newline="")
    with suppress(CallerMistake):
        assert all(grade > 0 for grades in read_qrels(file, file.parent).values() for grade in grades.values())


@pytest.mark.skipif(not (SHARED / "data" / "cranfield").is_dir(), reason="no shared data here")
def test_cranfield_has_225_queries_and_1837_judgements() -> None:
    read = read_dataset(SHARED / "data" / "cranfield")
    assert len(read.queries) == 225
    assert sum(map(len, read.qrels.values())) == 1837


def test_another_embedding_is_measured_where_one_is_configured(
    dataset: Path, tmp_path: Path, encoder: BundledEncoder
) -> None:
    read = read_dataset(dataset)
    with scripted(dimension=8) as server:
        by = Encoders(encoder, loaded(server))
        found = measure(library_of(read, by, tmp_path / "cache", None), read, by, Settings())
        assert TEXTS["d1"] in " ".join(texts(server))
    bundled = measure(
        library_of(read, Encoders(encoder), tmp_path / "cache", None), read, Encoders(encoder), Settings()
    )
    assert found["words"]["nDCG@10"] == bundled["words"]["nDCG@10"]
    assert found["meaning"]["nDCG@10"] < bundled["meaning"]["nDCG@10"]


def test_an_embedding_that_cannot_be_asked_is_told_and_no_other_measured_in_its_place(
    dataset: Path, tmp_path: Path, encoder: BundledEncoder
) -> None:
    read = read_dataset(dataset)
    with scripted(dimension=8) as server:
        by = Encoders(encoder, loaded(server))
        library = library_of(read, by, tmp_path / "cache", None)
    with pytest.raises(AskpapersError, match="refuses the connection"):
        measure(library, read, by, Settings())
