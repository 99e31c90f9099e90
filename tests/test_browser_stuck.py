"""Whatever is in the way, the window says what happened and what to do, and works again when it is gone: no restart."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import ask, needs_chromium, started, upload, watched
from clock import in_a_browser
from connections import only_this_machine
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect
from test_every_fault import CASES

from eval.replies import Body, Reply, Script, endless, good
from eval.scripted import scripted

pytestmark = [needs_chromium, in_a_browser]

BUSY = """
import sys
from pathlib import Path
from rag.library import Library
with Library(Path(sys.argv[1])).writing():
    print("adding", flush=True)
    sys.stdin.read()
"""
QUESTION = "How much shorter do capsule prompts get?"


@dataclass
class Model:
    """A server that can be ill."""

    script: Script = good

    def reply(self, body: Body) -> Reply:
        return self.script(body) if callable(self.script) else self.script[0]


@dataclass(frozen=True)
class Window:
    """A running one."""

    address: str
    home: Path
    process: int
    model: Model


@pytest.fixture(scope="module")
def window(shipped_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    home = tmp_path_factory.mktemp("stuck") / "home"
    shutil.copytree(shipped_home, home)
    model = Model()
    with scripted(model.reply) as server, only_this_machine() as env:
        mine = {
            "ASKPAPERS_LLM": "local/scripted", "ASKPAPERS_LLM_BASE_URL": server.url, "ASKPAPERS_LLM_TIMEOUT": "2"
        }  # fmt: skip
        process, line = started(home, 8796, env | mine)
        yield Window(re.findall(r"http://\S+:\d+", line)[0], home, process.pid, model)
        process.terminate()
        assert process.wait(10) is not None


@pytest.fixture
def page(browser: Browser, window: Window) -> Iterator[Page]:
    with watched(browser, f"{window.address}/add") as page:
        expect(page.get_by_role("button", name="Add to the library")).to_be_visible()
        yield page
        expect(page.get_by_text("Traceback")).to_have_count(0)
        expect(page.get_by_text("should not have")).to_have_count(0)


def dropped(page: Page) -> Locator:
    """The files in the box."""
    return page.get_by_role("button", name=re.compile(r"^Remove \d+\.json$"))


def drop(page: Page, *numbers: int) -> None:
    """A file a paper."""
    papers = [{"title": f"Zyxel lattices {n}", "abstract": f"Zyxel lattice B{n} folds at {n} kelvin."} for n in numbers]
    files = [FilePayload(name=f"{n}.json", mimeType="", buffer=json.dumps(p).encode()) for n, p in enumerate(papers)]
    upload(page, *files)
    page.get_by_role("button", name="Add to the library").click()


def test_F20_F21_another_process_that_is_adding_is_named_and_then_the_same_files_are_added_and_found(
    page: Page, browser: Browser, window: Window
) -> None:
    with watched(browser, window.address) as other, adding_elsewhere(window.home) as elsewhere:
        ask(other, QUESTION)
        drop(page, 41, 42)
        expect(page.get_by_text(f"Process {elsewhere} is adding to the library")).to_be_visible()
        expect(dropped(page)).to_have_count(2)
        ask(other, "What is MetaCLIP?")
    page.get_by_role("button", name="Add to the library").click()
    expect(page.get_by_text("2 added. The library holds 92 papers.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="0.json")).to_be_visible()
    page.get_by_role("button", name="Ask the papers").click()
    ask(page, "At how many kelvin does Zyxel lattice B42 fold?")
    expect(page.locator(".prose").last).to_contain_text("42 kelvin")


@contextmanager
def adding_elsewhere(home: Path) -> Iterator[int]:
    """The number of another process that is writing to the library."""
    call = [sys.executable, "-c", BUSY, str(home)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "adding\n"
        yield process.pid


@contextmanager
def moved_away(folder: Path, to: Path) -> Iterator[None]:
    """And put back, whatever stands in its place by then."""
    folder.rename(to)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        to.rename(folder)


def test_F29_a_library_that_is_gone_is_told_on_every_page_and_works_again_once_it_is_back(
    page: Page, window: Window, tmp_path: Path
) -> None:
    with moved_away(window.home, tmp_path / "away"):
        drop(page, 50)
        gone = page.get_by_text("is gone. Put the folder back").first
        expect(gone).to_be_visible()
        page.get_by_role("link", name="Models").click()
        page.get_by_role("button", name="Test").click()
        expect(gone).to_be_visible()
        page.get_by_role("link", name="Ask", exact=True).click()
        expect(gone).to_be_visible()
        assert not window.home.exists(), "nothing is made anew in its place"
    ask(page, "What is MetaCLIP?")
    expect(page.locator(".prose").last).to_contain_text("CLIP")


@contextmanager
def no_file_beyond(size: int, process: int) -> Iterator[None]:
    """Its files may not grow beyond that many bytes, as on a disk that is full."""
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("room", "said"), [(10, "can't be set aside"), (50_000, "can't be written")])
def test_F12_a_full_disk_is_told_and_nothing_is_lost(page: Page, window: Window, room: int, said: str) -> None:
    with no_file_beyond(room, window.process):
        drop(page, room)
        expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name="Add to the library").click()
    expect(page.get_by_text(re.compile(r"^1 (?:added|already there)\."))).to_be_visible()


ILL = {
    **{case.name: (case.script, case.sees) for case in CASES},
    "A33 ten megabytes": (endless, "cut in its first sentence"),
}
MET = [
    "F42 429, wait 10 min", "F43 500", "F44 a head, and silence", "F44 silence in the middle", "F45 no finish_reason",
    "F45 content_filter", "F46 closed at once", "F46 cut in the middle", "F47 no JSON", "F47 a web page with 200",
    "F47 null content", "F47 thoughts alone", "A33 ten megabytes",
]  # fmt: skip


def test_F42_F47_A33_whatever_a_model_does_is_told_quotes_answer_in_its_place_and_the_next_question_is_well(
    page: Page, window: Window
) -> None:
    page.get_by_role("link", name="Ask", exact=True).click()
    for name in MET:
        window.model.script, told = ILL[name]
        ask(page, QUESTION)
        note = page.locator(".note").first.inner_text()
        assert re.search(told, note), f"{name}: {note}"
        expect(page.locator(".footer"), name).to_contain_text("extractive · 1 paper quoted")
        expect(page.locator(".prose"), name).to_contain_text("81.4% of the original length")
        window.model.script = good
        ask(page, QUESTION)
        expect(page.locator(".footer").last, name).to_contain_text("local/scripted")
        expect(page.locator("article").last.locator(".note"), name).to_have_count(0)
        page.get_by_role("button", name="Clear", exact=True).click()
        expect(page.locator("article"), name).to_have_count(0)


def test_adding_that_is_stopped_keeps_what_is_finished_and_goes_on(page: Page, window: Window) -> None:
    papers = [{"title": f"Bread {n}", "abstract": f"Loaf B{n} rests {n} hours. Its crumb is open."} for n in range(400)]
    many = FilePayload(name="many.json", mimeType="", buffer=json.dumps(papers).encode())
    upload(page, many)
    page.get_by_role("button", name="Add to the library").click()
    expect(page.get_by_text(re.compile(r"File 1 of 1: \d+ of 400 papers"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Adding was stopped. What was finished is kept")).to_be_visible()
    page.get_by_role("button", name="Add to the library").click()
    page.get_by_role("link", name="Ask", exact=True).click()  # leaving the page stops it too
    ask(page, "How many hours does loaf B3 rest?")
    expect(page.locator(".prose").last).to_contain_text("Loaf B3 rests 3 hours")
    page.get_by_role("link", name="Add").click()
    expect(page.get_by_text("Adding was stopped.")).to_be_visible()
