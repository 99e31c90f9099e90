"""Two runs compared: what moved, whether that is noise, and the questions that flipped, both answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st

from eval.compare import Change, Flip, asides, changes, flips
from eval.run import SUMMARY
from eval.runs import Contents, Found, checked_summary, contents, state
from ui import tables
from ui.components import show_table, show_words
from ui.resources import lookup
from ui.showing import choose_run, show_result

A_PAGE = 5  # flipped questions
VERDICTS = {"every change": 0, "lost": -1, "won": 1}


def comparison(found: Sequence[Found]) -> None:
    """Chooses two runs and compares them. Raises CallerMistake where they can't be."""
    measured = [run for run in found if run.summary]
    if len(measured) < 2:
        st.markdown("Two runs over the same questions are compared here. Make one before a change, and one after.")
        return
    sides = st.columns(2)
    with sides[1]:
        after = choose_run("B: after", measured, "after")
    with sides[0]:
        before = choose_run("A: before", measured, "before", alike(measured, after))
    compared(before, after)


def alike(runs: Sequence[Found], run: Found) -> int:
    """The place of the newest other run over the same questions, else of any other."""
    others = [place for place, other in enumerate(runs) if other is not run]
    return next((place for place in others if _asked(runs[place]) == _asked(run)), others[0])


def _asked(run: Found) -> object:
    return run.summary and run.summary["run"]["questions"]["sha256"]


def compared(before: Found, after: Found) -> None:
    """What moved, then what flipped."""
    states = (state(run.folder / SUMMARY) for run in (before, after))
    rows, flipped, beside = _compared(before.folder, after.folder, *states)
    if beside:
        st.text("\n".join(beside))
    if any(map(tables.moved, rows)):
        show_table(tables.changed(rows), key="changed")
    same = ", ".join(change.metric.name for change in rows if not tables.moved(change))
    st.text(f"Coloured where p is below 0.05; the rest may be chance. The same for every question: {same or 'none'}.")
    lost, won = (sum(side * flip.gain > 0 for flip in flipped) for side in (-1, 1))
    st.subheader("Questions that flipped", anchor=False)
    st.markdown(f"{lost} lost (right in A, not in B), {won} won, {len(flipped) - lost - won} of another status.")
    if flipped:
        show_flips(flipped, before, after)


@lru_cache(maxsize=20)
def _compared(first: Path, second: Path, *states: tuple[int, int]) -> tuple[list[Change], list[Flip], list[str]]:
    """Once for as long as both runs stay as they are."""
    one, other = checked_summary(first), checked_summary(second)
    return changes(one, other), flips(one, other), asides(one, other)


def show_flips(flipped: Sequence[Flip], before: Found, after: Found) -> None:
    """A page of them."""
    side = VERDICTS[st.segmented_control("Show", list(VERDICTS), default="every change", required=True, key="flips")]
    kept = [flip for flip in flipped if not side or side * flip.gain > 0]
    pages = max(1, -(-len(kept) // A_PAGE))
    page = st.pagination(pages, key=f"flips-{side}") if pages > 1 else 1
    sides = contents(before.folder), contents(after.folder)
    for place, flip in enumerate(kept[(page - 1) * A_PAGE : page * A_PAGE]):
        with st.container(border=True):
            show_flip(flip, sides, place)


def show_flip(flip: Flip, sides: tuple[Contents, Contents], place: int) -> None:
    """A question, and what both runs answered."""
    verdict = "lost" if flip.gain < 0 else "won" if flip.gain > 0 else "another status"
    asked = sides[0].questions.get(flip.id)
    show_words(
        [("small", f"{verdict} · {flip.kind} · {flip.id}"), ("asked", asked.text if asked else "")], f"flip-{place}"
    )
    for name, box, side in zip("AB", st.columns(2), sides, strict=True):
        answer = side.results.get((flip.id, 1))
        with box:
            show_words(
                [("small", f"{name}: {answer.status if answer else 'no answer can be read'}")], f"flip-{name}-{place}"
            )
            if answer:
                show_result(answer, lookup(), f"flip-answer-{name}-{place}")
