"""The real parts, made once: the bundled encoder, a library with the shipped papers, a pipeline over it."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from canary import KEY, SETTINGS, seen
from embedding import configure
from playwright.sync_api import Browser, sync_playwright

from eval.bench_window import CHROMIUM, FLAGS
from eval.scripted import Server, scripted
from ingest.add import fill
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline

SHARED = Path(__file__).resolve().parents[2] / "shared"
collect_ignore = ["watched"]  # watches the process that imports it, which is to be a test's, not this one


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """A shell starts what it puts into the background deaf to it, and so would be the processes that tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


SHOWN_IN = pytest.StashKey[list[str]]()


@pytest.fixture(autouse=True, scope="session")
def _a30_the_key_is_in_nothing_that_is_written(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[None]:
    """All tests, and what they start, have a key; at the end it is looked for in their folders and what they said."""
    with pytest.MonkeyPatch.context() as patch:
        for setting in SETTINGS:
            patch.setenv(setting, KEY)
        yield
    assert not [*map(str, seen(tmp_path_factory.getbasetemp())), *request.config.stash[SHOWN_IN]]


def pytest_configure(config: pytest.Config) -> None:
    """Nobody has shown it yet."""
    config.stash[SHOWN_IN] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Looks for the key in what a test printed and logged."""
    report = yield
    if any(KEY in text for _, text in report.sections):
        item.config.stash[SHOWN_IN].append(item.nodeid)
    return report


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or fills the library of whoever runs it."""
    monkeypatch.setenv("ASKPAPERS_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def encoder() -> BundledEncoder:
    return BundledEncoder()


@pytest.fixture(scope="session")
def shipped_home(tmp_path_factory: pytest.TempPathFactory, encoder: BundledEncoder) -> Path:
    """A folder whose library holds the shipped papers; tests that change it copy it first."""
    home = tmp_path_factory.mktemp("shipped")
    fill(Library(home), encoder)
    return home


@pytest.fixture(scope="session")
def shipped(shipped_home: Path) -> Library:
    return Library(shipped_home)


@pytest.fixture(scope="session")
def pipeline(shipped: Library, encoder: BundledEncoder) -> Pipeline:
    return Pipeline(shipped, encoder, Settings())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty one."""
    return Library(tmp_path / "library")


@pytest.fixture
def own(shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The shipped papers, in a library that the test may change."""
    shutil.copytree(shipped_home, tmp_path / "own")
    monkeypatch.setenv("ASKPAPERS_HOME", str(tmp_path / "own"))
    return Library(tmp_path / "own")


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.fixture
def configured(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """What the commands are told to ask."""
    configure(server, monkeypatch)
    return server


@pytest.fixture
def home(shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A default library of the test's own, holding the shipped papers; a window that opened it forgets it again."""
    folder = tmp_path / "own"
    shutil.copytree(shipped_home, folder)
    monkeypatch.setenv("ASKPAPERS_HOME", str(folder))
    yield folder
    if streamlit := sys.modules.get("streamlit"):
        streamlit.cache_resource.clear()
