"""The chat: one page, read from top to bottom. A live chat lives in its own session and nowhere else."""

from __future__ import annotations

from contextlib import closing

import streamlit as st

from rag.config import load_settings
from rag.errors import AskpapersError
from rag.pipeline import LONGEST, settled
from rag.stream import AnswerStream, paintings
from rag.types import Answer, Query
from ui.chat import Exchange, history
from ui.components import show_answer, show_starters
from ui.resources import library, pipeline
from ui.starters import starters
from ui.thumbs import show_thumbs

WAITING = "Searching the papers ..."


def page() -> None:
    """Draws the chat, and answers what was asked."""
    chat: list[Exchange] = st.session_state.setdefault("chat", [])
    head(chat)
    for place, exchange in enumerate(chat):
        show_question(exchange.question)
        show(exchange, place)
    first_screen = st.empty()
    asked = st.chat_input("Ask the papers", max_chars=LONGEST, submit_mode="stop")
    try:
        if not chat and not asked:
            with first_screen.container():
                asked = welcome()
        if asked:
            first_screen.empty()
            ask(asked, chat)
        standby = pipeline(load_settings()).retriever.standby  # opened while the first question is being thought of
        if standby:
            st.text(standby)
    except AskpapersError as problem:
        st.text(str(problem))


def head(chat: list[Exchange]) -> None:
    """Where one is, and a way back to an empty page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("askpapers", anchor=False)
        if chat:
            st.button("Clear", icon=":material/delete_sweep:", on_click=clear)
        elif "cleared" in st.session_state:
            st.button("Undo clear", icon=":material/undo:", on_click=restore)


def welcome() -> str | None:
    """What this is, and questions to begin with; gives the one that was clicked."""
    settings = load_settings()
    papers = tuple(library(settings).papers())
    if not papers:
        st.markdown("The library holds no papers yet. Add some in a terminal, then ask here: `askpapers ingest PATH`")
        return None
    backed = "quoted from an abstract" if settings.llm == "extractive" else "held against quotes from abstracts"
    st.markdown(
        f"Ask the {len(papers):,} papers of this library a question. Every sentence of an answer is {backed}; click "
        "a number to see where the quote stands. Where the abstracts don't hold the answer, you are told.",
        width=704,
    )
    return show_starters(starters(papers), key="starters")


def clear() -> None:
    """Empties the chat; it can be taken back until the next question."""
    st.session_state.cleared, st.session_state.chat = st.session_state.chat, []


def restore() -> None:
    """Takes the clearing back."""
    st.session_state.chat = st.session_state.pop("cleared")


def ask(question: str, chat: list[Exchange]) -> None:
    """Streams the answer into the page, then keeps it."""
    st.session_state.pop("cleared", None)
    show_question(question)
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        place = st.empty()
        place.text(WAITING)
        query = Query(question, history(chat))
        answer = settled(query, lambda: streamed(pipeline(load_settings()).ask(query), place))
        place.empty()
    chat.append(Exchange(question, answer))
    st.rerun()


def streamed(stream: AnswerStream, place: st.delta_generator.DeltaGenerator) -> Answer:
    """Paints what is there so far, as plain text."""
    with closing(stream):  # Stop ends the script here, and a model's request with it
        for text in paintings(stream):
            place.text(text or WAITING)
        return stream.answer


def show_question(question: str) -> None:
    """As text: what was typed or pasted is not rendered."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(question)


def show(exchange: Exchange, place: int) -> None:
    """An answer with its evidence and its thumbs, or what went wrong and what to do."""
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        if exchange.answer.status == "failed":
            st.text(exchange.answer.reason or "")
        else:
            show_answer(exchange.answer, f"answer-{place}")
            show_thumbs(exchange, place)


if __name__ == "__main__":
    page()
