"""The chat window as a reader sees it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import ask, needs_chromium, serving, started, watched
from clock import by_the_clock, in_a_browser
from playwright.sync_api import Browser, Page, expect
from test_evaluation_pages import HOSTILE as MARKUP
from test_evaluation_pages import QUESTION, a_run, answer

from eval.feedback import Thumb, append, now, read_thumbs
from eval.metrics import Case
from eval.questions import read_questions
from eval.replies import Body, Reply, evidence, good, said
from eval.scripted import scripted
from ingest.add import ingest
from rag.encoder import BundledEncoder
from rag.library import Library

HOSTILE = {
    "title": "Zyxel <img src=http://evil.example/a.png onerror=alert(1)> ![b](http://evil.example/b.png)",
    "abstract": "Zyxel lattices fold at $40$ kelvin <script>alert(1)</script> [c](javascript:alert(1)) "
    "![d](http://evil.example/d.png) \\href{http://evil.example}{e}. :red[Nothing] else is known of Zyxel lattices.",
    "url": "javascript:alert(1)",
}
pytestmark = [needs_chromium, in_a_browser]


def hostile_runs_and_thumbs(home: Path) -> None:
    """Everything in them that is a text, is markup."""
    said = answer(f"It is 81.4% {MARKUP} [1]", reason=MARKUP, fallback=MARKUP, notes=[MARKUP])
    for name, result in (("one", said), ("other", said.model_copy(update={"status": "abstained"}))):
        folder = home / "runs" / f"{name} <b>&![x](http:evil.example)"
        a_run(folder, Library(home), Case(QUESTION, result))
        summary = json.loads((folder / "summary.json").read_text())
        summary["run"]["model"] = MARKUP
        (folder / "summary.json").write_text(json.dumps(summary))
    (home / "runs" / "broken").mkdir()
    (home / "runs" / "broken" / "summary.json").write_text(MARKUP)
    append(home / "feedback.jsonl", Thumb("x", now(), "down", MARKUP, MARKUP, (), said).line)


@pytest.fixture(scope="module")
def home(shipped_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped papers, and what is hostile."""
    home = tmp_path_factory.mktemp("window") / "home"
    shutil.copytree(shipped_home, home)
    papers = home.parent / "hostile.jsonl"
    papers.write_text(json.dumps(HOSTILE))
    ingest(Library(home), [papers], BundledEncoder())
    hostile_runs_and_thumbs(home)
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serving(home, 8601) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched(browser, address) as page:
        yield page


def test_a_question_is_answered_and_a_citation_opens_its_abstract_with_the_quote_highlighted(page: Page) -> None:
    ask(page, "How much shorter do capsule prompts get?")
    page.get_by_role("button", name="Close the evidence").click()
    expect(page.get_by_role("complementary", name="Evidence")).to_be_hidden()
    page.get_by_role("button", name="Citation").last.click()
    evidence = page.get_by_role("complementary", name="Evidence")
    expect(evidence.get_by_role("heading")).to_have_text("Learning to Compress Prompt in Natural Language Formats")
    expect(evidence.locator(".current")).to_contain_text("81.4% of the original length")
    expect(evidence.locator(".current")).to_be_in_viewport()
    expect(evidence.get_by_role("button", name="Ask about it")).to_be_in_viewport(ratio=0.9)
    expect(evidence.locator(".abstract")).to_contain_text("Large language models (LLMs) are great at processing")


def test_the_first_quote_lies_open_beside_its_answer_until_its_reader_shuts_it(page: Page) -> None:
    evidence = page.get_by_role("complementary", name="Evidence")
    ask(page, "What is MetaCLIP?")
    expect(evidence.locator(".current")).to_be_in_viewport()
    ask(page, "What is CapsFusion?")
    expect(evidence.get_by_role("heading")).to_contain_text("CapsFusion")
    page.keyboard.press("Shift+Tab")
    page.get_by_role("button", name="Close the evidence").click()
    ask(page, "What is RetroMAE v2?")
    expect(evidence).to_be_hidden()


