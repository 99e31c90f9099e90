"""The commands that the window names, as they are typed. Pure."""

from __future__ import annotations

import shlex
from pathlib import Path

from rag.config import Settings


def eval_run(settings: Settings, *arguments: str) -> str:
    """askpapers eval run, for the library of these settings."""
    elsewhere = () if settings.library == _default(settings) else ("--library", str(settings.library))
    return shlex.join(["askpapers", "eval", "run", *arguments, *elsewhere])


def _default(settings: Settings) -> Path:
    return settings.model_copy(update={"home": None}).library
