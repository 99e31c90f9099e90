"""Conversations on disk: whole and as they were, found again, taken back; nothing that was kept is ever lost."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from asking import SETTING
from canary import KEY
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from eval.replies import Reply
from eval.scripted import scripted
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.errors import LibraryDamaged, LibraryGone, LibraryTooNew, LibraryUnwritable
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Answer, Citation, Message, Paper, Passage, Query, Span, Statement
from ui.chat import Exchange
from ui.conversations import FILE, UNREADABLE, Conversations

WORDS = st.text(max_size=20)
PAPERS = st.builds(
    Paper, id=WORDS, title=WORDS, abstract=st.text(min_size=1, max_size=20),
    authors=st.lists(WORDS, max_size=2).map(tuple), year=st.none() | st.integers(), venue=st.none() | WORDS,
)  # fmt: skip
SPANS = PAPERS.flatmap(
    lambda paper: st.integers(0, len(paper.abstract) - 1).map(lambda start: Span(paper, start, len(paper.abstract)))
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
STATEMENTS = st.builds(
    Statement, WORDS, st.lists(st.integers(1, 9), max_size=3).map(tuple),
    st.sampled_from(["supported", "partial", "unsupported"]), NUMBERS,
    st.lists(WORDS | st.integers(1, 9) | st.integers(1, 9).map(str), max_size=4).map(tuple),
)  # fmt: skip
ANSWERS = st.builds(
    Answer, WORDS, WORDS, st.sampled_from(["answered", "abstained"]), WORDS, reason=st.none() | WORDS,
    fallback=st.none() | WORDS, statements=st.lists(STATEMENTS, max_size=2).map(tuple),
    citations=st.lists(st.builds(Citation, st.integers(1, 9), SPANS), max_size=2).map(tuple),
    passages=st.lists(st.builds(Passage, SPANS, NUMBERS), max_size=2).map(tuple), confidence=NUMBERS,
    notes=st.lists(WORDS, max_size=2).map(tuple), model=WORDS,
    usage=st.dictionaries(WORDS, st.integers(), max_size=2), timings=st.dictionaries(WORDS, NUMBERS, max_size=2),
    prompt=st.lists(st.builds(Message, st.sampled_from(["system", "user"]), WORDS), max_size=2).map(tuple),
)  # fmt: skip


def exchange(question: str = "What is rye?", text: str = "It is dark.") -> Exchange:
    return Exchange(question, Answer(question, question, "answered", text))


@pytest.fixture
def conversations(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path)


def titles(conversations: Conversations, search: str = "") -> list[str]:
    return [kept.title for kept in conversations.listed(search)]


def altered(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as db:
        db.execute(statement, values)


class TestWhatIsKept:
    @trying(max_examples=40, deadline=None)  # it waits for the disk
    @given(st.lists(st.builds(Exchange, st.text(max_size=20), ANSWERS), min_size=1, max_size=3))
    def test_is_opened_as_it_was_to_the_last_sign(
        self, tmp_path_factory: pytest.TempPathFactory, chat: list[Exchange]
    ) -> None:
        conversations = Conversations(tmp_path_factory.mktemp("kept"))
        conversations.keep("c", chat)
        opened = conversations.opened("c")
        assert opened == tuple(chat)
        assert [repr(one) for one in opened] == [repr(one) for one in chat], 'a piece "1" is no mark 1'

    def test_keeps_what_no_file_can_hold(self, conversations: Conversations) -> None:
        odd = exchange("\ud800 What\x00 is \U0001f35e?", "It is \udfff dark.")
        conversations.keep("c", [odd])
        assert conversations.opened("c") == (odd,)
        assert titles(conversations, "\U0001f35e") == ["? What\x00 is \U0001f35e?"]

    def test_shows_its_quotes_when_the_papers_have_changed_or_are_gone(
        self, own: Library, encoder: BundledEncoder, conversations: Conversations
    ) -> None:
        answer = Pipeline(own, encoder, load_settings()).ask(Query("What is MetaCLIP?")).answer
        conversations.keep("c", [Exchange("What is MetaCLIP?", answer)])
        with own.writing() as writer:
            writer.remove([answer.citations[0].span.paper.id])
        (opened,) = conversations.opened("c")
        assert opened.answer == answer

    def test_is_no_failed_or_stopped_answer(self, conversations: Conversations) -> None:
        failed, stopped = Exchange("q", Answer("q", "q", "failed", "", reason="The model is away.")), Exchange("q")
        conversations.keep("none", [failed, stopped])
        assert conversations.listed() == ()
        good = exchange()
        conversations.keep("some", [failed, good, stopped])
        assert conversations.opened("some") == (good,)

    def test_is_a_conversation_that_grows_and_shrinks_as_the_chat_does(self, conversations: Conversations) -> None:
        one, two, other = exchange("One?"), exchange("Two?"), exchange("Other?")
        for chat in ([one], [one, two], [one, other], [one]):
            assert conversations.keep("c", chat, {one.key, two.key, other.key}) == "c"
            assert conversations.opened("c") == tuple(chat)
        assert [kept.exchanges for kept in conversations.listed()] == [1]

    def test_is_written_once(self, conversations: Conversations, tmp_path: Path) -> None:
        chat = [exchange("One?"), exchange("Two?")]
        conversations.keep("c", chat)
        (before,) = conversations.listed()
        altered(tmp_path, "CREATE TABLE written (key)")
        for event in ("INSERT", "UPDATE"):
            altered(
                tmp_path, f"CREATE TRIGGER on_{event} AFTER {event} ON exchanges BEGIN "
                "INSERT INTO written VALUES (new.key); END",
            )  # fmt: skip
        conversations.keep("c", chat)
        assert conversations.listed() == (before,), "nothing has changed, not even the time"
        chat.append(exchange("Three?"))
        conversations.keep("c", chat)
        with closing(sqlite3.connect(tmp_path / FILE)) as db:
            assert db.execute("SELECT key FROM written").fetchall() == [(chat[2].key,)]

    def test_is_of_both_windows_when_two_go_on_with_one_conversation(self, conversations: Conversations) -> None:
        first, here, there = exchange("First?"), exchange("Here?"), exchange("There?")
        conversations.keep("c", [first])
        assert conversations.keep("c", [first, there], {first.key}) == "c"
        other = conversations.keep("c", [first, here], {first.key})
        assert other != "c"
        assert conversations.opened("c") == (first, there)
        assert conversations.opened(other) == (first, here)

    def test_never_holds_a_key(self, own: Library, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
        with scripted([Reply((f"Incorrect key: {KEY}",), status=401)]) as server:
            monkeypatch.setenv(SETTING, KEY)
            settings = load_settings(llm="local/scripted", llm_base_url=server.url)
            answer = Pipeline(own, encoder, settings).ask(Query("What is MetaCLIP?")).answer
        assert answer.fallback
        Conversations(own.folder).keep("c", [Exchange("What is MetaCLIP?", answer)])
        files = list(own.folder.glob(f"{FILE}*"))
        assert files
        assert not [file for file in files if KEY.encode() in file.read_bytes()]


class TestTheList:
    def test_begins_with_what_was_said_last(self, conversations: Conversations) -> None:
        one = exchange("One?")
        conversations.keep("a", [one])
        conversations.keep("b", [exchange("Two?")])
        assert titles(conversations) == ["Two?", "One?"]
        conversations.keep("a", [one, exchange("More?")])
        assert [(kept.title, kept.exchanges) for kept in conversations.listed()] == [("One?", 2), ("Two?", 1)]
        assert [kept.title for kept in conversations.listed(most=1)] == ["One?"]

    @pytest.mark.parametrize("search", ["rye", "RYE", "DARK rye", "müßig", "MUSSIG", "100%", "_x_", "it's"])
    def test_is_searched_in_titles_questions_and_answers(self, conversations: Conversations, search: str) -> None:
        conversations.keep(
            "a", [exchange("What is wheat?", "Light."), exchange("And rye?", "100% dark; müssig. it's _x_")]
        )
        conversations.keep("b", [exchange("What is spelt?", "Old. 100 lax ryd.")])
        assert titles(conversations, search) == ["What is wheat?"]

    def test_finds_nothing_where_nothing_is(self, conversations: Conversations, tmp_path: Path) -> None:
        assert conversations.listed() == conversations.listed("x") == ()
        assert conversations.opened("c") == ()
        assert not list(tmp_path.iterdir()), "looking makes no file"

    def test_gives_long_questions_short_titles_of_one_line(self, conversations: Conversations) -> None:
        conversations.keep("a", [exchange("What\n is " + "rye " * 90)])
        (title,) = titles(conversations)
        assert title.startswith("What is rye rye")
        assert len(title) <= 80

    def test_bears_the_names_that_its_owner_gives(self, conversations: Conversations) -> None:
        one = exchange("What is rye?")
        conversations.keep("a", [one])
        conversations.rename("a", " Of bread\n")
        assert titles(conversations) == ["Of bread"] == [conversations.title("a")]
        assert titles(conversations, "bread") == ["Of bread"]
        conversations.keep("a", [one, exchange("More?")])
        assert titles(conversations) == ["Of bread"]
        conversations.rename("a", " ")
        assert titles(conversations) == ["What is rye?"]


class TestWhatIsDeleted:
    def test_comes_back_until_the_next_is_deleted(self, conversations: Conversations) -> None:
        for name in "ab":
            conversations.keep(name, [exchange(f"{name}?")])
        conversations.delete("a")
        assert titles(conversations) == ["b?"]
        assert conversations.opened("a") == ()
        conversations.restore("a")
        assert titles(conversations) == ["b?", "a?"]
        conversations.delete("a")
        conversations.delete("b")
        conversations.restore("a")
        conversations.restore("b")
        assert titles(conversations) == ["b?"]

    def test_leaves_no_trace_in_the_file(self, conversations: Conversations, tmp_path: Path) -> None:
        conversations.keep("a", [exchange("What is pumpernickel?", "A secret of pumpernickel. " * 500)])
        conversations.keep("b", [exchange()])
        conversations.delete("a")
        assert b"pumpernickel" in (tmp_path / FILE).read_bytes()
        conversations.delete("b")
        assert b"pumpernickel" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())

    def test_is_gone_for_good_a_day_later(self, conversations: Conversations, tmp_path: Path) -> None:
        conversations.keep("a", [exchange()])
        conversations.delete("a")
        altered(tmp_path, "UPDATE conversations SET deleted = '2020-01-01T00:00:00.000+00:00'")
        conversations.keep("b", [exchange()])
        conversations.restore("a")
        assert [kept.id for kept in conversations.listed()] == ["b"]

    def test_is_there_again_when_another_window_goes_on_with_it(self, conversations: Conversations) -> None:
        chat = [exchange("One?")]
        conversations.keep("a", chat)
        conversations.delete("a")
        chat.append(exchange("Two?"))
        assert conversations.keep("a", chat, {chat[0].key}) == "a"
        assert conversations.opened("a") == tuple(chat)


class TestAFile:
    def test_of_which_a_row_is_broken_shows_the_others_and_keeps_that_row(
        self, conversations: Conversations, tmp_path: Path
    ) -> None:
        one, two, three = exchange("One?"), exchange("Two?"), exchange("Three?")
        conversations.keep("c", [one, two])
        for form in ("{", "null", "[" * 100_000, '{"question": 1}', f'{{"question": {"9" * 5000}}}'):
            altered(tmp_path, "UPDATE exchanges SET form = ? WHERE key = ?", form, one.key)
            broken, whole = conversations.opened("c")
            assert broken == Exchange("One?", Answer("One?", "One?", "failed", "", reason=UNREADABLE))
            assert whole == two
        conversations.keep("c", [broken, whole, three], {broken.key, whole.key})
        assert [opened.question for opened in conversations.opened("c")] == ["One?", "Two?", "Three?"]

    def test_with_fields_of_a_later_version_is_read(self, conversations: Conversations, tmp_path: Path) -> None:
        one = exchange()
        conversations.keep("c", [one])
        altered(
            tmp_path, "UPDATE exchanges SET form = json_set(form, '$.answer.mood', 'good', '$.place', json('[1]'))"
        )  # fmt: skip
        assert conversations.opened("c") == (one,)

    def test_of_a_newer_version_is_refused_and_left_alone(self, conversations: Conversations, tmp_path: Path) -> None:
        conversations.keep("c", [exchange()])
        altered(tmp_path, "PRAGMA user_version = 99")
        with pytest.raises(LibraryTooNew, match=r"schema 99, this one reads up to 1\)\. Update askpapers"):
            conversations.keep("d", [exchange()])
        altered(tmp_path, "PRAGMA user_version = 1")
        assert [kept.id for kept in conversations.listed()] == ["c"]

    def test_that_is_damaged_is_named_and_a_new_one_is_begun_when_it_is_away(
        self, conversations: Conversations, tmp_path: Path
    ) -> None:
        (tmp_path / FILE).write_bytes(b"no database " * 1000)
        uses = (
            conversations.listed, lambda: conversations.opened("c"), lambda: conversations.keep("c", [exchange()]),
            lambda: conversations.rename("c", "x"), lambda: conversations.delete("c"),
        )  # fmt: skip
        for use in uses:
            with pytest.raises(LibraryDamaged, match=f"{FILE} can't be read: .* move it away") as refused:
                use()
            assert "\n" not in str(refused.value)
        (tmp_path / FILE).rename(tmp_path / "away")
        conversations.keep("c", [exchange()])
        assert len(conversations.listed()) == 1

    def test_of_somebody_else_is_left_alone(self, conversations: Conversations, tmp_path: Path) -> None:
        altered(tmp_path, "CREATE TABLE conversations (isbn)")
        with pytest.raises(LibraryDamaged, match="already exists"):
            conversations.keep("c", [exchange()])

    def test_that_can_grow_no_more_says_so_and_holds_what_it_held(
        self, conversations: Conversations, tmp_path: Path
    ) -> None:
        one, two = exchange("One?"), exchange("Two?", "long " * 100_000)
        conversations.keep("c", [one])
        with files_no_longer_than(100_000), pytest.raises(LibraryUnwritable, match=r"Free space .* is unharmed"):
            conversations.keep("c", [one, two], {one.key})
        assert conversations.opened("c") == (one,)
        conversations.keep("c", [one, two], {one.key})
        assert conversations.opened("c") == (one, two)

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder in which not even root may write")
    def test_where_nothing_can_be_written_says_so(self) -> None:
        conversations = Conversations(Path("/proc/self"))
        assert conversations.listed() == ()
        with pytest.raises(LibraryUnwritable, match="Free space or mend permissions"):
            conversations.keep("c", [exchange()])

    def test_whose_folder_is_gone_is_not_made_anew(self, tmp_path: Path) -> None:
        conversations = Conversations(tmp_path / "library")
        for use in (conversations.listed, lambda: conversations.keep("c", [exchange()])):
            with pytest.raises(LibraryGone, match="is gone"):
                use()
        assert not (tmp_path / "library").exists()


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As on a disk that is full soon."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def keep_on(folder: Path, told: Connection) -> None:
    """What the process does that is killed: a chat that grows, told of after each answer."""
    conversations, chat = Conversations(folder), list[Exchange]()
    while True:
        chat.append(exchange(f"Question {len(chat)}?", "It is dark. " * 2000))
        conversations.keep("c", chat, {one.key for one in chat})
        told.send(len(chat))


def test_killed_at_any_moment_what_was_kept_is_there(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")  # it needs nothing but the store: no second is lost with imports
    moments = random.Random(1)
    for trial in range(8):
        (folder := tmp_path / str(trial)).mkdir()
        hears, tells = context.Pipe(duplex=False)
        process = context.Process(target=keep_on, args=(folder, tells))
        process.start()
        tells.close()
        done = hears.recv()
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        with suppress(EOFError):
            while True:
                done = hears.recv()
        process.join()
        opened = Conversations(folder).opened("c")
        assert [one.question for one in opened] == [f"Question {number}?" for number in range(len(opened))]
        assert len(opened) in (done, done + 1)
        with closing(sqlite3.connect(folder / FILE)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_windows_that_keep_at_once_wait_for_each_other(tmp_path: Path) -> None:
    def window(number: int) -> None:
        conversations, chat = Conversations(tmp_path), list[Exchange]()
        for turn in range(5):
            chat.append(exchange(f"Question {turn} of {number}?"))
            conversations.keep(f"c{number}", chat, {one.key for one in chat})

    with ThreadPoolExecutor(6) as windows:
        list(windows.map(window, range(6)))
    assert [kept.exchanges for kept in Conversations(tmp_path).listed()] == [5] * 6
