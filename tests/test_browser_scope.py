"""Asking some years, venues or authors alone, as a reader does it: over a part of the ACL Anthology."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from browsing import ask, needs_chromium, serving, watched
from clock import in_a_browser
from conftest import SHARED
from playwright.sync_api import Browser, Page, expect

from ingest.add import ingest
from rag.encoder import BundledEncoder
from rag.library import Library

ACL = SHARED / "data" / "acl" / "corpus.jsonl.gz"
EVERY = 400  # of its 64,389 papers, one is taken
QUESTION = "Do metrics cope with machine-translated references?"
TITLE = "Trained MT Metrics Learn to Cope with Machine-translated References"  # wmt 2023
pytestmark = [needs_chromium, pytest.mark.skipif(not ACL.exists(), reason="no ../shared/data/acl here"), in_a_browser]


@pytest.fixture(scope="module")
def papers() -> dict[str, dict[str, Any]]:
    """A sample, by title."""
    with gzip.open(ACL, "rt", encoding="utf-8") as lines:
        return {paper["title"]: paper for paper in map(json.loads, islice(lines, 0, None, EVERY))}


@pytest.fixture(scope="module")
def address(
    papers: dict[str, dict[str, Any]], encoder: BundledEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    home = tmp_path_factory.mktemp("scope")
    file = home / "acl.jsonl"
    file.write_text("\n".join(map(json.dumps, papers.values())))
    ingest(Library(home / "home"), [file], encoder)
    with serving(home / "home", 8805) as address:
        yield address


def choose(page: Page, field: str, value: str) -> None:
    """Behind the line above the box, once the page stands still."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_test_id("stPopoverButton").filter(has_text="Asking").click()
    page.get_by_role("combobox", name=field).fill(value)
    page.get_by_role("option", name=value, exact=True).click()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def test_years_venues_and_authors_are_offered_shown_above_the_box_and_obeyed(
    browser: Browser, address: str, papers: dict[str, dict[str, Any]]
) -> None:
    with watched(browser, address) as page:
        asking = page.get_by_test_id("stPopoverButton").filter(has_text="Asking")
        expect(asking).to_contain_text(f"Asking all {len(papers):,} papers")
        ask(page, QUESTION)
        expect(page.locator(".lead").first).to_contain_text(TITLE)
        choose(page, "Venues", "semeval")
        expect(asking).to_contain_text("Asking semeval")
        ask(page, QUESTION)
        expect(page.get_by_text("Asked of: semeval")).to_be_visible()
        named = page.locator("article").last.locator(".lead, .paper").all_inner_texts()
        assert {papers[title.strip("“”: ")]["venue"] for title in named} == {"semeval"}
        page.get_by_role("button", name="Ask all papers").last.click()
        expect(asking).to_contain_text("Asking all")
        choose(page, "Authors", "Jannis Vamvas")
        ask(page, QUESTION)
        expect(page.get_by_text("Asked of: Jannis Vamvas")).to_be_visible()
        expect(page.locator(".lead").last).to_contain_text(TITLE)
        page.get_by_role("button", name="Ask all papers").last.click()
        expect(asking).to_contain_text("Asking all")
        asking.click()
        page.get_by_role("slider").last.press("Home")
        expect(asking).to_contain_text("Asking 1963")
