"""Kept conversations as a reader sees them: found again in another window, as they were, and taken along."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bibtexparser.entrypoint import parse_string
from browsing import ask, needs_chromium, serving, watched
from clock import in_a_browser
from playwright.sync_api import Browser, Locator, Page, expect
from test_reference import read

from eval.replies import Body, Reply, good
from eval.scripted import scripted
from rag.types import Answer
from ui.ask_page import AT_ONCE
from ui.chat import Exchange
from ui.conversations import Conversations

pytestmark = [needs_chromium, in_a_browser]
MARKUP = "<img src=http://evil.example/a.png onerror=alert(1)> ![b](http://evil.example/b.png) $x$ :red[c] `d`"


@pytest.fixture(scope="module")
def home(shipped_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("conversations") / "home"
    shutil.copytree(shipped_home, home)
    hostile = Exchange(MARKUP, Answer(MARKUP, MARKUP, "answered", MARKUP, reason=MARKUP, notes=(MARKUP,)))
    Conversations(home).keep("hostile", [hostile])
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serving(home, 8770) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched(browser, address) as page:
        yield page


def conversation(page: Page, title: str) -> Locator:
    return page.get_by_role("navigation", name="Conversations").get_by_role("button", name=title, exact=True)


def test_a_conversation_is_found_in_another_window_with_its_answers_as_they_were(
    browser: Browser, address: str, page: Page
) -> None:
    ask(page, "What is MetaCLIP?")
    ask(page, "How large is its data set?")
    expect(conversation(page, "What is MetaCLIP?")).to_have_attribute("aria-current", "true")
    said = page.locator(".prose").all_text_contents()
    with watched(browser, address) as other:
        conversation(other, "What is MetaCLIP?").click()
        expect(other.locator(".footer")).to_have_count(2)
        assert other.locator(".prose").all_text_contents() == said
        other.get_by_role("button", name="Citation").last.click()
        expect(other.get_by_role("complementary", name="Evidence").locator(".current")).to_be_in_viewport()
        ask(other, "Who wrote it?")
    expect(page.locator("article")).to_have_count(2)
    ask(page, "What accuracy does it reach?")  # nothing that the other window was told is lost
    twins = page.locator(".open").filter(has_text="What is MetaCLIP?")
    expect(twins).to_have_text([re.compile(rf"\d\d:\d\d · {count} questions$") for count in (3, 3)])


def test_it_is_renamed_deleted_and_taken_back_by_keyboard(page: Page, home: Path) -> None:
    ask(page, "What does CapsFusion replace?")
    page.get_by_role("button", name="Rename or delete What does CapsFusion replace?").press("Enter")
    expect(page.get_by_role("button", name="Rename", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Of captions")
    page.keyboard.press("Enter")
    expect(conversation(page, "Of captions")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(0)
    undo = page.get_by_role("button", name="Undo deleting Of captions")
    expect(undo).to_be_focused()
    assert "Of captions" not in [kept.title for kept in Conversations(home).listed()]
    undo.press("Enter")
    expect(page.locator("article")).to_have_count(1)
    expect(conversation(page, "Of captions")).to_have_attribute("aria-current", "true")


def test_the_list_is_searched_as_one_types_and_hostile_words_are_words(page: Page) -> None:
    ask(page, "What is VALOR?")
    page.get_by_placeholder("Search conversations").press_sequentially("evil.example")
    expect(conversation(page, "What is VALOR?")).to_have_count(0)
    page.get_by_role("navigation", name="Conversations").get_by_role("button").first.click()
    expect(page.locator(".prose").first).to_contain_text(MARKUP)
    expect(page.locator(".open").first).to_contain_text("<img src=http://evil.example/a.png")
    page.get_by_placeholder("Search conversations").fill("nowhere")
    expect(page.get_by_text("No conversation holds these words.")).to_be_visible()


def test_it_is_taken_along_as_markdown_and_its_papers_as_bibtex_and_ris(page: Page) -> None:
    ask(page, "How much shorter do capsule prompts get?")
    texts = {}
    page.get_by_role("button", name="Export").click()
    for label in ("Markdown", "BibTeX", "RIS"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        texts[download.value.suggested_filename] = download.value.path().read_bytes().decode()
    assert [*texts] == [f"how-much-shorter-do-capsule-prompts-get.{kind}" for kind in ("md", "bib", "ris")]
    markdown, bibtex, ris = texts.values()
    assert "## How much shorter do capsule prompts get?" in markdown
    assert "81.4% of the original length" in markdown.partition("> ")[2]
    title = "Learning to Compress Prompt in Natural Language Formats"
    assert [entry["title"] for entry in parse_string(bibtex).entries] == [title]
    assert [dict(record)["TI"] for record in read(ris)] == [title]


def test_a_phone_opens_the_list_over_the_page(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_long_chat_shows_its_newest_questions_and_the_earlier_ones_when_asked_for(page: Page, home: Path) -> None:
    asked = [f"What is number {place}?" for place in range(AT_ONCE + 3)]
    chat = [Exchange(question, Answer(question, question, "answered", "A number.")) for question in asked]
    for title in ("long", "longer"):
        Conversations(home).keep(title, [Exchange(title, chat[0].answer), *chat])
    page.reload()
    conversation(page, "long").click()
    expect(page.locator(".question")).to_have_text(asked[-AT_ONCE:])
    page.get_by_role("button", name="Show earlier questions (4)").click()
    expect(page.locator(".question")).to_have_text(["long", *asked])
    expect(page.get_by_role("button", name="Show earlier questions")).to_have_count(0)
    conversation(page, "longer").click()
    expect(page.locator(".question")).to_have_text(asked[-AT_ONCE:])


def slowly(body: Body) -> Reply:
    reply = good(body)
    return replace(reply, between=3 / max(1, len(reply.pieces)))


def test_an_answer_that_is_being_written_goes_on_while_one_searches(
    browser: Browser, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(slowly) as server:
        monkeypatch.setenv("ASKPAPERS_LLM", "local/scripted")
        monkeypatch.setenv("ASKPAPERS_LLM_BASE_URL", server.url)
        with serving(home, 8771) as address, watched(browser, address) as page:
            page.get_by_placeholder("Ask the papers").fill("What is MetaCLIP?")
            page.keyboard.press("Enter")
            expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=20_000)
            page.get_by_placeholder("Search conversations").press_sequentially("evil")
            expect(page.locator(".footer")).to_have_count(1, timeout=60_000)
            expect(page.locator(".open")).to_have_count(1)
            expect(page.locator(".footer")).to_contain_text("scripted")
