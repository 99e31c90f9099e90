"""The chat: one page, read from top to bottom. A live chat lives in its own session; what was answered is kept."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from rag.config import Settings, load_settings
from rag.errors import AskpapersError, LibraryError
from rag.pipeline import LONGEST, settled
from rag.stream import AnswerStream, paintings
from rag.types import EVERYTHING, Answer, Query, Scope
from ui.chat import Exchange, history
from ui.components import exchange_shower, show_starters
from ui.conversation_list import chat_title, keep_chat, show_conversations
from ui.drawn import drawn
from ui.export_view import show_export
from ui.permission import READ_ONLY, may_change
from ui.resources import beginnings, library, pipeline
from ui.scope_view import bind, scope, show_scope
from ui.thumbs import rate

PACE = 0.05  # seconds between two paintings of a growing answer
WIDTH = 640  # pixels
AT_ONCE = 10  # exchanges on the page: drawing them anew costs; earlier ones are shown when asked for


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way; which papers are asked, where it was asked before."""

    text: str
    is_loose: bool = False
    scope: Scope | None = None


def page() -> None:
    """Draws the chat, and answers what was asked."""
    chat: list[Exchange] = st.session_state.setdefault("chat", [])
    if paper := st.session_state.pop("visited", None):
        st.switch_page("papers_page.py", query_params={"paper": paper})
    try:
        converse(chat, load_settings())
    except AskpapersError as problem:
        st.text(str(problem))


def converse(chat: list[Exchange], settings: Settings) -> None:
    """Everything on the page. Raises AskpapersError."""
    with st.sidebar:
        show_conversations(may_change(settings))
    head(chat)
    talk, first_screen = st.container(width=WIDTH), st.empty()
    asked = st.session_state.pop("asked", None)
    asked = box(settings, rests=asked is not None) or asked
    with talk:
        show_chat(chat)
    if unkept := st.session_state.get("unkept"):
        st.text(unkept)
    if not chat and not asked:
        with first_screen.container():
            welcome(settings)
    if asked:
        first_screen.empty()
        with talk:
            answer(asked, chat, settings)
    for note in pipeline(settings).retriever.notes:  # opened while the first question is being thought of
        st.text(note)


def box(settings: Settings, rests: bool) -> Asked | None:
    """Where questions are typed, under the line that says who is asked.

    It `rests` while something that was not typed there is answered: Enter would end that answer. After what was typed
    there it rests by itself. What is half typed stays in it.
    """
    with st.bottom.container(width=WIDTH, gap="xsmall"):
        try:
            show_scope(library(settings))
        except LibraryError:
            st.space("small")  # what is wrong is said above, by the answer or in its place
        typed = st.chat_input("Ask the papers", max_chars=LONGEST, submit_mode="stop", disabled=rests)
    return Asked(typed) if typed else None


def head(chat: list[Exchange]) -> None:
    """What can be done with the whole chat."""
    with st.container(horizontal=True, vertical_alignment="center", width=WIDTH):
        if not chat:
            st.title("askpapers", anchor=False)
        if chat:
            show_export(chat_title(), chat)
            st.button("Clear", icon=":material/delete_sweep:", type="tertiary", on_click=forget, args=(0,))
        if "forgotten" in st.session_state:
            st.button("Undo", icon=":material/undo:", type="tertiary", on_click=restore)


def welcome(settings: Settings) -> None:
    """What this is, and questions to begin with."""
    held = library(settings)
    if not len(held):
        st.markdown("The library holds no papers yet. Add some, or in a terminal: `askpapers ingest PATH`")
        st.page_link("add_page.py", label="Add papers", icon=":material/upload_file:")
        return
    backed = "quoted from an abstract" if settings.llm == "extractive" else "held against quotes from abstracts"
    st.markdown(
        f"Ask the {len(held):,} papers of this library a question. Every sentence of an answer is {backed}; point at "
        "a number to see the quote, click it to see where it stands. Where the abstracts don't hold the answer, you "
        "are told.",
        width=WIDTH,
    )
    about, questions = beginnings(held, held.edition)
    if about:
        st.text(f"Often about: {', '.join(about)}.", width=WIDTH)
    if clicked := show_starters(questions, key="starters"):
        st.session_state.asked = Asked(clicked)
        st.rerun()


def forget(place: int) -> None:
    """Takes the chat back to that place; that can be undone until the next question is answered."""
    chat: list[Exchange] = st.session_state.chat
    st.session_state.forgotten, st.session_state.chat = chat, chat[:place]