def test_beside_a_refusal_no_evidence_of_another_answer_stays_open(page: Page) -> None:
    evidence = page.get_by_role("complementary", name="Evidence")
    for _ in range(3):  # one that is there at once is never seen while it grows
        ask(page, "What is MetaCLIP?")
        expect(evidence.locator(".current")).to_be_in_viewport()
        ask(page, "Does it beat GPT-4?")
        expect(page.locator(".reason").last).to_contain_text("its abstract does not mention GPT-4")
        expect(evidence).to_be_hidden()


def test_pointing_at_a_number_shows_its_title_and_quote(page: Page) -> None:
    ask(page, "How much shorter do capsule prompts get?")
    page.get_by_role("button", name="Citation").last.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Learning to Compress Prompt in Natural Language Formats")
    expect(page.get_by_role("tooltip")).to_contain_text("81.4% of the original length")
    page.mouse.move(0, 0)
    expect(page.get_by_role("tooltip")).to_be_hidden()


def test_what_a_number_points_to_is_shown_clear_of_the_head_of_the_page(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, "Which papers are about language models?")
    mark, tip = page.get_by_role("button", name="Citation").nth(2), page.get_by_role("tooltip")
    mark.hover()
    mark.evaluate(
        """mark => document.querySelector('[data-testid="stMain"]').scrollBy(0, mark.getBoundingClientRect().top
            - mark.closest("article").querySelector(".tip").offsetHeight - 30)"""
    )
    page.mouse.move(0, 0)
    mark.hover()
    shown, head = tip.bounding_box(), page.get_by_test_id("stHeader").bounding_box()
    assert shown
    assert head
    assert shown["y"] >= head["y"] + head["height"]


def test_every_sentence_bears_its_mark_and_the_answer_is_read_out_once_it_is_complete(page: Page) -> None:
    ask(page, "How much shorter do capsule prompts get?")
    marks = page.get_by_role("img", name="Borne out by the quotes it cites")
    expect(marks).to_have_count(page.get_by_role("button", name="Citation").count())
    expect(page.get_by_role("status").filter(has_text="81.4%")).to_have_count(1)


def test_a_question_is_edited_in_its_place_and_what_followed_can_be_brought_back(page: Page) -> None:
    ask(page, "What is MetaCLIP?")
    ask(page, "How large is its data set?")
    page.get_by_role("button", name="Edit").first.click()
    page.get_by_role("textbox", name="The question, to be edited").fill("What is CapsFusion?")
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_have_text(["What is CapsFusion?"])
    expect(page.locator(".prose")).to_contain_text("CapsFusion: Rethinking Image-Text Data at Scale", timeout=30_000)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".question")).to_have_text(["What is MetaCLIP?", "How large is its data set?"])


def test_a_looser_search_shows_what_comes_nearest_and_says_so(page: Page) -> None:
    ask(page, "What is the capital of France?")
    page.get_by_role("button", name="Look more loosely").click()
    expect(page.locator(".note").last).to_contain_text("A looser search", timeout=30_000)
    expect(page.get_by_role("button", name="Citation").first).to_be_visible()


def test_asking_about_one_paper_binds_the_chat_to_it_until_all_are_asked_again(page: Page) -> None:
    ask(page, "What is MetaCLIP?")
    page.get_by_role("button", name="Ask about it").click()
    expect(page.get_by_text("Asking Demystifying CLIP Data")).to_be_visible()
    ask(page, "What is CapsFusion?")
    expect(page.locator(".prose").last).to_contain_text("The papers don't say.")
    expect(page.get_by_text("Asked of: Demystifying CLIP Data")).to_be_visible()
    page.locator("article").get_by_role("button", name="Ask all papers").click()
    expect(page.get_by_text(re.compile(r"Asking all 9\d papers"))).to_be_visible()
    expect(page.locator(".prose").last).to_contain_text("CapsFusion: Rethinking", timeout=30_000)


def test_an_answer_is_copied_with_its_quotes(browser: Browser, address: str) -> None:
    with watched(browser, address) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        ask(page, "How much shorter do capsule prompts get?")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert "\n\n[1] Learning to Compress Prompt in Natural Language Formats: “" in copied


def test_a_follow_up_is_understood(page: Page) -> None:
    ask(page, "What is MetaCLIP?")
    ask(page, "How large is its data set?")
    expect(page.locator(".prose").last).to_contain_text("Demystifying CLIP Data")


