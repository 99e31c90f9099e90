"""Thumbs and kept questions on disk: whole lines, read without trust, taken back without a trace."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.feedback import Rating, Thumb, append, now, read_thumbs
from eval.kept import keep, kept, question_of, take_back
from eval.questions import read_sets
from eval.results import Result, result_of
from rag.errors import CallerMistake, LibraryGone, LibraryUnwritable
from rag.forms import answer_json
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Query, Turn

words = st.text(max_size=40)
turns = st.builds(Turn, st.sampled_from(["user", "assistant"]), words, st.lists(words, max_size=2).map(tuple))
results = st.builds(
    Result, id=words, question=words, standalone_question=words, text=words, model=words,
    status=st.sampled_from(["answered", "abstained"]), timings=st.just({"total_ms": 1.5}), notes=st.just(["a note"]),
)  # fmt: skip
thumbs = st.builds(
    Thumb, id=words, time=words, rating=st.sampled_from(["up", "down"]), why=words, question=words,
    history=st.lists(turns, max_size=3).map(tuple), answer=results,
)  # fmt: skip


def thumb(key: str = "t1", rating: Rating | None = "down", question: str = "How large is it?") -> Thumb:
    answer = Result(
        id=key, question=question, standalone_question="", status="answered", text="90.", model="extractive"
    )
    return Thumb(key, now(), rating, "too short", question, (Turn("user", "What is it?"),), answer)


@given(st.lists(thumbs, max_size=4, unique_by=lambda one: one.id))
def test_what_is_written_is_read_again_newest_first(
    tmp_path_factory: pytest.TempPathFactory, some: list[Thumb]
) -> None:
    file = tmp_path_factory.mktemp("thumbs") / "feedback.jsonl"
    for one in some:
        append(file, one.line)
    assert read_thumbs(file) == (some[::-1], 0)


def test_the_newest_line_of_a_thumb_stands_and_one_without_a_rating_takes_it_back(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    for one in (thumb("a"), thumb("b"), thumb("a", "up"), thumb("b", None)):
        append(file, one.line)
    found, _ = read_thumbs(file)
    assert [(one.id, one.rating) for one in found] == [("a", "up")]


def test_lines_that_can_not_be_read_are_counted_and_a_torn_one_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    for broken in (b"[" * 100_000, b"\xff\xfe", b'{"id": "x"}', b"null", thumb("a").line[:40]):
        append(file, broken)
    append(file, thumb("b").line)
    found, unreadable = read_thumbs(file)
    assert [one.id for one in found] == ["b"]
    assert unreadable == 5


def test_an_answer_is_kept_as_the_interface_has_it(tmp_path: Path, pipeline: Pipeline) -> None:
    answer = pipeline.ask(Query("What is MetaCLIP?")).answer
    form = answer_json(answer, "t1")
    one = Thumb("t1", now(), "down", "", "What is MetaCLIP?", (), result_of(form, repeat=1))
    assert json.loads(one.line)["answer"] == form


def test_many_windows_write_at_once_and_no_line_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "feedback.jsonl"
    lines = [thumb(f"t{number}", question="x" * 50_000).line for number in range(20)]
    writers = [threading.Thread(target=append, args=(file, line)) for line in lines]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found, unreadable = read_thumbs(file)
    assert (len(found), unreadable) == (20, 0)


def test_a_thumb_does_not_wait_for_the_librarys_writer(library: Library) -> None:
    with library.writing():
        append(library.folder / "feedback.jsonl", thumb().line)
    assert read_thumbs(library.folder / "feedback.jsonl")[0]


def test_f29_a_deleted_library_is_not_made_anew_by_a_thumb_or_a_question(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(LibraryGone, match="Put the folder back"):
        append(gone / "feedback.jsonl", thumb().line)
    with pytest.raises(LibraryGone, match="Put the folder back"):
        keep(gone / "questions.jsonl", question_of(thumb(), []))
    assert not gone.exists()


def test_a_full_disk_is_told(library: Library) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    (library.folder / "feedback.jsonl").symlink_to("/dev/full")
    with pytest.raises(LibraryUnwritable, match="No space left"):
        append(library.folder / "feedback.jsonl", thumb().line)


def test_a_kept_question_is_one_of_a_question_file_with_its_history_and_papers(library: Library) -> None:
    file = library.folder / "questions.jsonl"
    keep(file, question_of(thumb("a"), ["clip", "metaclip"]))
    keep(file, question_of(thumb("b"), []))
    both, none = read_sets([file])
    assert (both.id, both.papers, both.answerable, both.tags) == (
        "feedback-a", (("clip",), ("metaclip",)), True, ("feedback",),
    )  # fmt: skip
    assert both.history == thumb("a").history
    assert (none.papers, none.answerable) == ((), False)


def test_a_question_is_kept_once_and_taken_back_leaving_every_other_line_as_it_was(library: Library) -> None:
    file = library.folder / "questions.jsonl"
    mine = b'{"id":"mine",  "question": "By hand?"}\r\n'
    file.write_bytes(mine)
    for key in ("a", "a", "b"):
        keep(file, question_of(thumb(key), []))
    assert [question.id for question in kept(file)] == ["mine", "feedback-a", "feedback-b"]
    take_back(file, "feedback-a")
    take_back(file, "feedback-b")
    assert file.read_bytes() == mine


def test_a_question_file_spoiled_by_hand_is_named_and_left_alone(library: Library) -> None:
    file = library.folder / "questions.jsonl"
    file.write_text("not JSON\n")
    with pytest.raises(CallerMistake, match="line 1"):
        keep(file, question_of(thumb(), []))
    assert file.read_text() == "not JSON\n"
