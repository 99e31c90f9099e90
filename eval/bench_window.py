"""How quick the window is, as a real browser sees it: first paint, first word, reruns of long chats, memory.

Needs Chromium and the test extra's playwright. It imports nothing of the window: it asks it, as a reader does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from eval.bench_papers import shipped
from eval.figure import Figure
from eval.questions import DEV, read_questions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MESSAGES = (2, 50, 200)
WINDOWS = 10
SHOWN = 10  # exchanges of a long chat that the page shows
BUILDS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the lightest first
CHROMIUM = next(filter(None, map(shutil.which, BUILDS)), None)
REPEATS = 9  # reruns of which the median is taken
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
BOX = "Ask the papers"
RERUN = """button => new Promise((done) => {
  const app = document.querySelector('[data-testid="stApp"]'), begun = performance.now();
  const watch = new MutationObserver((changes) => {
    if (changes.some(({ oldValue }) => oldValue === "running")) (watch.disconnect(), done(performance.now() - begun));
  });
  watch.observe(app, { attributes: true, attributeOldValue: true, attributeFilter: ["data-test-script-state"] });
  button.click();
})"""
FIRST_WORD = """(question) => { window.firstWord = new Promise((done) => {
  document.addEventListener("keydown", () => {
    const begun = performance.now();
    const look = () => {
      const hosts = [...document.querySelectorAll("*")].filter((element) => element.shadowRoot);
      const last = hosts.map((host) => host.shadowRoot.querySelector("article")).filter(Boolean).at(-1);
      const growing = [...document.querySelectorAll('[data-testid="stText"]')].map((element) => element.textContent);
      const isThere = last?.querySelector(".prose") || growing.some((text) => text && !text.endsWith(" ..."));
      if (isThere && last?.querySelector(".question")?.textContent === question) done(performance.now() - begun);
      else requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
}); }"""


def window_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Over the shipped papers."""
    from playwright.sync_api import sync_playwright

    home = shipped(folder).folder
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cold = [_cold(browser, home) for _ in range(repeats)]
        yield Figure("first paint of a cold window", median(paint for paint, _ in cold), "s")
        yield Figure("first answer of a cold window", median(answered for _, answered in cold), "s")
        with _served(home) as (server, address), ExitStack() as opened:
            yield from _chat(opened.enter_context(_page(browser, address)))
            one = _resident(server)
            for _ in range(WINDOWS - 1):
                _ask(opened.enter_context(_page(browser, address)), "What is MetaCLIP?", 1)
            yield Figure(f"memory of the server, {WINDOWS} windows", _resident(server), "MB", "one window", one)


def _cold(browser: Browser, home: Path) -> tuple[float, float]:
    """Seconds from the command to the page, and to the answer of a question asked at once."""
    begun = time.perf_counter()
    with _served(home) as (_, address), _page(browser, address) as page:
        painted = time.perf_counter() - begun
        _ask(page, "What is MetaCLIP?", 1)
        return painted, time.perf_counter() - begun


def _chat(page: Page) -> Iterator[Figure]:
    """One long chat: how soon a word is seen, and how long a rerun takes as it grows."""
    words: list[float] = []
    for count, question in enumerate(_questions(max(MESSAGES) // 2), start=1):
        words.append(_first_word(page, question, count))
        if 2 * count in MESSAGES:
            took = median(_rerun(page, page.locator(".rate").last.element_handle()) for _ in range(REPEATS))
            yield Figure(f"rerun at {2 * count} messages", took, "ms", aim="150")
    yield Figure("from Enter to the first word", median(words), "ms", aim="300")


def _questions(count: int) -> list[str]:
    asked = [q.text for q in read_questions(DEV) if q.answerable and not q.history]
    return (asked * (1 + count // len(asked)))[:count]


def _rerun(page: Page, button: object) -> float:
    page.wait_for_timeout(200)
    return float(page.evaluate(RERUN, button))


def _first_word(page: Page, question: str, count: int) -> float:
    from playwright.sync_api import expect

    box = page.get_by_placeholder(BOX)
    box.fill(question)
    page.evaluate(FIRST_WORD, question)
    box.press("Enter")
    took = float(page.evaluate("window.firstWord"))
    expect(page.locator(".footer")).to_have_count(min(count, SHOWN))
    page.wait_for_timeout(300)
    return took


def _ask(page: Page, question: str, count: int) -> None:
    page.get_by_placeholder(BOX).fill(question)
    page.keyboard.press("Enter")
    page.locator(".footer").nth(count - 1).wait_for()


@contextmanager
def _page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.get_by_placeholder(BOX).wait_for()
    yield page
    context.close()


@contextmanager
def _served(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    call = [sys.executable, "-c", "from ui.cli import main; main()", "--no-browser", "--library", str(home)]
    server = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout  # noqa: S101
        yield server, re.findall(r"http://\S+:\d+", server.stdout.readline())[0]
    finally:
        server.terminate()
        server.wait(10)


def _resident(server: subprocess.Popen[str]) -> float:
    """Its memory, in MB."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