def test_what_the_papers_do_not_say_is_an_answer_with_the_nearest_papers(page: Page) -> None:
    ask(page, "What is the capital of France?")
    expect(page.locator(".prose")).to_contain_text("The papers don't say.")
    page.locator(".paper").first.click()
    expect(page.get_by_role("complementary", name="Evidence").locator(".abstract")).not_to_be_empty()


def test_evidence_opens_and_closes_by_keyboard_and_gives_the_focus_back(page: Page) -> None:
    ask(page, "What is MetaCLIP?")
    mark, evidence = (
        page.get_by_role("button", name="Citation").first,
        page.get_by_role("complementary", name="Evidence"),
    )
    mark.focus()
    page.keyboard.press("Escape")
    expect(evidence).to_be_hidden()
    page.keyboard.press("Enter")
    expect(mark).to_have_attribute("aria-expanded", "true")
    evidence.get_by_role("button", name="Ask about it").focus()
    page.keyboard.press("Escape")
    expect(evidence).to_be_hidden()
    expect(mark).to_be_focused()


def test_a_starter_question_asks_itself_by_keyboard_too(page: Page) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name="What is CapsFusion?").press("Enter")
    expect(page.locator(".prose")).to_contain_text("CapsFusion: Rethinking Image-Text Data at Scale", timeout=30_000)


def test_every_answer_says_who_wrote_it_and_that_only_abstracts_are_known(page: Page) -> None:
    ask(page, "What is MetaCLIP?")
    expect(page.locator(".footer")).to_have_text(
        re.compile(r"extractive · 1 paper quoted · \d+ ms · only abstracts are known")
    )


def test_hostile_words_of_papers_and_questions_are_shown_as_words(page: Page) -> None:
    ask(page, "At how many kelvin do ![x](http://evil.example/x.png) <b>Zyxel</b> lattices fold, $\\frac{1}{2}$?")
    expect(page.locator(".question")).to_contain_text("![x](http://evil.example/x.png) <b>Zyxel</b>")
    expect(page.locator(".prose")).to_contain_text("<img src=http://evil.example/a.png onerror=alert(1)>")
    expect(page.locator(".prose")).to_contain_text("$40$ kelvin <script>alert(1)</script>")
    evidence = page.get_by_role("complementary", name="Evidence")
    expect(evidence.locator(".abstract")).to_contain_text("![d](http://evil.example/d.png)")
    expect(evidence.get_by_role("link")).to_have_count(0)


def test_a_phone_shows_the_evidence_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, "How much shorter do capsule prompts get?")
    page.get_by_role("button", name="Citation").last.click()
    expect(page.get_by_role("complementary", name="Evidence").locator(".current")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Ask about it")).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_role("button", name="Citation").last).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_words_of_runs_and_thumbs_are_shown_as_words(page: Page) -> None:
    page.get_by_role("link", name="Evaluation").click()
    expect(page.get_by_role("row").filter(has_text="is no summary of a run")).to_have_count(1)
    expect(page.get_by_role("rowheader", name=QUESTION.kind)).to_be_visible()
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator(".asked")).to_have_text(QUESTION.text)
    expect(page.locator(".prose").first).to_contain_text(MARKUP)
    page.get_by_role("tab", name="Questions").click()
    expect(page.get_by_role("row").filter(has_text="✗ missed").last).to_contain_text(MARKUP)
    page.get_by_role("button", name="Citation").click()
    expect(page.get_by_role("complementary", name="Evidence").locator(".abstract")).to_have_text(MARKUP)
    expect(page.get_by_role("complementary", name="Evidence").get_by_role("link")).to_have_count(0)
    page.get_by_role("tab", name="Thumbs down").click()
    expect(page.locator(".asked")).to_contain_text(MARKUP)
    page.get_by_text("What was answered").click()
    expect(page.locator(".note").first).to_have_text(MARKUP)


