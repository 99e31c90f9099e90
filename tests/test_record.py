"""From a record to a paper: the names that files use, and what is no title, abstract, year, person or address."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import BREAD

from ingest.record import SYNONYMS, Refusal, known, paper_from, people, text
from rag.types import Paper


def paper_of(**fields: Any) -> Paper:
    paper = paper_from({"title": "On Rye", "abstract": BREAD, **fields}, "line 1")
    assert isinstance(paper, Paper), paper
    return paper


def refused(**fields: Any) -> Refusal:
    refusal = paper_from({"title": "On Rye", "abstract": BREAD, **fields}, "line 1")
    assert isinstance(refusal, Refusal), refusal
    return refusal


VALUES = {
    "id": "rye-1", "title": "On Rye", "abstract": BREAD, "authors": "Ada Bee", "year": "2020", "venue": "Loaves",
    "url": "https://rye.example", "doi": "10.1000/rye", "arxiv": "2106.01234",
}  # fmt: skip


@pytest.mark.parametrize(("name", "synonym"), [(name, synonym) for name in SYNONYMS for synonym in SYNONYMS[name]])
def test_every_synonym_is_read_however_it_is_written(name: str, synonym: str) -> None:
    wanted = {"authors": ("Ada Bee",), "year": 2020}.get(name, VALUES[name])
    for written in (synonym, synonym.upper(), f" {synonym[:2]}_{synonym[2:]} ", f"{synonym[:1]} {synonym[1:]}-"):
        record = {key: VALUES[key] for key in ("title", "abstract") if key != name} | {written: VALUES[name]}
        paper = paper_from(record, "line 1")
        assert isinstance(paper, Paper)
        assert getattr(paper, name) == wanted
        assert known(written) == name


def test_no_synonym_means_two_things() -> None:
    synonyms = [synonym for names in SYNONYMS.values() for synonym in names]
    assert len(synonyms) == len(set(synonyms))


def test_of_several_synonyms_the_first_that_says_something_counts() -> None:
    assert paper_of(display_name="On Wheat").title == "On Rye"
    assert paper_of(title=" ", display_name="On Wheat").title == "On Wheat"
    assert paper_of(abstract=None, summary=BREAD[::-1]).abstract == BREAD[::-1]
    assert paper_of(Abstract="", abstract_2="not ours").abstract == BREAD


def test_semantic_scholars_nested_ids_are_read() -> None:
    paper = paper_of(externalIds={"DOI": "10.1000/RYE", "ArXiv": "2106.01234", "CorpusId": 7}, paperId="abc")
    assert (paper.doi, paper.arxiv, paper.id) == ("10.1000/rye", "2106.01234", "abc")


class TestMissing:
    @pytest.mark.parametrize("title", [None, "", " \n", "\u200b", "???", "\ufffd", [], {}, True, [None, ""]])
    def test_F16_a_record_without_a_title_is_said(self, title: Any) -> None:
        assert refused(title=title).reason == 'No title. Give it one, in a field "title".'

    @pytest.mark.parametrize(
        "abstract",
        [None, "", "n/a", "None", "NaN", "-", "-" * 40, "pp. 1021-1035, 1040, 1055-1060.", "...." * 9, "\u200b" * 40,
         "No abstract available for this one", "Abstract not available", "Abstract is unavailable", "Too short", [], {},
         False, 12345678901234567890123, "2019-01-01 12:00:00 00:00"],
    )  # fmt: skip
    def test_F16_a_record_without_an_abstract_is_said_and_named(self, abstract: Any) -> None:
        refusal = refused(abstract=abstract)
        assert refusal.where == "line 1 ('On Rye')"
        assert refusal.reason.startswith("No abstract (found ")
        assert "Export it with abstracts" in refusal.reason

    @pytest.mark.parametrize(
        "abstract",
        ["No abstract notion of bread is needed: we show that dough rises by itself.",
         "我们提出了一种新的深度学习方法。该方法优于以前的方法。", "None of the loaves rose in any oven.",
         "pp. means pages, and here we count them all."],
    )  # fmt: skip
    def test_an_abstract_may_begin_like_none(self, abstract: str) -> None:
        assert paper_of(abstract=abstract).abstract == abstract

    @pytest.mark.parametrize(
        "year", [None, "", "in press", "n.d.", "19", "12345", [], {}, True, "20200", {"date-parts": []}]
    )
    def test_F16_a_paper_without_a_year_has_none(self, year: Any) -> None:
        assert paper_of(year=year).year is None

    def test_F16_an_empty_record_is_said(self) -> None:
        assert paper_from({}, "line 1") == Refusal("line 1", 'No title. Give it one, in a field "title".')

    def test_a_long_title_is_cut_in_the_refusal_and_odd_characters_are_escaped(self) -> None:
        assert (
            refused(title="\u202e\ud800x\n" + "y" * 999, abstract="").where == f"line 1 ('\\u202e\ufffdx {'y' * 56}')"
        )


@pytest.mark.parametrize(
    "year",
    [2020, 2020.0, "2020", "2020-07-01", "July 2020", "2020 Feb", "12/31/2020", "c2020", "2020a", "2020-01/2021-02",
     "2020-07-01T00:00:00Z", [2020, 7], {"date-parts": [["2020", "7", "1"]]}, {"year": 2020}, {"date-parts": [[2020]]}],
)  # fmt: skip
def test_a_year_is_found_in_any_date(year: Any) -> None:
    assert paper_of(year=year).year == paper_of(issued=year).year == 2020


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ada Bee", ("Ada Bee",)),
        ("Bee, Ada", ("Bee, Ada",)),
        ("Ada Bee; Cy Dee;", ("Ada Bee", "Cy Dee")),
        ("Bee, Ada; Dee, Cy", ("Bee, Ada", "Dee, Cy")),
        ("Ada Bee|Cy Dee", ("Ada Bee", "Cy Dee")),
        ("Ada Bee and Cy Dee", ("Ada Bee", "Cy Dee")),
        ("Bee, Ada and Dee, Cy  and\n  El Effe, Jo Ann", ("Bee, Ada", "Dee, Cy", "El Effe, Jo Ann")),
        ("El Effe, Jo Ann and Dee, Cy", ("El Effe, Jo Ann", "Dee, Cy")),
        ("Ada Bee, Cy Dee", ("Ada Bee", "Cy Dee")),
        ("Ada Bee, Cy Dee, and Jo Effe", ("Ada Bee", "Cy Dee", "Jo Effe")),
        ("Ada Bee and others", ("Ada Bee",)),
        ("Ada Bee; et al.", ("Ada Bee",)),
        ("Fernando Alexander", ("Fernando Alexander",)),
        (["Ada Bee", " Cy\nDee ", "", None, 7, "Sand and Sons"], ("Ada Bee", "Cy Dee", "7", "Sand and Sons")),
        ([{"name": "Ada Bee"}, {"name": None}, {"authorId": "1", "name": "Cy Dee"}], ("Ada Bee", "Cy Dee")),
        ([{"given": "Ada", "family": "Bee"}, {"literal": "The Bakers"}], ("Ada Bee", "The Bakers")),
        ([{"firstName": "Ada", "lastName": "Bee", "creatorType": "author"}, {"last": "Dee"}], ("Ada Bee", "Dee")),
        ({"name": "Ada Bee"}, ("Ada Bee",)),
        ("", ()), (None, ()), (7.5, ("7.5",)), ({}, ()), ([[["deep"]]], ()),
    ],
)  # fmt: skip
def test_authors_come_in_many_forms(written: Any, names: tuple[str, ...]) -> None:
    assert people(written) == names
    assert paper_of(authors=written).authors == names


class TestIds:
    @pytest.mark.parametrize(
        "doi",
        ["10.1000/Rye", "https://doi.org/10.1000/rye", "http://dx.doi.org/10.1000/RYE.", "doi:10.1000/rye",
         "DOI 10.1000/rye; 10.1000/wheat", ["10.1000/rye"]],
    )  # fmt: skip
    def test_a_doi_is_found_in_its_address(self, doi: Any) -> None:
        assert paper_of(doi=doi).doi == "10.1000/rye"

    @pytest.mark.parametrize("doi", ["", "n/a", "10.1/x", "https://rye.example/10", None, "10.1000/"])
    def test_what_is_no_doi_is_none(self, doi: Any) -> None:
        assert paper_of(doi=doi).doi is None

    @pytest.mark.parametrize(
        "fields",
        [
            {"arxiv": "2106.01234"}, {"arxiv": "2106.01234v2"}, {"arxiv_id": "arXiv:2106.01234v12 [cs.CL]"},
            {"arxiv": "https://arxiv.org/abs/2106.01234v3"}, {"url": "http://www.arxiv.org/pdf/2106.01234v1.pdf"},
            {"url": "https://arxiv.org/html/2106.01234"}, {"eprint": "2106.01234", "archivePrefix": "arXiv"},
            {"eprint": "2106.01234", "eprinttype": "arxiv"}, {"eprint": "2106.01234"},
            {"doi": "10.48550/arXiv.2106.01234"}, {"journal": "arXiv preprint arXiv:2106.01234"},
        ],
    )  # fmt: skip
    def test_an_arxiv_id_is_found_and_loses_its_version(self, fields: dict[str, str]) -> None:
        assert paper_of(**fields).arxiv == "2106.01234"

    def test_an_old_arxiv_id_keeps_its_archive(self) -> None:
        assert paper_of(eprint="hep-th/9901001v2").arxiv == "hep-th/9901001"
        assert paper_of(url="https://arxiv.org/abs/math.GT/0309136").arxiv == "math.GT/0309136"

    @pytest.mark.parametrize(
        "fields",
        [
            {"eprint": "2346178", "eprinttype": "jstor"}, {"eprint": "2346178"}, {"eprint": "10.2307/2346178"},
            {"eprint": "2106.01234", "archivePrefix": "HAL"}, {"eprint": "PMC2106012"}, {"arxiv": "2106.0123456"},
            {"url": "https://rye.example/abs/2106.01234"}, {"eprint": "hal-01234567"}, {"arxiv": "arXiv"},
        ],
    )  # fmt: skip
    def test_other_eprints_are_no_arxiv_ids(self, fields: dict[str, str]) -> None:
        assert paper_of(**fields).arxiv is None

    def test_an_id_is_kept_and_one_is_made_where_there_is_none(self) -> None:
        assert paper_of(_id=" a\tb ").id == "a b"
        assert paper_of(id="x" * 999).id == "x" * 200
        assert paper_of(id="").id == paper_of(id=None).id
        assert paper_of(year=2020).id.startswith("on-rye-")
        assert paper_of(year=2020).id != paper_of(year=2021).id


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " JaVaScRiPt:x", "//rye.example", "rye.example",
     "ftp://rye.example", "https://rye.example/a b", 'https://rye.example/"onx="', "https://<b>", "https://", None, 7],
)  # fmt: skip
def test_A13_only_web_addresses_are_kept(url: Any) -> None:
    assert paper_of(url=url).url is None


@pytest.mark.parametrize("url", ["https://rye.example/a?b=c&d=%20#e", "HTTP://rye.example", "https://パン.example/ü"])
def test_a_web_address_is_kept_as_it_is(url: str) -> None:
    assert paper_of(url=f" {url}\n").url == paper_of(url=[url, "https://other.example"]).url == url


class TestText:
    def test_an_abstract_in_parts_is_one_text(self) -> None:
        assert paper_of(abstract=["We knead and fold.", None, "We wait for hours."]).abstract == (
            "We knead and fold. We wait for hours."
        )

    def test_F15_what_no_database_holds_is_replaced_one_for_one(self) -> None:
        assert text("a\0b\ud800c\x1bd\n\t") == "a\ufffdb\ufffdc\ufffdd"

    @given(st.text())
    def test_F15_any_text_can_be_written_and_keeps_its_length(self, value: str) -> None:
        kept = text(f"x{value}x")
        assert len(kept.encode().decode()) == len(value) + 2


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=30) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)
NAMES = st.sampled_from(sorted({*sum(SYNONYMS.values(), ()), "externalIds", "archiveprefix", "name", "date-parts"}))


@given(st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=3)), st.booleans())
def test_whatever_a_record_holds_it_is_a_paper_or_refused(record: dict[str, Any], readable: bool) -> None:
    found = paper_from(record | ({"title": "On Rye", "abstract": BREAD} if readable else {}), "line 1")
    assert isinstance(found, Paper if readable else Paper | Refusal)
    if isinstance(found, Paper):
        said = (found.id, found.title, found.abstract, *found.authors, found.venue or "", found.url or "")
        assert "".join(said).encode()
        assert found.id
        assert all(found.authors)
