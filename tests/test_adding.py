"""Adding papers: the same one once, changes followed, interruptions survived."""

from __future__ import annotations

import json
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.add import cut, fill, ingest, publish
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.index import current_index
from rag.library import Library
from rag.retrieve import HybridRetriever
from rag.types import Paper
from rag.writer import Chunk

BREAD = {
    "title": "On Sourdough",
    "abstract": "We let sourdough ferment at 18 degrees for fourteen hours. The crumb becomes open and moist.",
    "authors": ["Ada Lovelace", "Charles Babbage"],
    "year": 2020,
    "doi": "10.1234/bread.7",
}
BIB = """@article{lovelace2020, title = {On {S}ourdough}, author = {Lovelace, Ada and Babbage, Charles}, year = 2020,
  journal = {Bread Letters}, doi = {https://doi.org/10.1234/BREAD.7}, abstract = {%s}}"""


class Refusing(BundledEncoder):
    """Where nothing may be embedded."""

    def vector(self, text: str) -> np.ndarray:
        raise AssertionError(f"embedded {text!r}")


def jsonl(file: Path, *records: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def counts(library: Library, encoder: BundledEncoder, *files: Path) -> list[tuple[int, int, int]]:
    return [(one.added, one.updated, one.unchanged) for one in ingest(library, files, encoder)]


def asked(library: Library, encoder: BundledEncoder, question: str) -> list[str]:
    """The abstracts that come up, best first."""
    return [passage.span.paper.abstract for passage in HybridRetriever(library, encoder, Settings()).search(question)]


def rows(library: Library) -> tuple[int, int, int]:
    """How many papers, chunks and vectors there are."""
    with library.reading() as db:
        papers, chunks, vectors = (
            db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("papers", "chunks", "vectors")
        )
    return papers, chunks, vectors


def test_f07_the_same_paper_twice_in_one_file_is_one(library: Library, encoder: BundledEncoder, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", BREAD, BREAD, BREAD | {"title": "ON SOURDOUGH.", "doi": None})
    assert counts(library, encoder, file) == [(1, 1, 1)]
    assert rows(library)[:2] == (1, 3)


def test_f07_the_same_paper_in_two_files_and_two_formats_is_one(
    library: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    bib, csv = tmp_path / "refs.bib", tmp_path / "export.csv"
    bib.write_text(BIB % BREAD["abstract"])
    csv.write_text(f'Title,Abstract,Year\n"On Sourdough","{BREAD["abstract"]}",2020\n')
    files = (jsonl(tmp_path / "a.jsonl", BREAD), jsonl(tmp_path / "b.jsonl", BREAD), bib, csv)
    assert [sum(one) for one in counts(library, encoder, *files)] == [1, 1, 1, 1]
    (paper,) = library.papers()
    assert (paper.doi, paper.venue, paper.year) == ("10.1234/bread.7", "Bread Letters", 2020), "each adds what it knows"
    assert rows(library) == (1, 3, 3)


def test_f07_two_papers_turn_out_to_be_one_where_a_record_bears_the_ids_of_both(
    library: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    preprint = {"title": "Sourdough (v1)", "abstract": BREAD["abstract"], "arxiv": "2001.00001", "venue": "arXiv"}
    wrong = BREAD | {"title": "On Rye", "doi": "10.1234/rye", "arxiv": "2001.00002"}
    ingest(library, [jsonl(tmp_path / "a.jsonl", BREAD, preprint, wrong)], encoder)
    assert len(library) == 3
    assert counts(library, encoder, jsonl(tmp_path / "b.jsonl", BREAD | {"arxiv": "2001.00001"})) == [(0, 1, 0)]
    assert [(p.doi, p.arxiv, p.venue) for p in library.papers()] == [
        ("10.1234/bread.7", "2001.00001", "arXiv"),
        ("10.1234/rye", "2001.00002", None),
    ]
    ingest(library, [jsonl(tmp_path / "c.jsonl", BREAD | {"arxiv": "2001.00002"})], encoder)
    assert len(library) == 2, "ids that contradict each other join nothing"


def test_f07_different_papers_with_one_title_stay_two(
    library: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    other = {"title": "On Sourdough", "abstract": "Rye needs an acid dough to rise at all.", "year": 1999, "authors": ["Z. Q."]}  # fmt: skip # noqa: E501
    file = jsonl(tmp_path / "a.jsonl", BREAD, other)
    assert counts(library, encoder, file, file) == [(2, 0, 0), (0, 0, 2)]
    assert len(set(asked(library, encoder, "sourdough"))) == 2


NAMESAKE = {"title": "Introduction", "abstract": "Birds sing at dawn, and louder where the town is loud."}


@pytest.mark.parametrize(
    ("known", "of_other"),
    [
        ({"year": 2019, "authors": ["Ada Bee"]}, {}),
        ({}, {"year": 2019}),
        ({}, {}),
        ({"authors": ["Bee"]}, {"year": 2019}),
    ],
    ids=["nothing is known of the other", "nothing is known of the first", "titles only", "nothing comparable"],
)
def test_f07_a_namesake_of_which_too_little_is_known_takes_no_papers_place(
    library: Library, encoder: BundledEncoder, tmp_path: Path, known: dict[str, Any], of_other: dict[str, Any]
) -> None:
    other = {"title": "Introduction", "abstract": "Fish of the lakes spawn in spring, in shallow and warm water."}
    files = [jsonl(tmp_path / "a.jsonl", NAMESAKE | known), jsonl(tmp_path / "b.jsonl", other | of_other)]
    assert counts(library, encoder, *files, *files) == [(1, 0, 0), (1, 0, 0), (0, 0, 1), (0, 0, 1)]
    assert [paper.abstract for paper in library.papers()] == [NAMESAKE["abstract"], other["abstract"]]


def test_f08_a_mended_abstract_is_known_again_where_only_the_title_is(
    library: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    mended = NAMESAKE | {"abstract": "Birds sing at dawn and dusk, and louder where the town is loud.", "year": 2019}
    files = [jsonl(tmp_path / "a.jsonl", NAMESAKE), jsonl(tmp_path / "b.jsonl", mended)]
    assert counts(library, encoder, *files) == [(1, 0, 0), (0, 1, 0)]


def test_adding_again_embeds_nothing(library: Library, encoder: BundledEncoder, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", BREAD)
    ingest(library, [file], encoder)
    before = library.edition
    assert counts(library, Refusing(), file) == [(0, 0, 1)]
    assert library.edition == before
    with library.writing() as writer:
        writer.put(Paper("x", "On Rye", "It is dark."), lambda paper: ())
        writer.commit(encoder.fingerprint, [], np.empty((0, 384)))
    publish(library, Refusing())
    assert current_index(library, encoder.fingerprint).edition == library.edition != before


def test_f08_a_changed_abstract_takes_the_old_ones_place(
    library: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    rye = {"title": "On Rye", "abstract": "Rye needs an acid dough to rise at all, and much water.", "year": 1999}
    new = "A bagel is boiled in malt before it is baked, which makes its crust shine."
    ingest(library, [jsonl(tmp_path / "a.jsonl", BREAD, rye)], encoder)
    assert counts(library, encoder, jsonl(tmp_path / "b.jsonl", BREAD | {"abstract": new})) == [(0, 1, 0)]
    assert asked(library, encoder, "boiled in malt")[0] == new
    assert asked(library, encoder, "acid dough for rye")[0] == rye["abstract"]
    assert asked(library, encoder, "ferment at 18 degrees") != [BREAD["abstract"]]
    assert not current_index(library, encoder.fingerprint).word_scores("fourteen hours").any()
    sentences = [item.span.text for item in library.chunks("sentence", encoder.fingerprint)]
    assert sentences == [new, rye["abstract"]]


def test_f09_a_removed_paper_is_gone_from_everywhere(library: Library, encoder: BundledEncoder, tmp_path: Path) -> None:
    rye = {"title": "On Rye", "abstract": "Rye needs an acid dough to rise at all, and much water.", "year": 1999}
    ingest(library, [jsonl(tmp_path / "a.jsonl", BREAD, rye)], encoder)
    with library.writing() as writer:
        writer.remove([library.paper("On Sourdough").id])
    publish(library, Refusing())
    assert rows(library) == (1, 2, 2)
    assert asked(library, encoder, "We let sourdough ferment at 18 degrees") == [rye["abstract"]]
    index = current_index(library, encoder.fingerprint)
    assert not index.word_scores("fourteen hours").any()
    assert index.nearest(encoder.vector("sourdough"), 10).tolist() == [0]


def test_f10_thousands_of_papers_in_one_run_are_all_found(library: Library) -> None:
    random = np.random.default_rng(0)
    with library.writing() as writer:
        for number in range(6000):
            writer.put(
                Paper(f"p{number}", f"Paper {number}", f"About topic{number}."),
                lambda p: [Chunk("passage", 0, 6, p.id)],
            )
        texts = writer.lacking("random")
        writer.commit("random", texts, random.normal(size=(6000, 32)))
    index = current_index(library, "random")
    assert len(index.chunks) == len(library) == 6000 > 5461
    found = [int(index.nearest(np.array(index.vectors[row], np.float32), 1)[0]) for row in range(0, 6000, 3)]
    assert found == list(range(0, 6000, 3))
    index.close()


def command(*arguments: str | Path) -> list[str]:
    """Of a process of its own."""
    return [str(Path(sys.executable).with_name("askpapers")), *map(str, arguments)]


def breads(first: int, last: int) -> list[dict[str, Any]]:
    return [
        {
            "title": f"Bread number {number}",
            "abstract": f"Loaf B{number} rests for {number + 2} hours. Its crumb holds {number * 3} bubbles.",
            "year": 2000 + number % 20,
        }
        for number in range(first, last)
    ]


@pytest.mark.parametrize("room", [1_000, 80_000, 400_000])
def test_f12_a_full_disk_is_one_clear_error_and_what_was_there_stays(
    library: Library, encoder: BundledEncoder, tmp_path: Path, room: int
) -> None:
    ingest(library, [jsonl(tmp_path / "a.jsonl", BREAD)], encoder)
    before, more = library.edition, jsonl(tmp_path / "b.jsonl", *breads(0, 4))
    run = subprocess.run(
        command("ingest", more, "--library", library.folder),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),  # no file may grow beyond
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(r"askpapers: The library in .* can't be written: .* is unharmed\.\n", run.stderr)
    assert len(library) in (1, 5)
    assert (library.edition == before) == (len(library) == 1)
    assert BREAD["abstract"] in asked(library, encoder, "sourdough")
    assert sum(counts(library, encoder, more)[0]) == 4
    assert asked(library, encoder, "How many bubbles does loaf B3 hold?")[0] == breads(3, 4)[0]["abstract"]


def test_f12_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("root may write everywhere but in /proc, and here is none")
    file = jsonl(tmp_path / "a.jsonl", BREAD)
    run = subprocess.run(
        command("ingest", file, "--library", "/proc/self/x"), capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert re.fullmatch(r"askpapers: The library in /proc/self/x can't be written: .*\n", run.stderr)


def test_f13_ctrl_c_is_one_line_and_the_next_run_goes_on(
    library: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    file = jsonl(tmp_path / "a.jsonl", *breads(0, 80))
    run = subprocess.Popen(
        command("ingest", file, "--library", library.folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not len(library):
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=20)
    kept = len(library)
    assert (run.returncode, out) == (130, "")
    assert 16 <= kept < 80
    assert not library.busy
    assert asked(library, encoder, "How many bubbles does loaf B3 hold?")[0] == breads(3, 4)[0]["abstract"]
    assert counts(library, encoder, file) == [(80 - kept, 0, kept)]
    assert rows(library) == (80, 240, 240)
    assert err == "askpapers: Stopped. What was finished is kept; run it again to go on.\n"


def test_f13_shipped_papers_cut_short_are_completed_and_removed_ones_stay_removed(
    library: Library, encoder: BundledEncoder, shipped: Library
) -> None:
    first = next(shipped.papers())
    with library.writing() as writer:
        writer.put(first, lambda paper: cut(paper, encoder))
        texts = writer.lacking(encoder.fingerprint)
        writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))
    assert library.fresh
    ingest(library, [], Refusing())
    assert not library.fresh
    fill(library, Refusing())
    assert list(library.papers()) == [first]