def test_a_thumb_down_is_kept_as_a_question_and_taken_back(page: Page, home: Path) -> None:
    ask(page, "What does CapsFusion replace?")
    page.get_by_role("button", name="Thumbs down").click()
    page.get_by_placeholder("A word of why").fill("$x$ is not said")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Evaluation").click()
    page.get_by_role("tab", name="Thumbs down").click()
    expect(page.locator(".said").first).to_have_text("$x$ is not said")
    page.get_by_role("button", name="Keep as a question").first.click()
    page.get_by_placeholder("Choose, or type an id or a title").click()
    page.keyboard.press("Enter")  # the first: the paper that was cited
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("askpapers eval run --questions")).to_be_visible()
    (question,) = read_questions(home / "questions.jsonl")
    assert question.papers[0][0].startswith("capsfusion-")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("askpapers eval run --questions")).to_be_hidden()
    assert read_thumbs(home / "feedback.jsonl")[0][0].why == "$x$ is not said"
    page.get_by_role("link", name="Ask", exact=True).click()
    expect(page.get_by_role("button", name="Thumbs down")).to_have_attribute("aria-pressed", "true")


def test_a_phone_shows_the_evaluation_without_scrolling_sideways(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/evaluation")
    for tab, last in (
        ("Runs", "By kind of question"),
        ("Compare", "Questions that flipped"),
        ("Questions", "What was found"),
    ):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("heading", name=last)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_models_answer_shows_what_is_borne_out_and_what_was_sent(
    browser: Browser, shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shipped_home, tmp_path / "home")

    def doubtful(body: Body) -> Reply:
        number, quote = evidence(body)[0]
        return said(f"{quote} [{number}]. It was confirmed on five continents http://evil.example/x [{number}].")

    with scripted(doubtful) as model:
        monkeypatch.setenv("ASKPAPERS_LLM", "local/scripted")
        monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", model.url)
        with serving(tmp_path / "home", 8701) as address, watched(browser, address) as page:
            ask(page, "How much shorter do capsule prompts get?")
            expect(page.get_by_role("img", name="Not borne out by any quote")).to_have_count(1)
            expect(page.locator(".note")).to_have_text("A link that no quote holds was removed.")
            expect(page.locator(".footer")).to_contain_text("local/scripted")
            page.locator(".footer").click()
            page.get_by_text("What was sent to the model").click()
            expect(page.locator("pre").first).to_have_text(model.requests[0].body["messages"][0]["content"])


@by_the_clock
def test_stop_ends_the_models_request_and_keeps_no_half_answer_and_enter_ends_none(
    browser: Browser, shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shipped_home, tmp_path / "home")
    with scripted(lambda body: replace(good(body), hang_after=20)) as model:
        monkeypatch.setenv("ASKPAPERS_LLM", "local/scripted")
        monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", model.url)
        with serving(tmp_path / "home", 8711) as address, watched(browser, address) as page:
            box = page.get_by_placeholder("Ask the papers")
            box.fill("How much shorter do capsule prompts get?")
            page.keyboard.press("Enter")
            expect(page.get_by_text("Large language models (LLMs) are great")).to_be_visible(timeout=30_000)
            expect(box).to_be_disabled()
            stopped_at = time.monotonic()
            page.get_by_test_id("stChatInputStopButton").click()
            assert model.closed.get(timeout=5) - stopped_at < 1.5
            expect(page.get_by_text("Stopped before it was answered.")).to_be_visible()
            expect(page.locator(".footer")).to_have_count(0)
            box.fill("And then?")
            page.get_by_role("button", name="Ask again").click()
            expect(page.get_by_text("Large language models (LLMs) are great")).to_be_visible(timeout=30_000)
            expect(box).to_be_disabled()
            page.get_by_role("button", name="Stop", exact=True).click()
            assert model.closed.get(timeout=5)
            expect(page.get_by_text("Stopped before it was answered.")).to_be_visible()
            expect(box).to_be_enabled()
            expect(box).to_have_value("And then?")
            page.get_by_role("button", name="New chat").click()
            page.get_by_test_id("stMain").get_by_role("button", name="What is CapsFusion?").click()
            expect(page.locator(".live")).to_be_visible()
            expect(box).to_be_disabled()


def test_a_taken_port_is_told_and_the_next_free_one_is_taken(shipped_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server, line = started(shipped_home, port)
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
    assert f"(port {port} is taken)" in line
    assert f"http://127.0.0.1:{port}." not in line
