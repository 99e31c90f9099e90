"""Makes window.png beside it: the real window, a real question, a citation opened. Run: python .github/picture.py"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

QUESTIONS = ("How does MetaCLIP compare with CLIP on ImageNet?", "How large is the data set of MetaCLIP?")

with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
    call = [sys.executable, "-c", "from ui.cli import main; main()", "--no-browser"]
    server = subprocess.Popen(call, env={"ASKPAPERS_HOME": home, "PATH": "/usr/bin"}, stdout=subprocess.PIPE, text=True)
    address = re.findall(r"http://\S+:\d+", server.stdout.readline() if server.stdout else "")[0]
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.get_by_placeholder("Ask the papers").wait_for()
    for place, question in enumerate(QUESTIONS):
        page.get_by_placeholder("Ask the papers").fill(question)
        page.keyboard.press("Enter")
        page.locator(".footer").nth(place).wait_for()
        page.wait_for_timeout(1000)
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    page.screenshot(path=Path(__file__).with_name("window.png"))
    server.terminate()
