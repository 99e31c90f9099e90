"""A thumb up or down under an answer, with a word of why, kept in the library's folder for the evaluation."""

from __future__ import annotations

import streamlit as st

from eval.feedback import FILE, Rating, Thumb, append, now
from eval.results import result_of
from rag.config import load_settings
from rag.errors import AskpapersError
from rag.follow_up import TURNS
from rag.forms import answer_json
from ui.chat import Exchange, history

RATINGS: dict[int | None, Rating | None] = {None: None, 0: "down", 1: "up"}
LONGEST_WHY = 500  # characters


def show_thumbs(exchange: Exchange, place: int) -> None:
    """Two buttons and, once one is pressed, a line for why; beside each other, so that nothing moves."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        rating = st.feedback(
            "thumbs", key=f"thumb-{exchange.key}", on_change=rate, args=(place,), persist_state="session"
        )
        if rating is not None:
            st.text_input(
                "Why?",
                key=f"why-{exchange.key}",
                max_chars=LONGEST_WHY,
                placeholder="A word of why, if you like",
                label_visibility="collapsed",
                width=352,
                on_change=rate,
                args=(place,),
                persist_state="session",
            )
    if problem := st.session_state.get(f"unkept-{exchange.key}"):
        st.text(problem)


def rate(place: int) -> None:
    """Keeps what the reader made of the answer at that place of the chat, or says why it can't."""
    chat: list[Exchange] = st.session_state.chat
    exchange = chat[place]
    try:
        append(load_settings().library / FILE, _thumb(exchange, chat[:place]).line)
        st.session_state.pop(f"unkept-{exchange.key}", None)
    except AskpapersError as problem:
        st.session_state[f"unkept-{exchange.key}"] = f"The thumb is not kept. {problem}"


def _thumb(exchange: Exchange, before: list[Exchange]) -> Thumb:
    return Thumb(
        id=exchange.key,
        time=now(),
        rating=RATINGS[st.session_state.get(f"thumb-{exchange.key}")],
        why=st.session_state.get(f"why-{exchange.key}") or "",
        question=exchange.question,
        history=history(before)[-TURNS:],
        answer=result_of(answer_json(exchange.answer, exchange.key), repeat=1),
    )
