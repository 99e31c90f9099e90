"""A key that every test and every process it starts has, and the search for it in all that they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

KEY = "sk-canary-not-to-be-seen-0123456789"
SETTINGS = ("ASKPAPERS_LLM_API_KEY", "ASKPAPERS_EMBEDDING_API_KEY")
MOST = 16_000_000  # bytes of a file that are searched; what is larger is papers


def seen(folder: Path) -> Iterator[Path]:
    """The files below the folder that hold it, in their bytes or their names."""
    for file in folder.rglob("*"):
        if KEY in file.name or (file.is_file() and not file.is_symlink() and KEY.encode() in _beginning(file)):
            yield file


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST)
    except FileNotFoundError:  # a process that was killed by a test may still be at it
        return b""
