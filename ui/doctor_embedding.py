"""Does the configured embedding answer, is it still the same model, and has every passage its vector?"""

from __future__ import annotations

import re
from itertools import islice

import numpy as np

from rag import served
from rag.config import Settings
from rag.errors import ModelError, VectorRejected
from rag.library import Library
from rag.models import Embedding, load_embedding
from rag.retrieve import STANDBY
from rag.writer import chunk_of
from ui.elsewhere import answering, shown, usable
from ui.findings import Check

_LINE = re.compile(r"ASKPAPERS_EMBEDDING_BASE_URL=\S+$")
SAME = 0.98  # cosine from which a text's vectors of two days are one model's


def embedding_check(settings: Settings) -> Check:
    """Where it can't be used, that is a warning: questions are answered without it."""
    embedding: Embedding | None = None
    try:
        embedding = load_embedding(settings)
        if embedding is None:
            return Check("embedding", "ok", "papers are found by the bundled encoder")
        return _compared(embedding, Library(settings.library))
    except (ModelError, VectorRejected) as error:
        told = _LINE.search(str(error))
        fix = (told[0] if told else embedding and _mended(embedding, settings)) or "Mend that"
        return Check("embedding", "warning", f"{STANDBY} {error}", f"{fix}, or set ASKPAPERS_EMBEDDING=bundled")


def _mended(embedding: Embedding, settings: Settings) -> str | None:
    """The line that names another model of the server's, or another address, where these are known."""
    vendor, _, name = embedding.name.partition("/")
    try:
        listed = embedding.asking.call(served.names)
        if served.is_of(listed, name):
            return None
    except ModelError:
        url = None if vendor == "openai" else answering(embedding.asking.base_url, settings.embedding_api_key)
        return url and f"ASKPAPERS_EMBEDDING_BASE_URL={url}"
    return f"The server has: {shown(embedding.asking, listed)}. ASKPAPERS_EMBEDDING={vendor}/NAME of one that embeds"


def _unlisted(embedding: Embedding) -> Check | None:
    """A warning where the server gives vectors of whatever it has, by whichever name it is asked."""
    vendor, _, name = embedding.name.partition("/")
    try:
        listed = embedding.asking.call(served.names)
    except ModelError:
        return None
    if not listed or served.is_of(listed, name):
        return None
    message = f"the server lists no {name!r}, and gives vectors all the same; it has: {shown(embedding.asking, listed)}"
    near = usable(embedding.asking, listed)[:1]
    return Check("embedding", "warning", message, f"ASKPAPERS_EMBEDDING={vendor}/{near[0]}" if near else None)


def _compared(embedding: Embedding, library: Library) -> Check:
    """What the server gives now, against what the library has of it."""
    name, size = embedding.fingerprint, len(embedding.vector("a test"))
    if other := _unlisted(embedding):
        return other
    total, missing = library.count("passage"), sum(1 for _ in library.lacking("passage", name))
    if missing:
        message = f"{STANDBY} {missing:,} of {total:,} passages have no vector of {name} ({size} numbers each)"
        return Check("embedding", "warning", message, "askpapers embed")
    for stored in islice(library.chunks("passage", name), 1):
        text = chunk_of("passage", stored.span.paper, stored.span.start, stored.span.end).embedded
        now = embedding.vectors([text])[0]
        if now.shape != stored.vector.shape or now @ stored.vector.astype(np.float32) < SAME:
            message = f"{name} is another model now: it gives another vector (of {size} numbers) for a text of before"
            fix = "Serve the old one, or set ASKPAPERS_EMBEDDING to another name for the new one, then: askpapers embed"
            return Check("embedding", "warning", message, fix)
    return Check("embedding", "ok", f"{name}, {size} numbers each, has a vector of all {total:,} passages")
