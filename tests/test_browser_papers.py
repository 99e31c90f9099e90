"""The pages about the papers themselves, as a reader sees them: list, map, one paper, several side by side."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from browsing import needs_chromium, serving, watched
from clock import in_a_browser
from playwright.sync_api import Browser, Page, expect

from ingest.add import ingest
from rag.encoder import BundledEncoder
from rag.library import Library

MARKUP = "<img src=http://evil.example/a.png onerror=alert(1)> ![b](http://evil.example/b.png) :red[$x$]"
TITLE = f"=Zyxel {MARKUP}"
HOSTILE = {
    "title": TITLE,
    "abstract": f"We propose Zyxel lattices {MARKUP}. Zyxel lattices outperform all others by 40% {MARKUP}.",
    "authors": [f"Ada {MARKUP}"],
    "venue": f"Venue {MARKUP}",
    "year": 2020,
    "url": "javascript:alert(1)",
}
OTHER = {"title": "Another Zyxel", "abstract": "We study Zyxel lattices.", "venue": "Elsewhere", "year": 2021,
         "url": "https://example.org/zyxel", "doi": "10.1234/zyxel"}  # fmt: skip
CAPSULE = "Learning to Compress Prompt in Natural Language Formats"
pytestmark = [needs_chromium, in_a_browser]


@pytest.fixture(scope="module")
def home(shipped_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped papers, and two with years and venues, one of them hostile."""
    home = tmp_path_factory.mktemp("papers") / "home"
    shutil.copytree(shipped_home, home)
    more = home.parent / "more.jsonl"
    more.write_text(f"{json.dumps(HOSTILE)}\n{json.dumps(OTHER)}")
    ingest(Library(home), [more], BundledEncoder())
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serving(home, 8784) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched(browser, f"{address}/papers") as page:
        yield page


def search(page: Page, words: str, count: str) -> None:
    page.get_by_role("searchbox", name="Search").fill(words)
    expect(page.get_by_text(f"of {count}", exact=False).first).to_be_visible(timeout=30_000)


def tick(page: Page, title: str) -> None:
    page.get_by_role("checkbox", name=f"Choose {title}").check()


def compare(page: Page) -> None:
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible(timeout=30_000)


def test_papers_ticked_in_several_searches_are_compared_and_taken_away(page: Page) -> None:
    search(page, "compress format", "1")
    tick(page, CAPSULE)
    search(page, "zyxel", "2")
    tick(page, TITLE)
    expect(page.get_by_text("2 chosen")).to_be_visible(timeout=30_000)
    compare(page)
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("we propose a Natural Language Prompt Encapsulation", timeout=30_000)
    expect(rows.nth(2)).to_contain_text(f"“We propose Zyxel lattices {MARKUP[: MARKUP.index('!') + 1]}” [2]")
    expect(rows.nth(2)).to_contain_text("not stated in the abstract")
    page.get_by_label("Add a question").fill("How much shorter do capsule prompts get?")
    page.keyboard.press("Enter")
    expect(rows.nth(1).get_by_role("cell").last).to_contain_text("81.4%", timeout=30_000)
    expect(page.get_by_role("columnheader").last).to_be_in_viewport(ratio=0.9)
    page.get_by_role("button", name="Remove the column Task").click()
    expect(page.get_by_role("columnheader", name="Task")).to_have_count(0, timeout=30_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    raw = Path(download.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    written = [*csv.DictReader(StringIO(raw.decode("utf-8-sig"), newline=""))]
    assert [row["title"] for row in written] == [CAPSULE, f"'{TITLE}"]
    page.get_by_role("searchbox", name="Add a paper").fill("another zy")
    page.get_by_role("link", name="Another Zyxel").click()
    expect(rows).to_have_count(4, timeout=30_000)
    rows.nth(3).get_by_role("link", name="Another Zyxel").first.press("Enter")
    expect(page.get_by_role("heading", name="Another Zyxel")).to_be_visible(timeout=30_000)
    assert page.url.split("/")[-1].startswith("papers?paper=another-zyxel")


def test_hostile_words_of_papers_are_shown_as_words_on_every_page(page: Page) -> None:
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("combobox", name="Venue").click()
    page.get_by_role("option", name=f"Venue {MARKUP}").click()
    expect(page.get_by_text("1 to 1 of 1")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    line = page.get_by_role("listitem").filter(has_text=TITLE)
    expect(line).to_contain_text(f"Ada {MARKUP} · 2020 · Venue {MARKUP}")
    line.get_by_role("link").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE, timeout=30_000)
    expect(page.locator(".abstract")).to_have_text(HOSTILE["abstract"])  # type: ignore[arg-type]
    expect(page.locator(".links")).to_have_count(0)
    page.get_by_role("button", name="BibTeX").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("onerror=alert(1)>")


def test_a_paper_has_links_similar_papers_and_a_way_to_ask_it(page: Page) -> None:
    search(page, "another", "1")
    page.get_by_role("link", name="Another Zyxel").click()
    links = page.locator(".links").get_by_role("link")
    expect(links).to_have_text(["Paper", "DOI"], timeout=30_000)
    assert {one.get_attribute("rel") for one in links.all()} == {"noopener noreferrer"}
    alike = page.get_by_role("list", name="Similar papers").get_by_role("link")
    expect(alike).to_have_count(6, timeout=30_000)
    expect(alike.first).to_have_text(TITLE)
    alike.nth(1).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Another Zyxel", timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    title = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Ask about this paper").click()
    expect(page.get_by_role("button", name=re.compile(r"^\W*(filter_alt)?\s*Asking"))).to_contain_text(title[:10])


def test_an_unknown_paper_is_told_in_one_line(browser: Browser, address: str) -> None:
    with watched(browser, f"{address}/papers?paper=nobody-000000") as page:
        expect(page.get_by_text("No paper 'nobody-000000' in the library.")).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="All papers").click()
        expect(page.get_by_text("1 to 50 of 92")).to_be_visible(timeout=30_000)


