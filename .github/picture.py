"""Makes the pictures beside it: the real window, real papers, a real question. Run: python .github/picture.py"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from eval.bench_window import CHROMIUM, FLAGS

QUESTIONS = ("How does MetaCLIP compare with CLIP on ImageNet?", "How large is the data set of MetaCLIP?")
COMPARED = ("Demystifying CLIP Data", "CapsFusion", "Improving CLIP Training")  # how their titles begin


def answer(page: Page) -> None:
    """A question and a follow-up, the quote opened beside them."""
    page.get_by_placeholder("Ask the papers").wait_for()
    for place, question in enumerate(QUESTIONS):
        page.get_by_placeholder("Ask the papers").fill(question)
        page.keyboard.press("Enter")
        page.locator(".footer").nth(place).wait_for()
        page.wait_for_timeout(1000)


def map_(page: Page) -> None:
    """All papers by topic."""
    page.set_viewport_size({"width": 1120, "height": 1180})
    page.get_by_role("link", name="Papers").click()
    page.get_by_text("Map", exact=True).click()
    page.get_by_role("application").wait_for()


def comparison(page: Page) -> None:
    """A few papers side by side."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_text("List", exact=True).click()
    for many, words in enumerate(COMPARED, start=1):
        page.get_by_role("searchbox", name="Search").fill(words)
        page.get_by_role("checkbox", name=f"Choose {words}").check()
        page.get_by_text(f"{many} chosen").wait_for()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("region", name="Papers side by side").wait_for()


with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
    call = [sys.executable, "-c", "from ui.cli import main; main()", "--no-browser"]
    server = subprocess.Popen(call, env={"ASKPAPERS_HOME": home, "PATH": "/usr/bin"}, stdout=subprocess.PIPE, text=True)
    try:
        address = re.findall(r"http://\S+:\d+", server.stdout.readline() if server.stdout else "")[0]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        for name, draw in {"window": answer, "map": map_, "comparison": comparison}.items():
            draw(page)
            page.mouse.move(0, 0)
            page.wait_for_timeout(1000)
            page.screenshot(path=Path(__file__).with_name(f"{name}.png"))
    finally:
        server.terminate()
