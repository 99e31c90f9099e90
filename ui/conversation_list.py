"""The sidebar of the chat: a new one, and those that are kept, to search, open, rename and delete.

A chat belongs to its window; what is kept, to the library's one owner. Where saving is not allowed nothing is listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import streamlit as st

from rag.config import load_settings
from rag.errors import AskpapersError
from rag.types import EVERYTHING
from ui.chat import Exchange, new_key
from ui.components import show_list
from ui.conversations import Conversations, Kept, titled, whole
from ui.scope_view import bind
from ui.showing import number
from ui.tables import when

A_PAGE = 50  # conversations
KEY = "conversation-list"
NOT_HERE = "Conversations are not kept, as others can reach this window. Export what you want to have later."


def keep_chat(allowed: bool = True) -> None:
    """Keeps the window's chat as it is by now. What goes wrong is `unkept` in the session; the next time mends it."""
    state = st.session_state
    if not allowed or not any(map(whole, state.chat)):
        return
    keys, known = frozenset(exchange.key for exchange in state.chat), state.get("known", frozenset())
    key = state.get("conversation")
    if key is None or keys.isdisjoint(known):  # nothing of what is kept is left in the chat: it is another one
        key = new_key()
    try:
        state.conversation = conversations().keep(key, state.chat, known)
        state.known = keys
        state.pop("unkept", None)
    except AskpapersError as problem:
        state.unkept = f"This conversation is not kept. {problem}"


def chat_title() -> str:
    """Of the open chat, as it is listed; else made of its first question."""
    state = st.session_state
    try:
        kept = conversations().title(state.conversation) if "conversation" in state else ""
    except AskpapersError:  # the list says it
        kept = ""
    return kept or titled(state.chat[0].question if state.chat else "")


@st.fragment  # searching draws the list alone, and an answer that is being written goes on
def show_conversations(allowed: bool = True) -> None:
    """Draws the list; what is chosen there becomes the window's chat."""
    if st.session_state.pop("turned", False):
        st.rerun()  # the page shows another chat
    st.button("New chat", icon=":material/edit_square:", type="tertiary", on_click=new_chat)
    if not allowed:
        st.text(NOT_HERE)
        return
    try:
        listing()
    except AskpapersError as problem:
        st.text(str(problem))
    if undone := st.session_state.get("unlisted"):
        st.text(undone)


def listing() -> None:
    """The search and what it finds. Raises LibraryError."""
    store, state = conversations(), st.session_state
    if not store.listed(most=1) and "deleted" not in state:
        st.text("Conversations are kept here, on this machine.")
        return
    search = st.text_input(
        "Search conversations",
        key="search-conversations",
        type="search",
        live=True,
        placeholder="Search conversations",
        label_visibility="collapsed",
    )
    most = state.get("listed", A_PAGE)
    found = store.listed(search or "", most + 1)
    data = {
        "groups": grouped(found[:most], state.get("conversation"), datetime.now().astimezone().date()),
        "more": len(found) > most,
        "none": "No conversation holds these words." if search and not found else "",
        "deleted": state.get("deleted"),
    }
    acts = {"opened": open_chat, "renamed": rename, "deleted": delete, "restored": restore, "more": show_more}
    show_list(data, KEY, **{f"on_{name}_change": act for name, act in acts.items()})


def grouped(found: Iterable[Kept], current: str | None, today: date) -> list[dict[str, Any]]:
    """By how long ago they were changed, newest first; equal titles say when, and how much was asked. Pure."""
    found = tuple(found)
    times = Counter(kept.title for kept in found)
    return [
        {"name": name, "items": [_item(kept, current) | {"twin": times[kept.title] > 1} for kept in some]}
        for name, some in groupby(found, key=lambda kept: _ago(kept.updated, today))
    ]


def _item(kept: Kept, current: str | None) -> dict[str, Any]:
    about = f"{when(kept.updated)} · {number(kept.exchanges, 'question')}"
    return {"id": kept.id, "title": kept.title, "about": about, "current": kept.id == current}


def _ago(updated: str, today: date) -> str:
    try:
        days = today - datetime.fromisoformat(updated).astimezone().date()
    except (ValueError, OverflowError):
        return "Earlier"
    if days < timedelta(days=1):
        return "Today"
    if days < timedelta(days=2):
        return "Yesterday"
    return "Last seven days" if days < timedelta(days=7) else "Earlier"


def new_chat() -> None:
    """An empty page; what was there is kept already."""
    turn_to([])


def turn_to(chat: list[Exchange], key: str | None = None) -> None:
    """Makes that the window's chat: a kept one by its key, or a new one."""
    state = st.session_state
    for name in ("conversation", "known", "unkept", "unlisted", "deleted", "forgotten", "shown"):
        state.pop(name, None)
    bind(EVERYTHING)
    state.chat, state.turned = chat, True
    if key:
        state.conversation, state.known = key, frozenset(exchange.key for exchange in chat)


def open_chat() -> None:
    """The one that was clicked."""
    if key := sent("opened"):
        attempt(lambda: opened(key))


def opened(key: str) -> None:
    """Raises LibraryError."""
    if chat := conversations().opened(key):
        turn_to(list(chat), key)
    else:
        st.session_state.unlisted = "That conversation is gone: another window deleted it."


def rename() -> None:
    """To what was typed; to nothing: by its first question again."""
    key, title = sent("renamed", "id"), sent("renamed", "title")
    attempt(lambda: conversations().rename(key, title))


def delete() -> None:
    """At once, with a way back until the next is deleted."""
    key, state = sent("deleted"), st.session_state

    def act() -> None:
        title = conversations().title(key)
        conversations().delete(key)
        if key == state.get("conversation"):
            turn_to([])
        state.deleted = {"id": key, "title": title}

    attempt(act)


def restore() -> None:
    """Takes it back; an empty page shows it again."""
    key, state = sent("restored"), st.session_state

    def act() -> None:
        conversations().restore(key)
        state.pop("deleted", None)
        if not state.chat:
            opened(key)

    attempt(act)


def show_more() -> None:
    """Another page of them."""
    st.session_state.listed = st.session_state.get("listed", A_PAGE) + A_PAGE


def attempt(act: Callable[[], None]) -> None:
    """Does it, or notes why it can't be done."""
    st.session_state.pop("unlisted", None)
    try:
        act()
    except AskpapersError as problem:
        st.session_state.unlisted = str(problem)


def sent(name: str, part: str = "") -> str:
    """What the list has just told; the browser is believed no more than that it is a text."""
    told = st.session_state[KEY].get(name)
    value = told.get(part) if part and isinstance(told, Mapping) else told
    return value if isinstance(value, str) else ""


def conversations() -> Conversations:
    """Those of the library. Raises BadSetting."""
    return Conversations(load_settings().library)
