"""A folder held by one process, and known by which."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class HeldByAnother(Exception):
    """Its text is the number of the process that holds it, or "?"."""


@contextmanager
def held(folder: Path, name: str, wait: float) -> Iterator[None]:
    """By the system's own lock (NAME.lock), which ends with the process; its number is in NAME.pid meanwhile.

    Raises HeldByAnother after `wait` seconds, and OSError.
    """
    pid = folder / f"{name}.pid"
    try:
        lock = FileLock(folder / f"{name}.lock").acquire(timeout=wait)
    except Timeout:
        raise HeldByAnother(_text(pid)) from None
    with lock:
        pid.write_text(str(os.getpid()))
        try:
            yield
        finally:
            pid.unlink(missing_ok=True)


def is_held(folder: Path, name: str) -> bool:
    """Whether a process holds it just now."""
    try:
        with FileLock(folder / f"{name}.lock").acquire(timeout=0):
            return False
    except Timeout:
        return True


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return "?"
