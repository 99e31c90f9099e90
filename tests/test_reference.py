"""Entries for reference managers, read back as those read them."""

from __future__ import annotations

import re

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from rag.reference import bibliography, bibtex, ris
from rag.types import Paper

PAPER = Paper(
    "p", "On Rye & {Wheat}", "It is dark.\nIt is old.", ("Jane Doe", "Müller, Karl"), 2024, "Journal of Bread",
    "https://example.org/a", "10.1/x", "2401.00001",
)  # fmt: skip
WORDS = st.text(max_size=30)
PAPERS = st.builds(
    Paper, id=WORDS, title=WORDS, abstract=WORDS, authors=st.lists(WORDS, max_size=3).map(tuple),
    year=st.none() | st.integers(1900, 2100), venue=st.none() | WORDS, url=st.none() | WORDS, doi=st.none() | WORDS,
    arxiv=st.none() | WORDS,
)  # fmt: skip


def read(text: str) -> list[list[tuple[str, str]]]:
    """Records of a RIS file, as the format says: a tag of two signs, two spaces, a hyphen, a space, the value."""
    records: list[list[tuple[str, str]]] = [[]]
    for line in text.split("\r\n"):
        found = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line)
        if found is None:
            assert not line
        elif found[1] == "ER":
            records.append([])
        else:
            records[-1].append((found[1], found[2]))
    assert not records.pop()
    return records


def test_what_is_known_of_a_paper_stands_in_its_ris_record() -> None:
    assert read(ris(PAPER)) == [
        [
            ("TY", "JOUR"), ("TI", "On Rye & {Wheat}"), ("AU", "Jane Doe"), ("AU", "Müller, Karl"), ("PY", "2024"),
            ("JO", "Journal of Bread"), ("DO", "10.1/x"), ("AN", "arXiv:2401.00001"), ("UR", "https://example.org/a"),
            ("AB", "It is dark. It is old."),
        ]
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\x1c", "\x85", "\u2028"])
def test_no_title_can_end_its_record_or_begin_another(end: str) -> None:
    (record,) = read(ris(Paper("p", f"Rye{end}ER  - {end}TY  - BOOK", "Abstract.")))
    assert record[0] == ("TY", "GEN")
    assert record[1] == ("TI", "Rye ER - TY - BOOK")


@given(st.lists(PAPERS, max_size=4))
def test_as_many_ris_records_as_papers_whatever_they_are(papers: list[Paper]) -> None:
    text = "".join(map(ris, papers))
    assert len(read(text)) == len(papers)
    text.encode()


@pytest.mark.parametrize("author", [",", ", Jane", " ", "", "Doe,"])
def test_an_author_without_a_family_name_has_an_entry_too(author: str) -> None:
    (entry,) = parse_string(bibtex(Paper("p", "On Rye Bread", "Abstract.", (author,), 2024))).entries
    assert entry.key == ("doe2024bread" if "Doe" in author else "2024bread")


def test_a_bibliography_gives_every_paper_a_key_of_its_own() -> None:
    titles = ("Attention is all", "Attention is not all", "Attention!")
    papers = [Paper(str(n), title, "Abstract.", ("Jane Doe",), 2024) for n, title in enumerate(titles)]
    library = parse_string(bibliography(papers))
    assert [entry.key for entry in library.entries] == ["doe2024attention", "doe2024attention-2", "doe2024attention-3"]
    assert [entry["title"] for entry in library.entries] == list(titles)


@given(st.lists(PAPERS, max_size=4))
def test_a_bibliography_of_whatever_papers_holds_them_all(papers: list[Paper]) -> None:
    library = parse_string(bibliography(papers))
    assert len(library.entries) == len(papers)
    assert not library.failed_blocks
