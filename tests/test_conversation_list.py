"""The chat and its kept conversations, without a browser: what is kept when, what is told, what is listed where."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_window import ask, button, opened, words

from rag.types import Answer
from ui.chat import Exchange
from ui.conversation_list import NOT_HERE, grouped
from ui.conversations import FILE, Conversations, Kept


def answers(kept: Conversations) -> list[list[Answer | None]]:
    """As they are kept, the newest conversation first."""
    return [[exchange.answer for exchange in kept.opened(one.id)] for one in kept.listed()]


@pytest.fixture
def kept(home: Path) -> Conversations:
    return Conversations(home)


def test_every_answer_is_kept_with_its_conversation(kept: Conversations) -> None:
    window = opened()
    one = ask(window, "What is MetaCLIP?")
    two = ask(window, "How large is its data set?")
    button(window, "New chat").click().run()
    assert window.session_state["chat"] == []
    three = ask(window, "What is CapsFusion?")
    assert answers(kept) == [[three], [one, two]]
    assert [one.title for one in kept.listed()] == ["What is CapsFusion?", "What is MetaCLIP?"]


def test_a_failed_answer_is_not_kept(kept: Conversations) -> None:
    window = opened()
    assert ask(window, "\x00 \x1b").status == "failed"
    assert kept.listed() == ()
    good = ask(window, "What is MetaCLIP?")
    assert answers(kept) == [[good]]


def test_a_chat_that_was_cleared_leaves_what_is_kept_alone(kept: Conversations) -> None:
    window = opened()
    one = ask(window, "What is MetaCLIP?")
    window.session_state["chat"] = []
    two = ask(window, "What is CapsFusion?")
    assert answers(kept) == [[two], [one]]


def test_a_file_that_cannot_be_used_is_told_and_the_chat_goes_on_and_is_kept_when_it_can(
    kept: Conversations, home: Path
) -> None:
    (home / FILE).write_bytes(b"no database " * 1000)
    window = opened()
    one = ask(window, "What is MetaCLIP?")
    assert one.status == "answered"
    assert "This conversation is not kept." in words(window)
    assert "move it away and a new one is begun" in words(window)
    (home / FILE).unlink()
    two = ask(window, "How large is its data set?")
    assert "not kept" not in words(window)
    assert answers(kept) == [[one, two]]


def shown_to_others() -> None:
    import streamlit as st

    from ui.conversation_list import keep_chat, show_conversations

    st.session_state.setdefault("chat", [])
    keep_chat(allowed=False)
    show_conversations(allowed=False)


def test_where_others_reach_the_window_nothing_is_kept_and_nothing_listed(kept: Conversations, home: Path) -> None:
    mine = ask(opened(), "What is MetaCLIP?")
    before = (home / FILE).read_bytes()
    window = AppTest.from_function(shown_to_others, default_timeout=60)
    window.session_state["chat"] = [Exchange("Is this kept?", mine)]
    window.run()
    assert not window.exception
    assert NOT_HERE in [text.value for text in window.text]
    assert not window.text_input
    assert (home / FILE).read_bytes() == before


def test_conversations_stand_by_how_long_ago_they_were_changed() -> None:
    now = datetime.now(UTC)
    today = now.astimezone().date()
    times = [now, now - timedelta(days=1), now - timedelta(days=3), now - timedelta(days=90)]
    some = [Kept(str(n), "A title", time.isoformat(), 1) for n, time in enumerate(times)]
    groups = grouped([*some, Kept("x", "Odd", "never", 1)], "1", today)
    assert [(group["name"], [item["id"] for item in group["items"]]) for group in groups] == [
        ("Today", ["0"]), ("Yesterday", ["1"]), ("Last seven days", ["2"]), ("Earlier", ["3", "x"]),
    ]  # fmt: skip
    assert [item["current"] for group in groups for item in group["items"]] == [False, True, False, False, False]
    assert [item["twin"] for group in groups for item in group["items"]] == [True, True, True, True, False]
    assert grouped([], None, date(2026, 1, 1)) == []
