"""Papers side by side: each cell a verbatim quote, or nothing; and the files to take away."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.aspects import answering, aspects
from rag.config import Settings
from rag.library import Library
from rag.pipeline import Pipeline
from rag.side_by_side import STANDARD, Column, cell, column
from rag.types import Paper, Span
from ui.comparison_export import NOT_STATED, as_csv, as_markdown

ASPECTS = {aspect.name: aspect for aspect in aspects()}
ABSTRACT = (
    "Capsule networks route by agreement.",
    "However, routing is expensive and scales poorly to long inputs.",
    "We propose LeanCaps, a routing scheme that needs one pass.",
    "We train it on 4M image-text pairs and evaluate on ImageNet and COCO.",
    "LeanCaps outperforms the best baseline by 3.2% at half the cost.",
    "Our code is available at https://example.org/leancaps.",
)


LOOSE = ("How many GPUs?", "Which languages?", "Is there a human study?", "What are the limitations?", "Who funded it?")
GIVEN = "What is the accuracy on ImageNet?"


@pytest.mark.parametrize(("name", "place"), [("Task", 1), ("Method", 2), ("Data", 3), ("Result", 4), ("Code", 5)])
def test_each_standard_question_finds_the_sentence_that_answers_it(name: str, place: int) -> None:
    assert answering(ASPECTS[name], ABSTRACT) == place
    assert answering(ASPECTS[name], ABSTRACT[:1]) is None


def test_what_is_introduced_in_the_course_of_something_else_is_the_method() -> None:
    said = "In this work, we reveal how data are curated and, to make it open, introduce Metadata-Curated Pre-training."
    assert answering(ASPECTS["Method"], ["CLIP is known.", said]) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "A decoder encodes source code and barcodes.",
        "Publicly available data are small.",
        "No dataset is available for this task.",
        "The model is released from its constraint.",
    ],
)
def test_code_is_stated_only_where_something_can_be_had(sentence: str) -> None:
    assert answering(ASPECTS["Code"], [sentence]) is None


@pytest.fixture(scope="module")
def cells(shipped: Library, pipeline: Pipeline) -> dict[tuple[str, str], Span | None]:
    typed = ("What is the capital of France?", "How much shorter do capsule prompts get?", *LOOSE, GIVEN)
    asked = (*STANDARD, *map(column, typed))
    return {
        (paper.id, one.question): cell(pipeline.retriever, Settings(), one, paper.id)
        for paper in shipped.papers()
        for one in asked
    }


def test_every_cell_is_a_sentence_of_its_own_papers_abstract(cells: dict[tuple[str, str], Span | None]) -> None:
    spans = {key: span for key, span in cells.items() if span}
    assert all(paper == span.paper.id and span.text in span.paper.abstract for (paper, _), span in spans.items())
    assert len(spans) > 300


def test_code_cells_of_the_shipped_papers_name_an_address_or_say_it_is_to_be_had(
    cells: dict[tuple[str, str], Span | None],
) -> None:
    said = [span.text for (_, asked), span in cells.items() if asked == ASPECTS["Code"].question and span]
    assert len(said) > 30
    assert all(re.search(r"https?:|www\.|available|release|open-source", text) for text in said)


def test_a_typed_question_is_answered_by_the_paper_that_answers_and_by_few_others(
    cells: dict[tuple[str, str], Span | None],
) -> None:
    answered = {paper: span.text for (paper, asked), span in cells.items() if "capsule prompts" in asked and span}
    assert "81.4%" in answered[next(paper for paper in answered if paper.startswith("learning-to-compress-prompt"))]
    assert len(answered) < 5  # of 90
    assert not [span for (_, asked), span in cells.items() if "France" in asked and span]


def test_what_is_only_near_a_typed_question_is_left_out_and_what_answers_it_is_not(
    cells: dict[tuple[str, str], Span | None],
) -> None:
    filled = {asked: [span.text for (_, one), span in cells.items() if one == asked and span] for asked in LOOSE}
    assert sum(map(len, filled.values())) < 20, filled  # of 450; the abstracts give next to nothing of it
    given = " ".join(span.text for (_, asked), span in cells.items() if asked == GIVEN and span)
    assert all(figure in given for figure in ("46.7%", "78.9%", "8.2%", "88.5%", "70.8%", "85.3"))


@pytest.mark.parametrize(
    ("put", "name"),
    [
        ("Is the code public?", "Code"),
        ("Which datasets is it evaluated on?", "Data"),
        ("On which benchmarks was the model tested", "Data"),
    ],
)
def test_a_standard_question_put_otherwise_finds_the_same(
    pipeline: Pipeline, cells: dict[tuple[str, str], Span | None], put: str, name: str
) -> None:
    for paper in [paper for paper, asked in cells if asked == GIVEN][:20]:
        found = cell(pipeline.retriever, Settings(), column(put), paper)
        assert found == cells[paper, ASPECTS[name].question]


def test_a_typed_question_that_is_a_standard_one_is_that_one() -> None:
    assert column("code?") == column("Is its code or model available, and where") == STANDARD[-1]
    assert column("Which languages?") == Column("Which languages?", "Which languages?")


def exported(text: str, title: str = "A title") -> tuple[list[Paper], list[Column], dict[tuple[str, str], Span | None]]:
    paper = Paper("p", title, text, (title,), 2020, title, url="https://example.org/<a> b")
    other = Paper("q", "Other", "Nothing.")
    return [paper, other], [Column(title, title)], {("p", title): Span(paper, 0, len(text)), ("q", title): None}


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_cell_of_the_csv_is_a_formula_and_none_is_lost(text: str, title: str) -> None:
    rows = [*csv.reader(StringIO(as_csv(*exported(text, title)), newline=""))]
    assert {len(row) for row in rows} == {7}
    assert not [one for row in rows for one in row if one.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert rows[1][-1] == f"“{text}” [1]"
    assert rows[2][-1] == NOT_STATED


@pytest.mark.parametrize("opening", ["=", "+", "-", "@", "\t", "\r"])
def test_a_title_that_would_be_a_formula_is_kept_as_words(opening: str) -> None:
    title = f'{opening}HYPERLINK("http://evil.example","click")'
    assert next(iter(csv.DictReader(StringIO(as_csv(*exported("x", title)), newline=""))))["title"] == f"'{title}"


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_markdown_table_keeps_its_shape_whatever_stands_in_it(text: str, title: str) -> None:
    table, _, references = as_markdown(*exported(text, title)).partition("\n\n## References\n\n")
    lines = table.split("\n")
    assert len(lines) == 4
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3 for line in lines)
    assert len(references.strip("\n").split("\n")) == 2


def test_markup_in_the_markdown_is_words_and_a_quote_leads_to_its_reference() -> None:
    written = as_markdown(*exported("![x](http://evil.example/x.png) <b>a|b</b> $1$"))
    assert r"“\!\[x\]\(http\://evil.example/x.png\) \<b\>a\|b\</b\> \$1\$” [1]" in written
    assert "1. A title. A title. A title. 2020. <https://example.org/%3Ca%3E%20b>" in written
    assert f"| Other | {NOT_STATED} |" in written
