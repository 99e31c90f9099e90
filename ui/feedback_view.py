"""Thumbs down from the chat, and keeping them as questions of one's own set."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import streamlit as st

from eval.feedback import FILE, Thumb, read_thumbs
from eval.kept import FILE as QUESTIONS
from eval.kept import keep, kept, kept_as, question_of, take_back
from eval.questions import Question
from rag.config import Settings
from rag.errors import AskpapersError
from rag.types import Paper
from ui.commands import eval_run
from ui.components import show_words
from ui.permission import READ_ONLY, may_change
from ui.resources import library, lookup
from ui.showing import WIDTH, number, show_result, unreadable
from ui.tables import when

A_PAGE = 10  # thumbs
MOST = 2000  # papers of the library to choose from, beside those that were found; of more, ids and titles are typed


def thumbs_down(settings: Settings) -> None:
    """The list, newest first, and how to run what was kept. Raises CallerMistake where a file can't be read."""
    if not may_change(settings):  # nor are others shown what was asked here
        st.text(READ_ONLY)
        return
    thumbs, lost = read_thumbs(settings.library / FILE)
    file = settings.library / QUESTIONS
    questions = {question.id: question for question in kept(file)}
    unreadable(lost, FILE)
    if questions:
        how_to_run(settings, file, len(questions))
    down = [thumb for thumb in thumbs if thumb.rating == "down"]
    if not down:
        none_yet(len(thumbs))
        return
    pages = -(-len(down) // A_PAGE)
    page = st.pagination(pages, key="thumbs") if pages > 1 else 1
    for thumb in down[(page - 1) * A_PAGE : page * A_PAGE]:
        with st.container(border=True, width=WIDTH):
            show_thumb(thumb, questions.get(kept_as(thumb)), file, settings)


def none_yet(up: int) -> None:
    """What would be here."""
    praise = f" So far: {number(up, 'thumb')} up." if up else ""
    st.markdown(f"No thumb down in the chat yet. An answer that gets one can be kept here as a question.{praise}")


def how_to_run(settings: Settings, file: Path, count: int) -> None:
    """The command for the questions that are kept."""
    st.markdown(f"{number(count, 'question')} kept. How they fare now, this says; the run shows up under Runs.")
    st.code(eval_run(settings, "--questions", str(file)), language=None, wrap_lines=True)


def show_thumb(thumb: Thumb, question: Question | None, file: Path, settings: Settings) -> None:
    """What was asked, why it is not liked, and what can be made of it."""
    small = f"{when(thumb.time)} · {thumb.answer.model} · {thumb.answer.status}"
    alone = thumb.answer.standalone_question
    understood = f"Understood as: {alone}" if alone != thumb.question else ""
    words = [("small", small), ("asked", thumb.question), ("small", understood), ("said", thumb.why)]
    show_words(words, f"thumb-{thumb.id}")
    with st.expander("What was answered"):
        show_result(thumb.answer, lookup(), f"thumb-answer-{thumb.id}")
    if question:
        show_kept(question, file)
    elif st.session_state.get("keeping") == thumb.id:
        choose_papers(thumb, file, settings)
    else:
        st.button("Keep as a question", key=f"keep-{thumb.id}", on_click=begin, args=(thumb.id,))


def begin(key: str) -> None:
    """Opens the choice of papers for one thumb; there is room for one."""
    st.session_state.keeping = key


def show_kept(question: Question, file: Path) -> None:
    """As what, and a way back."""
    known = lookup()
    titles = [paper.title if (paper := known(group[0])) else group[0] for group in question.papers]
    right = (
        f"a right answer cites {' and '.join(f'“{title}”' for title in titles)}" if titles else "right is to abstain"
    )
    show_words([("small", f"Kept as {question.id}: {right}.")], f"kept-{question.id}")
    st.button("Take back", key=f"back-{question.id}", on_click=attempt, args=(take_back, file, question.id))
    problem()


def choose_papers(thumb: Thumb, file: Path, settings: Settings) -> None:
    """Which papers a right answer cites; that there are none is said on purpose, not by leaving it empty."""
    papers = candidates(thumb, settings)
    none = st.session_state.get(f"none-{thumb.id}", False)
    chosen = st.multiselect(
        "Papers that a right answer cites, all of them",
        list(papers),
        format_func=lambda key: papers[key].title if key in papers else key,
        key=f"papers-{thumb.id}",
        placeholder="Choose, or type an id or a title",
        accept_new_options=True,
        select_all=False,
        disabled=none,
    )
    st.checkbox("None: the papers don't say, and a right answer abstains", key=f"none-{thumb.id}")
    wanted = () if none else tuple(chosen)
    with st.container(horizontal=True):
        arguments = (keep_it, file, thumb, wanted, settings)
        ready = none or bool(chosen)
        st.button("Keep", key=f"kept-{thumb.id}", disabled=not ready, on_click=attempt, args=arguments)
        st.button("Cancel", key=f"cancel-{thumb.id}", on_click=begin, args=("",))
    problem()


def candidates(thumb: Thumb, settings: Settings) -> dict[str, Paper]:
    """Papers by id: cited, then found, then the library's, unless these are too many for a list."""
    known, store = lookup(), library(settings)
    near = [*(c.paper.id for c in thumb.answer.citations), *(p.paper_id for p in thumb.answer.passages)]
    first = {key: paper for key in near if (paper := known(key))}
    rest = {paper.id: paper for paper in store.papers()} if len(store) <= MOST else {}
    return first | {key: paper for key, paper in rest.items() if key not in first}


def keep_it(file: Path, thumb: Thumb, names: Collection[str], settings: Settings) -> None:
    """With papers by id or title. Raises UnknownPaper, CallerMistake or LibraryError."""
    keep(file, question_of(thumb, [library(settings).paper(name).id for name in names]))
    st.session_state.keeping = ""


def attempt(act: object, *arguments: object) -> None:
    """Does it, or notes why it can't be done."""
    st.session_state.pop("problem", None)
    try:
        act(*arguments)  # type: ignore[operator]
    except AskpapersError as error:
        st.session_state.problem = str(error)


def problem() -> None:
    """What went wrong at the last click."""
    if said := st.session_state.get("problem"):
        st.text(said)
