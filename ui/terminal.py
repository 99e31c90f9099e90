"""What the command line shows to people. Text from papers is cleared of what would steer a terminal."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:  # what is printed, not what makes it: listing papers loads no model
    from ingest.add import Summary
    from rag.stream import AnswerStream
    from rag.types import Answer, Paper
    from ui.findings import Check

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
SHOWN_REFUSALS = 10  # of a file; --json lists more


def printable(text: str) -> str:
    """Without control, bidi and other invisible characters; line breaks stay."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})


def print_stream(stream: AnswerStream) -> Answer:
    """Writes the answer as it comes; what does not stand any more is said to be withdrawn, and written anew."""
    from rag.stream import Redrawn

    written = False
    with closing(stream):
        for piece in stream:
            if written and isinstance(piece, Redrawn):
                print("\n(The text above is withdrawn.)\n")
            print(printable(piece), end="", flush=True)
            written = written or bool(piece)
        print()
        return stream.answer


def print_answer(answer: Answer) -> None:
    """What stands under the text: why not, the sources, the nearest papers."""
    for note in (answer.fallback, *answer.notes):
        if note:
            print_aside(note)
    if answer.reason:
        failed = answer.status == "failed"
        print(
            printable(f"askpapers: {answer.reason}" if failed else answer.reason), file=sys.stderr if failed else None
        )
    sources: dict[Paper, str] = {}
    for citation in answer.citations:
        paper = citation.span.paper
        sources[paper] = sources.get(paper, "") + f"[{citation.number}]"
    for paper, marks in sources.items():
        tail = ", ".join(str(part) for part in (paper.year, paper.url) if part)
        print(printable(f"\n{marks} {paper.title}{f' ({tail})' if tail else ''}"))
    if answer.status == "abstained" and answer.passages:
        print("Nearest papers:")
        for passage in answer.passages:
            print(printable(f"  {passage.span.paper.title}"))


def print_aside(message: str) -> None:
    """What is no part of the answer, on stderr."""
    print(printable(f"Note: {message}"), file=sys.stderr)


def escaped(text: str) -> str:
    """What is not `printable` written out, as \\u202e: nothing is hidden, and nothing steers a terminal."""
    return "".join(c if printable(c) else c.encode("unicode_escape").decode() for c in text)


def print_prompt(answer: Answer) -> None:
    """On stderr, so that JSON stays JSON."""
    if not answer.prompt:
        print("Nothing was sent to any model: this answer is made of the papers' own sentences.", file=sys.stderr)
    for message in answer.prompt:
        print(escaped(f"--- {message.role} ---\n{message.content}"), file=sys.stderr)


def print_summary(summaries: Iterable[Summary], total: int) -> None:
    """A line a file, the refused records under it."""
    for summary in summaries:
        counts = f"{summary.added:,} added, {summary.unchanged:,} already there, {summary.updated:,} updated"
        print(printable(f"{summary.path}: {counts}, {len(summary.refused):,} refused"))
        for refusal in summary.refused[:SHOWN_REFUSALS]:
            print(printable(f"  {refusal.where}: {refusal.reason}" if refusal.where else f"  {refusal.reason}"))
        if len(summary.refused) > SHOWN_REFUSALS:
            print(f"  ... and {len(summary.refused) - SHOWN_REFUSALS:,} more; --json lists them")
    print(f"The library holds {total:,} papers.")


def print_check(check: Check) -> None:
    """In a line, with what mends it."""
    print(printable(f"{MARKS[check.status]} {check.name}: {check.message}"), flush=True)
    if check.fix:
        print(printable(f"    {check.fix}"), flush=True)


class _Rate(ProgressColumn):
    """Papers a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on stderr with rate and time left; None when nobody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(printable(what).replace("[", r"\["), total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield step