def restore() -> None:
    """Takes the forgetting back."""
    st.session_state.chat = st.session_state.pop("forgotten")


def answer(asked: Asked, chat: list[Exchange], settings: Settings) -> None:
    """Streams the answer into the page, then keeps it; what is stopped stays a question."""
    whom = scope() if asked.scope is None else asked.scope
    query = Query(asked.text, history(chat), whom, asked.is_loose)
    chat.append(Exchange(asked.text, scope=whom))
    live = chat[-1]
    exchange_shower()(drawn(live, is_live=True, is_fresh=False), live.key, lambda: None)
    place = st.empty()
    found = settled(query, lambda: streamed(pipeline(settings).ask(query), place))
    chat[-1] = replace(live, answer=found)  # what was painted stays until the next run, which draws the whole
    if found.status != "failed":
        keep_chat(may_change(settings))
    st.session_state.fresh = live.key
    st.rerun()


def streamed(stream: AnswerStream, place: st.delta_generator.DeltaGenerator) -> Answer:
    """Paints what is there so far, as plain text, or what is being done."""
    was_text, painted_at = False, 0.0
    with closing(stream):  # Stop ends the script at the next painting, and a model's request with it
        for text in paintings(stream):
            if bool(text) != was_text or time.monotonic() - painted_at >= PACE:  # also where nothing new came
                place.text(text or f"{stream.doing} ...")
                was_text, painted_at = bool(text), time.monotonic()
        return stream.answer


def show_chat(chat: list[Exchange]) -> None:
    """The newest exchanges, so that a long chat stays quick, and a way to the earlier ones."""
    most = st.session_state.get("shown", AT_ONCE)
    first, show = max(0, len(chat) - most), exchange_shower()
    if first:
        st.button(f"Show earlier questions ({first:,})", type="tertiary", on_click=show_more, args=(most + AT_ONCE,))
    for place, exchange in enumerate(chat[first:], start=first):
        is_fresh = st.session_state.get("fresh") == exchange.key
        data = drawn(exchange, is_live=False, is_fresh=is_fresh) | st.session_state.get(f"rated-{exchange.key}", {})
        data["missed"] = st.session_state.get(f"missed-{exchange.key}", 0)
        show(data, exchange.key, partial(act, exchange.key, place))
        if problem := st.session_state.get(f"unkept-{exchange.key}"):
            st.text(problem)


def show_more(most: int) -> None:
    """Of the chat."""
    st.session_state.shown = most


def act(key: str, place: int) -> None:
    """What the reader did with the exchange at that place; the page is drawn anew right after."""
    did: dict[str, Any] = st.session_state[key].did or {}
    chat: list[Exchange] = st.session_state.chat
    match did.get("what"), did.get("value"):
        case "edit", str(text):
            ask_again(place, Asked(text[:LONGEST]))
        case "again", _:
            ask_again(place, Asked(chat[place].question, scope=chat[place].scope))
        case "looser", _:
            ask_again(place, Asked(chat[place].question, is_loose=True, scope=chat[place].scope))
        case "wider", _:
            bind(EVERYTHING)
            ask_again(place, Asked(chat[place].question))
        case "missed", _:  # the page still shows what was, and is not drawn anew where nothing differs
            st.session_state[f"missed-{key}"] = st.session_state.get(f"missed-{key}", 0) + 1
        case "rate", dict(given):
            keep_rating(place, given)
        case "about", str(paper):
            bind(Scope(papers=(paper,)))
        case "page", str(paper):
            st.session_state.visited = paper


def ask_again(place: int, asked: Asked) -> None:
    """In the place of what was asked there."""
    forget(place)
    st.session_state.asked = asked


def keep_rating(place: int, given: dict[str, Any]) -> None:
    """Or says why it can't."""
    chat: list[Exchange] = st.session_state.chat
    exchange = chat[place]
    rating, why = given.get("rating"), str(given.get("why") or "")
    rating = rating if rating in ("up", "down") else None
    if not may_change(load_settings()):
        st.session_state[f"unkept-{exchange.key}"] = f"The thumb is not kept. {READ_ONLY}"
        return
    try:
        rate(exchange, chat[:place], rating, why)
        st.session_state[f"rated-{exchange.key}"] = {"rated": rating, "why": why}
        st.session_state.pop(f"unkept-{exchange.key}", None)
    except AskpapersError as problem:
        st.session_state[f"unkept-{exchange.key}"] = f"The thumb is not kept. {problem}"


if __name__ == "__main__":
    page()
