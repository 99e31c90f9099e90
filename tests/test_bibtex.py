"""BibTeX: entries with their LaTeX decoded, and what is broken refused entry by entry."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from reading import BEES, BREAD, outcome, refusal, titles, written

from ingest.bibtex import address, plain
from rag.types import Paper


def entry(key: str = "rye", **fields: str) -> str:
    given = {"title": "{On Rye}", "abstract": f"{{{BREAD}}}", **fields}
    return f"@article{{{key},\n" + "".join(f"  {name} = {value},\n" for name, value in given.items()) + "}\n"


def paper_of(folder: Path, content: str) -> Paper:
    (paper,), refusals = outcome(written(folder, content))
    assert not refusals
    return paper


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Erd{\H o}s and G{\"o}del, \"{U}ber M\"uller", "Erdős and Gödel, Über Müller"),
        (
            r"caf\'e, na{\"\i}ve, {\v c}a\c{c}a, S\o ren, \L ukasz, stra{\ss}e",
            "café, naïve, čaça, Søren, Łukasz, straße",
        ),
        (r"{BERT} and {{GPT}-4}: {A} Study", "BERT and GPT-4: A Study"),
        (r"R\&D at 5\% costs \$3, item \#1, a\_b", "R&D at 5% costs $3, item #1, a_b"),
        ("81.4% shorter, and R&D~too", "81.4% shorter, and R&D too"),
        ("pages 1--2 --- ``quoted''", "pages 1\u20132 \u2014 \u201cquoted\u201d"),
        (r"$\alpha$ and $x_{1}^{2} < \mathcal{O}(n)$", r"$\alpha$ and $x_{1}^{2} < \mathcal{O}(n)$"),
        (r"matrices $A$ of n \times n, \beta too", "matrices $A$ of n \u00d7 n, β too"),
        (r"\emph{We} \textbf{show} \texttt{code} {\em here} {\it too} \textsc{Name}", "We show code here too Name"),
        (r"10\textsuperscript{-3} and CO\textsubscript{2}", "10^-3 and CO_2"),
        (r"{\textless}p{\textgreater} it{\textquoteright}s \textasciitilde 5", "<p> it\u2019s ~ 5"),
        (r"see \url{https://a.example/b_c} and \href{https://b.example}{here}", "see https://a.example/b_c and here"),
        (r"our \empharithmetic circuit \eg this \unknown{kept}", r"our \empharithmetic circuit \eg this kept"),
        (r"hy\-phen\-ation and {\'{e}}t{\'{e}}", "hyphenation and été"),
        ('a {\\"o', "a ö"),
    ],
)
def test_latex_is_decoded_and_maths_and_unknown_commands_stay_as_written(latex: str, text: str) -> None:
    assert " ".join(plain(latex).split()) == text


def test_no_file_is_included() -> None:
    assert "root" not in plain(r"\input{/etc/passwd} \include{/etc/passwd} x")


@pytest.mark.parametrize(
    "latex", ["{" * 5000 + "a" + "}" * 5000, "\\begin{x}" * 500, "\\", "$" * 999, "\\href{a}", "\\'"]
)
def test_F04_latex_that_can_not_be_decoded_is_kept_without_its_braces(latex: str) -> None:
    assert "{" not in plain(latex)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (r"https://a.example/b\_c\%20d", "https://a.example/b_c%20d"),
        (r"\url{https://a.example/~me}", "https://a.example/~me"),
        (r"https://a.example/{\textasciitilde}me", "https://a.example/~me"),
    ],
)
def test_an_address_loses_its_escapes_and_nothing_else(field: str, value: str) -> None:
    assert address(field) == value


class TestEntry:
    def test_everything_that_a_paper_knows_is_read(self, tmp_path: Path) -> None:
        fields = {
            "author": r"{Erd\H{o}s, Paul and {Barnes and Noble Inc.} and de la Cruz, Mar{\'i}a and others}",
            "journal": r"{Bread \& Butter}", "year": "2020", "month": "jul", "doi": r"{10.1000/a\_b}",
            "url": r"{https://bread.example/rye?a=1\&b=%20}", "eprint": "{2106.01234v2}", "archivePrefix": "{arXiv}",
        }  # fmt: skip
        paper = paper_of(tmp_path, entry(**fields))
        assert paper.authors == ("Erdős, Paul", "Barnes and Noble Inc.", "de la Cruz, María")
        assert (paper.venue, paper.year, paper.doi) == ("Bread & Butter", 2020, "10.1000/a_b")
        assert (paper.url, paper.arxiv) == ("https://bread.example/rye?a=1&b=%20", "2106.01234")

    def test_field_names_go_in_any_case_and_values_in_braces_quotes_or_bare(self, tmp_path: Path) -> None:
        content = f'@ARTICLE(rye, TITLE = "On {{R}}ye", Abstract = "{BREAD}", Year = 2020)'
        paper = paper_of(tmp_path, content)
        assert (paper.title, paper.abstract, paper.year) == ("On Rye", BREAD, 2020)

    def test_an_address_may_stand_under_howpublished(self, tmp_path: Path) -> None:
        assert paper_of(tmp_path, entry(howpublished=r"{\url{https://rye.example}}")).url == "https://rye.example"
        assert paper_of(tmp_path, entry(howpublished="{Online}")).url is None

    def test_biblatex_names_are_read(self, tmp_path: Path) -> None:
        paper = paper_of(tmp_path, entry(date="{2019-05-01}", journaltitle="{Loaves}"))
        assert (paper.year, paper.venue) == (2019, "Loaves")

    def test_macros_are_resolved_and_comments_passed_over(self, tmp_path: Path) -> None:
        content = '@string{loaf = "Journal of Loaves"}\n@comment{jabref-meta: x}\n% a note\nfree text\n'
        assert paper_of(tmp_path, content + entry(journal="loaf")).venue == "Journal of Loaves"

    def test_a_macro_defined_twice_is_no_loss(self, tmp_path: Path) -> None:
        assert titles(written(tmp_path, '@string{loaf = "Loaves"}\n' * 2 + entry(journal="loaf"))) == ["On Rye"]

    def test_F16_an_entry_without_an_abstract_is_said(self, tmp_path: Path) -> None:
        one = refusal(written(tmp_path, "@book{knuth,\n title = {The Art},\n year = 1968\n}"))
        assert one.where == "@book{knuth} ('The Art')"
        assert "No abstract" in one.reason

    def test_F07_entries_under_one_key_are_all_read_in_order(self, tmp_path: Path) -> None:
        content = entry() + entry(title="{On Wheat}") + entry("bees", title="{On Bees}", abstract=f"{{{BEES}}}")
        assert titles(written(tmp_path, content)) == ["On Rye", "On Wheat", "On Bees"]

    def test_of_a_field_given_twice_the_first_that_says_something_counts(self, tmp_path: Path) -> None:
        content = f"@article{{rye, abstract = {{}}, title = {{On Rye}}, title = {{On Bees}}, abstract = {{{BREAD}}}}}"
        assert paper_of(tmp_path, content).title == "On Rye"


class TestBroken:
    def test_F04_a_truncated_entry_costs_no_other_and_names_its_line(self, tmp_path: Path) -> None:
        papers, refusals = outcome(written(tmp_path, entry() + entry("bees")[:-20]))
        assert [paper.title for paper in papers] == ["On Rye"]
        assert [one.where for one in refusals] == ["line 5"]
        assert refusals[0].reason == "Not BibTeX: Unexpectedly reached end of file. Mend the entry, or export again."

    def test_F04_an_entry_that_is_never_closed_costs_no_other(self, tmp_path: Path) -> None:
        content = entry() + "@article{wheat,\n  title = {On Wheat,\n  year = 2020\n\n" + entry("oat", title="{On Oats}")
        papers, refusals = outcome(written(tmp_path, content))
        assert [paper.title for paper in papers] == ["On Rye", "On Oats"]
        assert refusals[0].where == "line 5"
        assert "\n" not in refusals[0].reason

    def test_F04_nothing_is_said_on_stderr(self, tmp_path: Path) -> None:
        broken = entry() + "@article{wheat,\n  title = {On \\foo{Wheat},\n\n" + entry() + entry(title="{\\begin{x}}")
        code = "import sys, pathlib; from ingest.read import read; print(len(list(read(pathlib.Path(sys.argv[1])))))"
        done = subprocess.run(
            [sys.executable, "-c", code, written(tmp_path, broken)], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("4\n", "")

    @pytest.mark.parametrize("mark", ["{", '"', "@", "\\", ",", "=", "%"])
    def test_F04_a_hundred_thousand_stray_marks_take_seconds_at_most(self, tmp_path: Path, mark: str) -> None:
        started = time.process_time()
        assert outcome(written(tmp_path, entry() + mark * 100_000))[0][0].title == "On Rye"
        assert time.process_time() - started < 5
