"""The pages that a run and a comparison leave: whole, true to the figures, and deaf to what their texts say."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from eval.bench_window import CHROMIUM
from eval.comparison import write_comparison
from eval.gate import accept
from eval.markdown import markdown
from eval.metrics import Case
from eval.plots import change, intervals, risk_coverage
from eval.questions import Question
from eval.record import record
from eval.report import write_reports
from eval.results import Result, line_of
from eval.run import Run, begin
from eval.summary import summarise
from rag.config import Settings
from rag.library import Library

HOSTILE = '</script><script>document.title="run"</script><img src="https://evil.example/x.png" onerror="alert(1)">[x](javascript:alert(1))'  # noqa: E501
QUESTION = Question(
    f"id {HOSTILE}",
    f"How good? {HOSTILE}",
    papers=((HOSTILE,),),
    evidence=((f"Nobody said this. {HOSTILE * 3}",),),
    facts=(("81.4%",), (HOSTILE,)),
    tags=(f"kind {HOSTILE}",),
)


def answer(text: str, status: str = "answered", **more: Any) -> Result:
    source = {"id": "p", "title": HOSTILE, "url": "javascript:alert(1)", "year": 2020}
    cited = [{"number": 1, "paper": source, "quote": HOSTILE, "start": 0, "end": len(HOSTILE)}]
    near = [{"paper_id": "p", "title": HOSTILE, "score": 1.5, "text": HOSTILE}]
    form = {"id": QUESTION.id, "question": QUESTION.text, "standalone_question": HOSTILE, "status": status,
            "text": text, "citations": cited, "passages": near, "model": HOSTILE}  # fmt: skip
    return Result.model_validate(form | more)


def a_run(folder: Path, library: Library, *cases: Case) -> Run:
    """A run's folder, as the commands leave it."""
    questions = tuple(case.question for case in cases)
    run = begin(
        folder,
        questions,
        record(Settings(llm="local/m&m", llm_base_url="http://127.0.0.1/v1"), library, "encoder", questions),
    )
    (folder / "results.jsonl").write_text("".join(line_of(case.result) for case in cases))
    write_reports(folder, summarise(run, cases), cases)
    return run


@pytest.fixture
def runs(tmp_path: Path, library: Library) -> tuple[Path, Path]:
    abstracts = {"p": HOSTILE}
    right = answer(f"It is 81.4% {HOSTILE} [1]")
    failed = answer("", status="failed", reason=HOSTILE, citations=[])
    other = dataclasses.replace(QUESTION, id="other", tags=("plain",))
    a_run(
        tmp_path / "a",
        library,
        Case(QUESTION, right, abstracts),
        Case(other, right.model_copy(update={"id": "other"}), abstracts),
    )
    a_run(
        tmp_path / "b", library, Case(QUESTION, failed), Case(other, answer("", "abstained", id="other", citations=[]))
    )
    write_comparison(tmp_path / "compare.html", tmp_path / "a", tmp_path / "b")
    return tmp_path / "a" / "report.html", tmp_path / "compare.html"


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    browser: Browser = request.getfixturevalue("browser")
    with browser.new_context() as context:
        yield context.new_page()


@pytest.mark.parametrize("which", [0, 1], ids=["report", "comparison"])
def test_a10_to_a16_hostile_text_runs_nothing_and_fetches_nothing(
    page: Page, runs: tuple[Path, Path], which: int
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append("a dialog"))
    page.goto(runs[which].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    page.wait_for_timeout(200)
    assert asked == [runs[which].as_uri()]
    assert page.title().startswith("askpapers evaluation")
    assert page.locator("img, iframe, form, a").count() == 0
    assert "evil.example" in page.locator("main").inner_text()


def test_the_page_filters_by_kind_verdict_and_words(page: Page, runs: tuple[Path, Path]) -> None:
    page.goto(runs[0].as_uri())
    shown = page.locator(".question:visible")
    assert shown.count() == 2
    page.select_option("select[name=kind]", "plain")
    assert shown.count() == 1
    page.get_by_label("Words").fill("no such word")
    assert shown.count() == 0
    assert page.get_by_text("No question is left").is_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(page: Page, runs: tuple[Path, Path], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for file in runs:
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_marks_facts_and_quotes_and_says_what_was_missed(page: Page, runs: tuple[Path, Path]) -> None:
    page.goto(runs[0].as_uri())
    page.locator(".question summary").first.click()
    opened = page.locator(".question[open]")
    assert opened.locator("mark").first.inner_text() == "81.4%"
    assert "a gold paper, another sentence" in opened.inner_text()
    assert "sentence Nobody said this." in opened.inner_text()


def test_markdown_holds_hostile_text_as_text(tmp_path: Path, library: Library) -> None:
    case = Case(QUESTION, answer(f"Wrong {HOSTILE}"), {"p": HOSTILE})
    run = a_run(tmp_path / "run", library, case)
    text = markdown(summarise(run, [case]), [case])
    assert "<script" not in text
    assert "](javascript" not in text.replace("\\]", "")


def test_a_baseline_holds_no_text_of_questions_and_answers(tmp_path: Path, library: Library) -> None:
    case = Case(
        dataclasses.replace(QUESTION, id="q", tags=("plain",)), answer("A very secret answer", id="q", model="m")
    )
    run = a_run(tmp_path / "run", library, case)
    accept(summarise(run, [case]), tmp_path / "baseline.json")
    kept = (tmp_path / "baseline.json").read_text()
    assert "secret" not in kept
    assert "evil" not in kept
    assert "q" in json.loads(kept)["questions"]


def test_plots_draw_what_there_is_and_escape_names() -> None:
    figure = {"value": 0.5, "low": 0.25, "high": 0.75, "scored": 4, "of": 4}
    drawn = intervals({"<b>": figure, "none": figure | {"value": None}}, "<i>")
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert drawn.count("<circle") == 1
    assert "<polyline" in risk_coverage([[0.9, 0.5, 0.0], [0.1, 1.0, 0.5]], "risk")
    assert "nan" not in risk_coverage([], "risk")
    assert 'class="dot bad"' in change(0.1, 0.0, 0.2, up=False, most=0.2)
