"""The JSON forms that other programs rely on: answers out, history in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rag.errors import CallerMistake
from rag.types import Answer, Citation, Passage, Statement, Turn


def answer_json(answer: Answer, key: str | None = None) -> dict[str, Any]:
    """The Answer object; `key` is the id of the question it answers."""
    return {
        "id": key,
        "question": answer.question,
        "standalone_question": answer.standalone_question,
        "status": answer.status,
        "reason": answer.reason,
        "fallback": answer.fallback,
        "text": answer.text,
        "statements": list(map(_statement, answer.statements)),
        "citations": list(map(_citation, answer.citations)),
        "passages": list(map(_passage, answer.passages)),
        "confidence": round(answer.confidence, 4),
        "notes": list(answer.notes),
        "model": answer.model,
        "usage": dict(answer.usage),
        "timings": dict(answer.timings),
    }


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "text": statement.text,
        "citations": list(statement.citations),
        "support": statement.support,
        "score": statement.score,
    }


def _citation(citation: Citation) -> dict[str, Any]:
    span, paper = citation.span, citation.span.paper
    return {
        "number": citation.number,
        "paper": {"id": paper.id, "title": paper.title, "url": paper.url, "year": paper.year},
        "quote": span.text,
        "start": span.start,
        "end": span.end,
    }


def _passage(passage: Passage) -> dict[str, Any]:
    paper = passage.span.paper
    return {"paper_id": paper.id, "title": paper.title, "score": round(passage.score, 4), "text": passage.span.text}


def read_history(file: Path) -> tuple[Turn, ...]:
    """Turns from a JSON array. Raises CallerMistake."""
    try:
        return turns(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CallerMistake(f"The history in {str(file)!r} can't be read: {error}.") from None


def turns(entries: object) -> tuple[Turn, ...]:
    """From a list of {"role", "content", "papers"}. Raises ValueError."""
    if not isinstance(entries, list):
        raise ValueError("it must be a list of turns")
    return tuple(map(_turn, entries))


def _turn(entry: Any) -> Turn:
    match entry:
        case {"role": "user" | "assistant" as role, "content": str(content), **rest}:
            papers = rest.get("papers") or []
            if isinstance(papers, list):
                return Turn(role, _writable(content), tuple(map(_writable, papers)))
    raise ValueError('a turn is {"role": "user" or "assistant", "content": "...", "papers": ["..."]}')


def _writable(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()  # JSON can hold lone surrogates, files and pages can't
