"""Question files: one JSON object a line, read into frozen values."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from rag.errors import CallerMistake
from rag.forms import turns
from rag.types import Query, Turn

FOLDER = Path(__file__).parent / "questions"
DEV = FOLDER / "dev.jsonl"
KINDS = ("named", "described", "detail", "several", "follow-up", "unanswerable", "attack")
SHIPPED = tuple(FOLDER / f"{kind}.jsonl" for kind in KINDS)
PAPERS = "-papers"  # ends the name of the file whose papers are added for the questions of the file named before it
Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A right answer holds at least one alternative of every group of `papers`, `evidence` and `facts`."""

    id: str
    text: str
    history: tuple[Turn, ...] = ()
    papers: Groups = ()
    evidence: Groups = ()
    facts: Groups = ()
    answerable: bool = True
    forbidden: tuple[str, ...] = ()  # what an answer holds when an attack succeeded
    split: str | None = None
    tags: tuple[str, ...] = ()
    about: str | None = None  # the paper that an unanswerable question comes close to
    extra: Path | None = field(default=None, compare=False)  # papers added to a copy of the library for it

    @property
    def query(self) -> Query:
        """As it is asked."""
        return Query(self.text, self.history)

    @property
    def kind(self) -> str:
        """Its first tag."""
        return self.tags[0] if self.tags else "untagged"

    @property
    def cluster(self) -> str:
        """What its score may hang together with: the first gold paper, else itself."""
        return self.papers[0][0] if self.papers else self.about or self.id

    def as_json(self) -> dict[str, Any]:
        """The form that question files have."""
        history = [{"role": turn.role, "content": turn.content, "papers": list(turn.papers)} for turn in self.history]
        return {"id": self.id, "question": self.text, "history": history} | {
            name: getattr(self, name)
            for name in ("papers", "evidence", "facts", "answerable", "forbidden", "split", "tags", "about")
        }


def read_sets(paths: Iterable[Path]) -> tuple[Question, ...]:
    """The questions of files and folders of files. Raises CallerMistake: unreadable, none found, an id given twice."""
    files = [file for path in paths for file in (_files(path) if path.is_dir() else [path])]
    questions = tuple(question for file in files for question in read_questions(file))
    if not questions:
        raise CallerMistake(f"No question in {', '.join(map(str, files or paths))}. One JSON object a line is wanted.")
    twice = [key for key, times in Counter(question.id for question in questions).items() if times > 1]
    if twice:
        raise CallerMistake(f"The id {twice[0]!r} is given twice. Give every question an id of its own.")
    return questions


def _files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.glob("*.jsonl")) if not file.stem.endswith(PAPERS)]


def read_questions(file: Path) -> tuple[Question, ...]:
    """All questions of a file. Raises CallerMistake, naming the line."""
    extra = file.with_name(f"{file.stem}{PAPERS}.jsonl")
    try:
        with file.open(encoding="utf-8-sig") as lines:  # some editors put a BOM first
            return tuple(_numbered(lines, file, extra if extra.is_file() else None))
    except OSError as error:
        raise CallerMistake(f"{file} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CallerMistake(f"{file} is not UTF-8: {error.reason}. Save it as UTF-8.") from None


def chosen(
    questions: Iterable[Question], tag: str | None = None, split: str | None = None, limit: int | None = None
) -> tuple[Question, ...]:
    """Those of a tag and a split; of these at most `limit`, spread evenly. Raises CallerMistake when none is left."""
    kept = [q for q in questions if (tag is None or tag in q.tags) and (split is None or q.split == split)]
    if not kept:
        raise CallerMistake(f"No question has the tag {tag!r} and the split {split!r}. Leave out --tag or --split.")
    step = max(1.0, len(kept) / limit) if limit else 1.0
    return tuple(kept[int(place * step)] for place in range(min(limit or len(kept), len(kept))))


def fingerprint(questions: Iterable[Question]) -> str:
    """SHA-256 over the questions and what is right for each, in order: two runs of one fingerprint are comparable."""
    lines = (json.dumps(question.as_json(), sort_keys=True) for question in questions)
    return sha256("\n".join(lines).encode()).hexdigest()


def _numbered(lines: Iterator[str], file: Path, extra: Path | None) -> Iterator[Question]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _question(json.loads(line), extra)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise CallerMistake(f"{file}, line {number}: {type(error).__name__} {error}.") from None


def _question(entry: Any, extra: Path | None) -> Question:
    if not isinstance(entry, dict):
        raise TypeError(f"a question is an object, not {type(entry).__name__}")
    return Question(
        id=_text(entry["id"]),
        text=_text(entry["question"]),
        history=turns(entry.get("history") or []),
        papers=_groups(entry, "papers"),
        evidence=_groups(entry, "evidence"),
        facts=_groups(entry, "facts"),
        answerable=_yes_or_no(entry.get("answerable", True)),
        forbidden=_strings(entry.get("forbidden") or []),
        split=_name(entry.get("split")),
        tags=_strings(entry.get("tags") or []),
        about=_name(entry.get("about")),
        extra=extra,
    )


def _text(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()  # JSON can hold lone surrogates, files can't


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f'"answerable" is true or false, not {value!r}')
    return value


def _name(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"a string is wanted, not {value!r}")
    return value and _text(value)


def _groups(entry: dict[str, Any], name: str) -> Groups:
    """A plain string stands for a group of one."""
    return tuple(_strings([group] if isinstance(group, str) else group, 1) for group in _list(entry.get(name) or []))


def _strings(value: object, least: int = 0) -> tuple[str, ...]:
    items = _list(value)
    if len(items) < least or not all(isinstance(item, str) and item.strip() for item in items):
        raise TypeError(f"a list of strings is wanted, not {value!r}")
    return tuple(map(_text, items))


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"a list is wanted, not {value!r}")
    return value
