"""What a run was made of: enough to say whether another is comparable, and nothing that is secret or personal."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretBytes, SecretStr

import ingest
import rag
from eval.questions import Question, fingerprint
from eval.statistics import SEED
from rag.config import Settings
from rag.library import Library

SCHEMA = 1  # of run.json, summary.json and the baseline
PACKAGES = ("askpapers", "bm25s", "chromadb", "llama-index-core", "numpy", "onnxruntime", "openai", "tokenizers")
NO_ADDRESS = "not an address"  # recorded in the place of a URL that can't be taken apart
PERSONAL = {"home", "port", "chroma", "llm_parallel"}  # of this machine, and no matter for an answer

Record = dict[str, Any]


def record(
    settings: Settings, library: Library, embedding: str, questions: Iterable[Question], repeat: int = 1
) -> Record:
    """As run.json and summary.json hold it; `embedding` is the encoder's fingerprint."""
    questions = tuple(questions)
    extra = sorted({question.extra for question in questions if question.extra})
    return {
        "schema": SCHEMA,
        "model": str(settings.llm),
        "embedding": embedding,
        "library": {"papers": len(library), "sha256": papers_hash(library), "edition": library.edition},
        "questions": {"count": len(questions), "sha256": fingerprint(questions)},
        "extra_papers": {file.name: sha256(file.read_bytes()).hexdigest() for file in extra},
        "repeat": repeat,
        "seed": SEED,
        "settings": public(settings),
        "code": code_hash(*_folders()),
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "machine": platform.machine(),
    }


def differing(one: Record, other: Record) -> list[str]:
    """The names of what would make two runs' answers differ; an index may have been rebuilt from the same papers."""
    one, other = (_without_edition(record) for record in (one, other))
    return [name for name in one | other if one.get(name) != other.get(name)]


def differences(one: Record, other: Record) -> list[str]:
    """The same, a line each with both values: settings.quotes: 3 -> 5."""
    before, after = (dict(flat(_without_edition(record))) for record in (one, other))
    names = [name for name in before | after if before.get(name) != after.get(name)]
    return [f"{name}: {_short(before.get(name))} -> {_short(after.get(name))}" for name in names]


def flat(record: Record) -> Iterator[tuple[str, object]]:
    """Names and values, what is nested named by both its names: settings.quotes."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", entry) for inner, entry in value.items())
        else:
            yield name, value


def _short(value: object) -> str:
    """A hash by its beginning."""
    text = str(value)
    return text[:8] if len(text) == len(sha256().hexdigest()) else text


def _without_edition(record: Record) -> Record:
    library = {name: value for name, value in record.get("library", {}).items() if name != "edition"}
    return record | {"library": library}


def public(settings: Settings) -> dict[str, Any]:
    """The settings that bear on answers, without anything secret."""
    given = {name: getattr(settings, name) for name in type(settings).model_fields}
    secret = {name for name, value in given.items() if isinstance(value, SecretStr | SecretBytes) or "key" in name}
    kept = settings.model_dump(mode="json", exclude=secret | PERSONAL)
    return {name: address(value) if name.endswith("_url") and value else value for name, value in kept.items()}


def address(url: str) -> str:
    """Scheme, host, port and path alone: names, passwords and keys stand in the rest.

    >>> address("http://me:secret@127.0.0.1:9/v1?key=secret"), address("me:secret@127.0.0.1")
    ('http://127.0.0.1:9/v1', 'not an address')
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return NO_ADDRESS
    if not host or "@" in parts.path + parts.query + parts.fragment:  # where the host ends is anybody's guess
        return NO_ADDRESS
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path}"


def papers_hash(library: Library) -> str:
    """SHA-256 over ids, titles and abstracts, in the library's order."""
    total = sha256()
    for paper in library.papers():
        total.update(json.dumps([paper.id, paper.title, paper.abstract]).encode())
    return total.hexdigest()


def code_hash(*files: Path) -> str:
    """SHA-256 over Python files, and those in folders: an answer by changed code is another answer."""
    sources = [source for file in files for source in (sorted(file.glob("*.py")) if file.is_dir() else [file])]
    return sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()


def _folders() -> tuple[Path, ...]:
    return tuple(Path(str(package.__file__)).parent for package in (rag, ingest))