def test_what_is_removed_can_be_taken_back(page: Page, home: Path) -> None:
    search(page, "demystifying", "1")
    tick(page, "Demystifying CLIP Data")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove from the library").click()
    expect(page.get_by_text("1 paper removed.")).to_be_visible(timeout=60_000)
    assert len(Library(home)) == 91
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 paper removed.")).to_be_hidden(timeout=60_000)
    assert len(Library(home)) == 92


def test_the_map_is_walked_by_keyboard_and_opens_a_paper(page: Page) -> None:
    page.get_by_text("Map", exact=True).click()
    expect(page.get_by_role("list", name="Topics").get_by_role("listitem")).to_have_count(8, timeout=60_000)
    topic = page.get_by_role("list", name="Topics").get_by_role("button").first
    topic.click()
    expect(topic).to_have_attribute("aria-pressed", "true")
    chart = page.get_by_role("application")
    chart.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    title = page.locator(".tip").inner_text()
    expect(chart).to_have_accessible_name(re.compile(re.escape(title)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=30_000)


def test_a_paper_by_itself_lies_in_the_middle_of_the_map(page: Page) -> None:
    search(page, "compress format", "1")
    page.get_by_text("Map", exact=True).click()
    chart = page.get_by_role("application").bounding_box()
    dot = page.get_by_role("application").locator("use").bounding_box()
    assert chart
    assert dot
    assert dot["x"] + dot["width"] / 2 == pytest.approx(chart["x"] + chart["width"] / 2, abs=1)


def test_a_phone_scrolls_none_of_the_pages_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    search(page, "zyxel", "2")
    page.get_by_role("checkbox", name="All on this page").check()
    expect(page.get_by_text("2 chosen")).to_be_visible(timeout=30_000)
    is_narrow(page)
    page.get_by_text("Map", exact=True).click()
    expect(page.get_by_role("application")).to_be_visible(timeout=30_000)
    is_narrow(page)
    page.get_by_text("List", exact=True).click()
    compare(page)
    table = page.get_by_role("region", name="Papers side by side")
    expect(table).to_be_visible(timeout=30_000)
    assert table.evaluate("frame => frame.scrollWidth > frame.clientWidth")
    expect(page.locator("section.more")).to_have_count(1)
    page.get_by_label("Add a question").fill("Which lattices?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Which lattices?")).to_be_in_viewport(ratio=0.9)
    expect(page.locator("section.more")).to_have_count(0)
    is_narrow(page)
    page.get_by_role("rowheader").first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE, timeout=30_000)
    is_narrow(page)


def is_narrow(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_library_that_is_gone_is_told_and_works_again_when_it_is_back(page: Page, home: Path) -> None:
    expect(page.get_by_text("1 to 50 of 92")).to_be_visible(timeout=30_000)
    home.rename(home.parent / "away")
    page.get_by_role("searchbox", name="Search").fill("zyxel")
    expect(page.get_by_text("is gone")).to_be_visible(timeout=30_000)
    (home.parent / "away").rename(home)
    page.reload()
    search(page, "zyxel", "2")
