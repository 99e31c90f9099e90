"""The real parts, made once: the bundled encoder, a library with the shipped papers, a pipeline over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.add import fill
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline

SHARED = Path(__file__).resolve().parents[2] / "shared"


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


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty one."""
    return Library(tmp_path / "library")
