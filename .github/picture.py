"""Makes the README's pictures beside it, from the real window. Run: python .github/picture.py"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

QUESTIONS = ("How does MetaCLIP compare with CLIP on ImageNet?", "How large is the data set of MetaCLIP?")
COMPARED = 3  # papers
SETTLED = 1500  # milliseconds after which nothing moves any more


def chat(page: Page) -> None:
    """Two questions, the evidence of the second beside it."""
    for place, question in enumerate(QUESTIONS):
        page.get_by_placeholder("Ask the papers").fill(question)
        page.keyboard.press("Enter")
        page.locator(".footer").nth(place).wait_for()
        page.wait_for_timeout(SETTLED)


def topics(page: Page) -> None:
    """The shipped papers as a map."""
    page.get_by_role("link", name="Papers").click()
    page.get_by_role("radio", name="Map").click()
    page.locator("svg [role=img], svg [role=link], svg g").first.wait_for()


def compare(page: Page) -> None:
    """Some of them side by side."""
    page.get_by_role("radio", name="List").click()
    boxes = page.get_by_role("checkbox")
    boxes.nth(COMPARED).wait_for()
    for place in range(2, 2 + COMPARED):
        boxes.nth(place).check()
        page.wait_for_timeout(SETTLED)
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("columnheader").first.wait_for()


with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
    call = [sys.executable, "-c", "from ui.cli import main; main()", "--no-browser"]
    server = subprocess.Popen(call, env={"ASKPAPERS_HOME": home, "PATH": "/usr/bin"}, stdout=subprocess.PIPE, text=True)
    address = re.findall(r"http://\S+:\d+", server.stdout.readline() if server.stdout else "")[0]
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.get_by_placeholder("Ask the papers").wait_for()
    for name, show in (("window", chat), ("map", topics), ("compare", compare)):
        show(page)
        page.mouse.move(0, 0)
        page.wait_for_timeout(SETTLED)
        page.screenshot(path=Path(__file__).with_name(f"{name}.png"))
    server.terminate()
