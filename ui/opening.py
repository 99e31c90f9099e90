"""From settings to something that answers: shared by the window and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.config import Settings
from rag.library import Library

if TYPE_CHECKING:
    from ingest.add import Progress
    from rag.pipeline import Pipeline


def open_library(settings: Settings, ship: bool, progress: Progress | None = None) -> Library:
    """The library in the settings' folder; when it is new and `ship` is set, the shipped papers are added first."""
    library = Library(settings.library)
    if library.fresh and ship:
        from ingest.add import fill
        from rag.chroma_server import load_server
        from rag.encoder import BundledEncoder

        fill(library, BundledEncoder(), progress, load_server(settings))
    return library


def open_pipeline(library: Library, settings: Settings) -> Pipeline:
    """Ready to answer."""
    from rag.encoder import BundledEncoder
    from rag.pipeline import Pipeline

    return Pipeline(library, BundledEncoder(), settings)
