"""The window as a reader sees it: the real server, a real headless Chromium, every request of both watched."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from connections import only_this_machine
from playwright.sync_api import Browser, Dialog, FilePayload, Page, expect

from eval.bench_window import CHROMIUM

expect.set_options(timeout=30_000)  # milliseconds, on a busy machine
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium-headless-shell")


def started(home: Path, port: int, env: dict[str, str] | None = None) -> tuple[subprocess.Popen[str], str]:
    """The window's server, and the line that says where it is."""
    call = [sys.executable, "-c", "from ui.cli import main; main()", "--no-browser", "--port", str(port)]
    server = subprocess.Popen([*call, "--library", str(home)], stdout=subprocess.PIPE, text=True, env=env)
    assert server.stdout
    return server, server.stdout.readline()


@contextmanager
def serving(home: Path, port: int) -> Iterator[str]:
    """The address of a window over that library, under the settings of the environment; it calls nobody outside."""
    with only_this_machine() as env:
        server, line = started(home, port, env)
        try:
            yield re.findall(r"http://\S+:\d+", line)[0]
        finally:
            server.terminate()
            server.wait(10)


@contextmanager
def watched(
    browser: Browser, address: str, width: int = 1440, height: int = 900, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """A window of its own; at the end, nothing was asked of anyone but its own server, and nothing ran or broke."""
    requests: list[str] = []
    troubles: list[str] = []
    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
    page.context.on("request", lambda request: requests.append(request.url))

    def note_dialog(dialog: Dialog) -> None:
        troubles.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note_dialog)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(address)
    yield page
    page.context.close()
    ours = urlsplit(address).netloc
    assert not [url for url in requests if urlsplit(url.removeprefix("blob:")).netloc != ours]
    assert not troubles


def ask(page: Page, question: str) -> None:
    """Types it and waits for the whole answer."""
    answers = page.locator(".footer")
    before = answers.count()
    page.get_by_placeholder("Ask the papers").fill(question)
    page.keyboard.press("Enter")
    expect(answers).to_have_count(before + 1, timeout=30_000)
    expect(page.get_by_placeholder("Ask the papers")).to_be_focused()  # ready for the next one
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def upload(page: Page, *files: FilePayload) -> None:
    """Drops files into the box of the Add page, and waits until the server has them."""
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_role("button", name=re.compile("^Remove "))).to_have_count(len(files))
    page.wait_for_load_state("networkidle")
