"""What a run was made of: enough to say whether another is comparable, and nothing that is secret or personal."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import SecretBytes, SecretStr

import ingest
import rag
from eval.questions import Question, fingerprint
from eval.statistics import SEED
from rag.config import Settings
from rag.library import Library

SCHEMA = 1  # of run.json, summary.json and the baseline
PACKAGES = ("askpapers", "bm25s", "chromadb", "llama-index-core", "numpy", "onnxruntime", "openai", "tokenizers")
PERSONAL = {"home", "port"}  # of this machine, and no matter for an answer

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


def _without_edition(record: Record) -> Record:
    library = {name: value for name, value in record.get("library", {}).items() if name != "edition"}
    return record | {"library": library}


def public(settings: Settings) -> dict[str, Any]:
    """The settings that bear on answers, without anything secret."""
    given = {name: getattr(settings, name) for name in type(settings).model_fields}
    secret = {name for name, value in given.items() if isinstance(value, SecretStr | SecretBytes) or "key" in name}
    return settings.model_dump(mode="json", exclude=secret | PERSONAL)


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
