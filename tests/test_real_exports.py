"""Files as researchers have them: each is read, or refused by its format's name with the next step."""

from __future__ import annotations

from collections import Counter

import pytest
from conftest import SHARED
from reading import outcome, quotes_locate, refusal

from ingest.read import expand

DATA = SHARED / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no exports of others in {DATA}")

READ = {  # papers, refusals
    "acl_bib/P19-1007.bib": (1, 0),
    "bibtex_pmlr/colt2016.bib": (70, 0),
    "csv/openalex.csv": (9, 0),
    "csv/zotero.csv": (8, 2),
    "semanticscholar_json/relevance_search_response.json": (44, 6),
}
REFUSED = {
    "acl_xml/2024.tacl.xml": "XML",
    "arxiv_atom/sample_response.xml": "XML",
    "biorxiv_json/biorxiv_api_responses.json": "bioRxiv's JSON",
    "crossref_json/test_title_search_paper_attributes1__0_1c799e67.json": "Crossref's JSON",
    "nbib/pubmed.nbib": "MEDLINE",
    "openalex_json/sample_response.json": "OpenAlex's JSON",
    "pubmed_xml/pubmed-api-paper.xml": "XML",
    "ris/pubmed.ris": "MEDLINE",
    "ris/scopus.ris": "RIS",
    "ris/zotero.ris": "RIS",
}


def test_every_export_is_looked_at() -> None:
    formats = DATA / "formats"
    assert {file.relative_to(formats).as_posix() for file in expand([formats])} == {*READ, *REFUSED}


@pytest.mark.parametrize(("name", "counts"), READ.items())
def test_what_is_read_is_read_whole_and_quotes_locate(name: str, counts: tuple[int, int]) -> None:
    papers, refusals = outcome(DATA / "formats" / name)
    assert (len(papers), len(refusals)) == counts
    assert all("No abstract (found '')" in one.reason for one in refusals)
    assert all(map(quotes_locate, papers))
    assert all(paper.authors and paper.year and paper.url for paper in papers)


@pytest.mark.parametrize(("name", "what"), REFUSED.items())
def test_F04_what_is_not_read_is_refused_once_by_its_name_with_the_next_step(name: str, what: str) -> None:
    reason = refusal(DATA / "formats" / name).reason
    assert reason.startswith(f"This is {what}, which is not read yet. ")
    assert "export" in reason.lower()


def test_latex_and_authors_of_a_real_bibtex_file_are_decoded() -> None:
    papers = {paper.title: paper for paper in outcome(DATA / "formats/bibtex_pmlr/colt2016.bib")[0]}
    assert "Kotłowski, Wojciech" in papers["Online Isotonic Regression"].authors
    assert papers["Optimal rates for total variation denoising"].authors == (
        "Hütter, Jan-Christian",
        "Rigollet, Philippe",
    )
    assert "When can we rank well from comparisons of $O(n\\log(n))$ non-actively chosen pairs?" in papers
    assert not any("  " in paper.abstract or "\n" in paper.abstract for paper in papers.values())


@pytest.mark.parametrize(("name", "counts"), [("scifact", (5183, 0)), ("cranfield", (1398, 2))])
def test_benchmark_collections_are_read_whole(name: str, counts: tuple[int, int]) -> None:
    papers, refusals = outcome(DATA / name / "corpus.jsonl")
    assert (len(papers), len(refusals)) == counts
    assert Counter(paper.id for paper in papers).most_common(1)[0][1] == 1
    assert {one.reason for one in refusals} <= {'No title. Give it one, in a field "title".'}


def test_the_gzipped_collection_says_how_to_unpack_it() -> None:
    assert "gunzip" in refusal(DATA / "acl" / "corpus.jsonl.gz").reason
