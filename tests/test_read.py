"""From a file to its papers: pasted text, JSON Lines, JSON and CSV, whole and broken."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import fill

import pytest
from reading import BEE, BEES, BREAD, RYE, lines, outcome, quotes_locate, refusal, titles, written

from ingest.add import SHIPPED
from ingest.rows import LONGEST_LINE

DANCES = "Bees that sleep for six hours dance straighter than bees that sleep for three, as four thousand dances show."
LOAVES = (
    "We let sourdough ferment at 18 degrees for fourteen hours. The loaves rise by 12.5% more, and their crust is dark."
    " Whoever tasted them in a blind trial preferred them nine times out of ten to loaves that were made with yeast."
)


def test_the_shipped_collection_holds_90_papers() -> None:
    papers, refusals = outcome(SHIPPED)
    assert len(papers) == len({paper.id for paper in papers}) == 90
    assert not refusals
    assert all(map(quotes_locate, papers))


class TestPasted:
    def test_titles_stand_over_abstracts_and_the_pages_own_furniture_is_left_out(self, tmp_path: Path) -> None:
        content = f"new\n\nSubscribe\n\nMar 12\n\nOn Rye\n\n{BREAD * 3}\n\n42\n\n \t\n\nOn Bees\n\n{BEES * 3}\n\nNext\n"
        assert titles(written(tmp_path, content)) == ["On Rye", "On Bees"]

    def test_an_abstract_wrapped_over_several_lines_is_one_line_again(self, tmp_path: Path) -> None:
        wrapped = (BREAD * 3).replace(" ", "\n", 9)
        assert outcome(written(tmp_path, f"On\nRye\n\n{wrapped}"))[0][0].abstract == BREAD * 3

    @pytest.mark.parametrize(
        "title", ["[MASK] is all you need", "{Un}known tokens", "<unk> tokens", "Text, image, audio"]
    )
    def test_a_title_may_begin_like_another_format(self, tmp_path: Path, title: str) -> None:
        assert titles(written(tmp_path, f"{title}\n\n{BREAD * 3}")) == [title]

    @pytest.mark.parametrize(
        ("content", "abstract"),
        [
            (f"On Bees\n\n{DANCES}\n\nOn Rye\n\n{BREAD * 3}", DANCES),
            (f"On Bees\n\n{DANCES}", DANCES),
            (f"On Bees\n\n{DANCES}\n\n{LOAVES}\n\nOn Rye\n\n{LOAVES}", f"{DANCES}\n\n{LOAVES}"),
            (f"On Bees\n\n{LOAVES}\n\n{DANCES}\n\nOn Rye\n\n{LOAVES}", f"{LOAVES}\n\n{DANCES}"),
            (f"On Bees\n\nAbstract\n\n{LOAVES}\n\nMethods:\n\n{DANCES}", f"{LOAVES}\n\n{DANCES}"),
            (f"On Bees\n{LOAVES}\n\nOn Rye\n{BREAD * 3}", LOAVES),
            (f"Mar 12\n\nOn Bees\n{fill(LOAVES, 72)}\n\nOn Rye\n\n{fill(BREAD * 3, 72)}", LOAVES),
            (f"On Bees\n\n{fill(LOAVES, 72)}\n\n{fill(LOAVES, 72)}\n\nOn Rye\n{LOAVES}", f"{LOAVES}\n\n{LOAVES}"),
        ],
        ids=["short, amid others", "short, alone", "two paragraphs", "the second one short", "with headings",
             "no blank line", "no blank line, wrapped", "two wrapped paragraphs"],
    )  # fmt: skip
    def test_F04_every_abstract_is_read_whole_and_under_its_own_title(
        self, tmp_path: Path, content: str, abstract: str
    ) -> None:
        papers, refusals = outcome(written(tmp_path, content))
        assert [paper.title for paper in papers] == ["On Bees", "On Rye"][: len(papers)]
        assert ("On Rye" in content, papers[0].abstract, refusals) == (len(papers) == 2, abstract, [])

    @pytest.mark.parametrize(
        ("above", "title", "authors"),
        [
            ("Attention Is Enough\n\nA. Vaswani, N. Shazeer\n\n", "Attention Is Enough", 2),
            ("Attention Is Enough\n\nAda Bee1*, Noam de Vries and Łukasz Kaiser2\n\n", "Attention Is Enough", 3),
            ("On Bees\nBy Ada van der Bee, C. Dee\n", "On Bees", 2),
            ("On Bees\n\nBy Ada Bee\n\n", "On Bees", 1),
            (f"On Bees\n\n{', '.join(['A. Bee'] * 40)} and C. Dee\n\n", "On Bees", 41),
            ("Mar 12\n\nLarge Models, Small Data\n\n", "Large Models, Small Data", 0),
            ("Text, Image, Audio\n\n", "Text, Image, Audio", 0),
        ],
    )  # fmt: skip
    def test_F04_names_under_a_title_are_its_authors(
        self, tmp_path: Path, above: str, title: str, authors: int
    ) -> None:
        papers, refusals = outcome(written(tmp_path, above + BREAD * 3))
        assert [(paper.title, len(paper.authors)) for paper in papers] == [(title, authors)]
        assert not refusals

    def test_titles_may_end_with_a_full_stop(self, tmp_path: Path) -> None:
        title = "Effects of a long sleep on the dances of {} bees in high meadows: a controlled trial of several years."
        names = [title.format(bee) for bee in ("honey", "mason", "carpenter")]
        assert titles(written(tmp_path, "".join(f"{name}\n\n{BREAD * 3}\n\n" for name in names))) == names

    @pytest.mark.parametrize(
        ("content", "where", "words"),
        [
            ("On Rye\n\nRye is a dark grain indeed.", "'On Rye'", "27 characters: too few"),
            (BREAD * 3, "We let sourdough", "No title. Put one above it"),
        ],
    )
    def test_F04_what_reads_like_half_a_paper_is_refused_with_the_reason(
        self, tmp_path: Path, content: str, where: str, words: str
    ) -> None:
        found = refusal(written(tmp_path, content))
        assert where in found.where
        assert words in found.reason


class TestJsonLines:
    def test_F04_a_broken_line_costs_no_other(self, tmp_path: Path) -> None:
        papers, refusals = outcome(written(tmp_path, lines(RYE, '{"title": "On \n', "[1]\n", "7\n", BEE)))
        assert [paper.title for paper in papers] == ["On Rye", "On Bees"]
        assert [refusal.where for refusal in refusals] == ["line 2", "line 3", "line 4"]
        assert "Not JSON" in refusals[0].reason
        assert "Mend the line" in refusals[0].reason
        assert "an array is no paper" in refusals[1].reason
        assert "'7' is no paper" in refusals[2].reason

    def test_F04_a_broken_first_line_costs_no_other(self, tmp_path: Path) -> None:
        assert titles(written(tmp_path, lines('{"title": "On Ry\n', RYE, BEE))) == ["On Rye", "On Bees"]
        assert titles(written(tmp_path, lines('{"title": "On Ry\n', BEE))) == ["On Bees"]

    def test_F04_a_truncated_last_line_costs_no_other(self, tmp_path: Path) -> None:
        papers, refusals = outcome(written(tmp_path, lines(RYE, BEE, RYE)[:-30]))
        assert len(papers) == 2
        assert refusals[0].where == "line 3"

    @pytest.mark.parametrize("note", [0, 100_000, 1_000_000])
    def test_the_first_line_may_be_blank_and_the_next_one_long(self, tmp_path: Path, note: int) -> None:
        assert titles(written(tmp_path, lines("\n", "  \n", {**RYE, "note": "x" * note}, BEE))) == ["On Rye", "On Bees"]

    def test_a_record_with_a_list_of_its_own_is_a_record(self, tmp_path: Path) -> None:
        assert titles(written(tmp_path, lines({**RYE, "results": [], "entries": [1, 2]}, BEE))) == ["On Rye", "On Bees"]


class TestJson:
    @pytest.mark.parametrize("nest", ["papers", "data", "results", "Items"])
    def test_papers_may_lie_in_an_object(self, tmp_path: Path, nest: str) -> None:
        whole = {"total": 2, "entries": [], nest: [RYE, BEE]}
        assert titles(written(tmp_path, json.dumps(whole))) == ["On Rye", "On Bees"]
        assert titles(written(tmp_path, json.dumps(whole, indent=2))) == ["On Rye", "On Bees"]

    def test_a_line_a_paper_inside_an_object_is_not_json_lines(self, tmp_path: Path) -> None:
        assert titles(written(tmp_path, f'{{"papers": [\n{json.dumps(RYE)}\n]}}\n')) == ["On Rye"]

    @pytest.mark.parametrize("indent", [None, 2])
    def test_an_array_or_a_single_object_on_one_line_or_many(self, tmp_path: Path, indent: int | None) -> None:
        assert titles(written(tmp_path, json.dumps([RYE, BEE], indent=indent))) == ["On Rye", "On Bees"]
        assert titles(written(tmp_path, json.dumps(RYE, indent=indent))) == ["On Rye"]

    def test_F04_a_truncated_array_is_refused_with_the_place(self, tmp_path: Path) -> None:
        reason = refusal(written(tmp_path, json.dumps([RYE, BEE])[:-9])).reason
        assert reason.startswith("Not JSON: ")
        assert "char" in reason
        assert reason.endswith("Export it again, or save it as JSON Lines.")

    def test_what_is_no_object_is_refused_and_the_others_are_read(self, tmp_path: Path) -> None:
        papers, refusals = outcome(written(tmp_path, json.dumps([{}, None, RYE, [BEE], "On Bees", 5])))
        assert [paper.title for paper in papers] == ["On Rye"]
        assert [refusal.where for refusal in refusals] == [f"record {number}" for number in (1, 2, 4, 5, 6)]

    def test_numbers_that_no_float_or_integer_holds_cost_nothing(self, tmp_path: Path) -> None:
        digits = "7" * 5000
        content = lines(
            f'{{"title": "On Rye", "abstract": "{BREAD}", "cites": {digits}, "x": [NaN, -Infinity, 1e999]}}\n'
        )
        assert titles(written(tmp_path, content + lines(BEE))) == ["On Rye", "On Bees"]
        assert titles(written(tmp_path, f"[{content}]")) == ["On Rye"]

    def test_a_number_is_kept_as_it_is_written(self, tmp_path: Path) -> None:
        paper = outcome(written(tmp_path, lines({**RYE, "id": 4983, "year": 2020, "venue": 1.50})))[0][0]
        assert (paper.id, paper.year, paper.venue) == ("4983", 2020, "1.5")

    @pytest.mark.parametrize("word", ["NaN", "null", "true", "Infinity"])
    def test_F16_what_is_no_word_is_no_title(self, tmp_path: Path, word: str) -> None:
        assert "No title" in refusal(written(tmp_path, f'{{"title": {word}, "abstract": "{BREAD}"}}')).reason

    @pytest.mark.parametrize("depth", [50, 200, 500, 700, 800, 850, 900, 950, 990, 5_000, 100_000])
    def test_F04_however_deep_it_nests_nothing_breaks(self, tmp_path: Path, depth: int) -> None:
        deep = "[" * depth + "]" * depth
        record = f'{{"title": "On Depth", "abstract": {deep}, "authors": {deep}, "year": {deep}}}'
        assert len(outcome(written(tmp_path, lines(record + "\n", BEE)))[1]) == 1
        assert len(outcome(written(tmp_path, f"[{record}, {deep}]"))[1]) in {1, 2}
        assert not outcome(written(tmp_path, deep))[0]

    def test_of_a_key_given_twice_the_last_counts(self, tmp_path: Path) -> None:
        content = f'{{"title": "On Rye", "title": "On Bees", "abstract": "{BREAD}"}}'
        assert titles(written(tmp_path, content)) == ["On Bees"]

    def test_a_raw_line_break_in_a_string_costs_nothing(self, tmp_path: Path) -> None:
        content = f'[{{"title": "On\tRye", "abstract": "{BREAD}\n{BREAD}"}}]'
        assert titles(written(tmp_path, content)) == ["On Rye"]

    @pytest.mark.parametrize("between", ["\n", "", "\n\n"])
    def test_several_objects_on_many_lines_are_read_one_after_the_other(self, tmp_path: Path, between: str) -> None:
        content = between.join((json.dumps(RYE, indent=2), json.dumps([BEE, RYE], indent=2)))
        assert titles(written(tmp_path, content + "\n")) == ["On Rye", "On Bees", "On Rye"]


class TestCsv:
    def test_a_line_above_the_header_is_named(self, tmp_path: Path) -> None:
        reason = refusal(written(tmp_path, f"Exported by BeeTool, 3 May\n\nTitle,Abstract\nOn Rye,{BREAD}\n")).reason
        assert reason.startswith("The names of its columns come only on line 3. Take out the lines above them.")

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_any_common_delimiter_is_told(self, tmp_path: Path, delimiter: str) -> None:
        content = delimiter.join(("year", "title", "abstract")) + "\n"
        content += delimiter.join(("2020", '"On Rye; wheat, | and\tbran"', f'"{BREAD}"')) + "\n"
        papers, _ = outcome(written(tmp_path, content))
        assert [(paper.title, paper.year) for paper in papers] == [("On Rye; wheat, | and bran", 2020)]

    def test_cells_and_header_may_hold_line_breaks_and_quotes(self, tmp_path: Path) -> None:
        content = f'"Authors\n(all)",Title,"Abstract\r\nNote"\n"Bee, A.","On\n""Rye""","{BREAD}\n\n{BEES}"\n'
        paper = outcome(written(tmp_path, content))[0][0]
        assert (paper.title, paper.abstract) == ('On "Rye"', f"{BREAD}\n\n{BEES}")

    @pytest.mark.parametrize(
        "header", ["Title,Abstract Note,Publication Year", '"TITLE", "abstract_note", "Pub. Year"']
    )
    def test_columns_go_by_name_however_it_is_written(self, tmp_path: Path, header: str) -> None:
        paper = outcome(written(tmp_path, f"{header}\nOn Rye, {BREAD},2020\n"))[0][0]
        assert (paper.title, paper.abstract, paper.year) == ("On Rye", BREAD, 2020)

    def test_without_an_abstract_column_it_is_refused_naming_the_columns(self, tmp_path: Path) -> None:
        reason = refusal(written(tmp_path, "Title,Year,DOI\nOn Rye,2020,\nOn Bees,2021,\n")).reason
        assert reason.startswith("It has no column \"abstract\", only 'Title', 'Year', 'DOI'.")
        assert "Export it" in reason

    def test_without_a_title_column_it_is_refused_once(self, tmp_path: Path) -> None:
        assert 'no column "title"' in refusal(written(tmp_path, f"id,abstract\n1,{BREAD}\n2,{BREAD}\n")).reason

    def test_F04_a_row_with_too_many_cells_is_refused_and_one_with_too_few_read(self, tmp_path: Path) -> None:
        content = f"title,abstract,year\nOn Wheat,We knead, fold, and wait for long.,2020\nOn Rye,{BREAD}\n"
        papers, refusals = outcome(written(tmp_path, content + f"On Bees,{BEES},2021,,\n\n"))
        assert [paper.title for paper in papers] == ["On Rye", "On Bees"]
        assert [(one.where, one.reason[:26]) for one in refusals] == [("line 2", "5 cells under 3 columns. Pu"[:26])]

    @pytest.mark.parametrize("quoted", [True, False])
    def test_F04_a_quote_that_is_never_closed_costs_its_row_and_no_other(self, tmp_path: Path, quoted: bool) -> None:
        after = f'"On Bees","{BEES}"\n' if quoted else f"On Bees,{BEES}\n"
        content = f'title,abstract\nOn Rye,{BREAD}\nOn Wheat,"{BREAD}\n' + after * 3
        papers, refusals = outcome(written(tmp_path, content))
        assert [paper.title for paper in papers] == ["On Rye", *["On Bees"] * 3]
        assert [one.where for one in refusals] == ["line 3"]
        assert refusals[0].reason.startswith("Not CSV: ")

    def test_F04_an_endless_cell_is_refused_and_reading_goes_on_behind_it(self, tmp_path: Path) -> None:
        content = f'title,abstract\nOn Rye,"{"We knead and wait." * 10}' + f"\n{BEES}" * (LONGEST_LINE // len(BEES) + 9)
        papers, refusals = outcome(written(tmp_path, f"{content}\nOn Bees,{BEES}\n"))
        assert [paper.title for paper in papers] == ["On Bees"]
        assert refusals[0].where == "line 2"
        assert f"longer than {LONGEST_LINE:,} characters" in refusals[0].reason

    def test_F15_a_nul_in_a_cell_becomes_a_replacement_character(self, tmp_path: Path) -> None:
        content = f"title,abstract\nOn\0 Rye,{BREAD}\n"
        assert titles(written(tmp_path, content)) == ["On\ufffd Rye"]

    def test_A34_a_formula_is_plain_text(self, tmp_path: Path) -> None:
        content = f'title,abstract\n=1+1 is not two,"=HYPERLINK(""http://x.example"") {BREAD}"\n'
        paper = outcome(written(tmp_path, content))[0][0]
        assert paper.title == "=1+1 is not two"
        assert paper.abstract.startswith('=HYPERLINK("http://x.example")')

    def test_rows_of_nothing_are_passed_over(self, tmp_path: Path) -> None:
        papers, refusals = outcome(written(tmp_path, f"title,abstract\n\n , \nOn Rye,{BREAD}\n,\n,,,\n"))
        assert (len(papers), refusals) == (1, [])

    def test_of_two_columns_of_one_name_the_first_that_says_something_counts(self, tmp_path: Path) -> None:
        content = f"title,title,abstract,abstract\nOn Rye,On Bees,,{BREAD}\n"
        paper = outcome(written(tmp_path, content))[0][0]
        assert (paper.title, paper.abstract) == ("On Rye", BREAD)

    def test_a_refusal_names_the_line_on_which_its_row_begins(self, tmp_path: Path) -> None:
        content = f'title,abstract\n"On\nRye","{BREAD}\n{BREAD}"\nOn Nothing,\n'
        assert [one.where[:7] for one in outcome(written(tmp_path, content))[1]] == ["line 5 "]
