"""The library's file: one writer, all or nothing, and errors that say what to do."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from rag.errors import (
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    LibraryGone,
    LibraryTooNew,
    LibraryUnwritable,
    VectorRejected,
    VectorsLacking,
)
from rag.library import Library
from rag.schema import FILE, MIGRATIONS, connect
from rag.types import Paper, Scope
from rag.writer import Chunk

MODEL = "test/three-numbers"
ONE = Paper("one", "On Sourdough", "It ferments at 18 degrees.", ("Ada Lovelace",), 2020, "Bread Letters")
RYE = Paper("rye", "On Rye", "It is dark.")
HOLD = """
import sys, time
from pathlib import Path
from rag.library import Library
with Library(Path(sys.argv[1])).writing():
    print("writing", flush=True)
    time.sleep(60)
"""
OPEN = """
import sys, time
from pathlib import Path
from rag.library import Library
while time.time() < float(sys.argv[2]):
    pass
print(len(Library(Path(sys.argv[1]))))
"""


def whole(paper: Paper) -> tuple[Chunk, ...]:
    """The abstract as one passage."""
    return (Chunk("passage", 0, len(paper.abstract), f"{paper.title}. {paper.abstract}"),)


def add(library: Library, *papers: Paper, vector: tuple[float, ...] = (1, 2, 2), model: str = MODEL) -> None:
    with library.writing() as writer:
        for paper in papers:
            writer.put(paper, whole)
        texts = writer.lacking(model)
        writer.commit(model, texts, np.array([vector] * len(texts)))


def one_line(error: pytest.ExceptionInfo[LibraryError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


@contextmanager
def other_writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A second process that is writing."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_f20_a_second_writer_is_refused_naming_the_others_pid(library: Library) -> None:
    with (
        other_writer(library.folder) as other,
        pytest.raises(LibraryBusy, match=f"Process {other.pid} is adding") as refused,
        library.writing(),
    ):
        pass
    assert one_line(refused).endswith("Try again when it is done.")


def test_f20_a_killed_writers_lock_is_recovered(library: Library) -> None:
    with other_writer(library.folder) as other:
        assert library.busy
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert not library.busy
        add(library, ONE)
    assert [paper.id for paper in library.papers()] == ["one"]


def test_f20_within_one_process_too_there_is_one_writer(library: Library) -> None:
    def try_to_write() -> str:
        with pytest.raises(LibraryBusy) as refused, library.writing():
            pass
        return one_line(refused)

    with library.writing(), ThreadPoolExecutor() as threads:
        assert f"Process {os.getpid()}" in try_to_write()
        assert f"Process {os.getpid()}" in threads.submit(try_to_write).result()
    assert not library.busy


def test_f20_whoever_only_asks_if_the_library_is_busy_stands_in_no_writers_way(library: Library) -> None:
    (library.folder / "writer.pid").write_text("999999")  # as a killed writer leaves it: the lock must be looked at
    done = Event()

    def ask() -> None:
        while not done.is_set():
            assert isinstance(library.busy, bool)

    askers = [Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for _ in range(200):
        with library.writing():
            (library.folder / "writer.pid").write_text("999999")
    done.set()
    for asker in askers:
        asker.join()


def test_what_was_not_committed_is_dropped_and_the_lock_is_free_again(library: Library) -> None:
    def stopped(_: Paper) -> tuple[Chunk, ...]:
        raise RuntimeError

    with library.writing() as writer:
        assert writer.put(ONE, whole) == "added"
    with pytest.raises(RuntimeError), library.writing() as writer:
        writer.put(RYE, stopped)
    assert len(library) == library.generation == 0
    add(library, ONE)
    assert len(library) == library.generation == 1


def test_readers_see_what_was_committed_and_no_more(library: Library) -> None:
    add(library, ONE)
    before = library.edition
    with library.writing() as writer:
        writer.put(RYE, whole)
        assert (len(library), library.edition) == (1, before)
        writer.commit(MODEL, writer.lacking(MODEL), np.ones((1, 3)))
        assert len(library) == 2
    assert library.edition != before


def test_a_listing_begun_and_never_finished_blocks_no_writer(library: Library) -> None:
    add(library, ONE, RYE)
    listing, chunks = library.papers(), library.chunks("passage", MODEL)
    assert next(listing).id == next(chunks).span.paper.id == "one"
    add(library, Paper("three", "On Spelt", "It is old."))
    assert [paper.id for paper in listing] == ["rye"], "it goes on with the state that it began with"
    del listing, chunks
    with closing(sqlite3.connect(library.folder / FILE)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "nobody reads any more"


def test_who_is_at_work_reads_what_was_committed_meanwhile_and_leaves_the_file_alone_when_done(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(library, ONE)
    opened: list[Path] = []

    def counted(file: Path) -> sqlite3.Connection:
        opened.append(file)
        return connect(file)

    monkeypatch.setattr("rag.readers.connect", counted)
    with library.at_work():
        assert len(library) == 1
        with library.at_work():
            add(library, RYE)
        given_up = library.papers()
        assert (next(given_up).id, len(library)) == ("one", 2), "two reads at once have a connection each"
        del given_up
        in_another_thread: list[int] = []
        thread = Thread(target=lambda: in_another_thread.append(len(library)))
        thread.start()
        thread.join()
        assert in_another_thread == [2]
        assert len(opened) == 2, "others were read with what was open already"
    assert not (library.folder / f"{FILE}-wal").exists(), "its log goes with the last connection"


def test_f29_a_library_deleted_under_whoever_is_at_work_is_gone(library: Library) -> None:
    with library.at_work():
        assert len(library) == 0
        shutil.rmtree(library.folder)
        with pytest.raises(LibraryGone):
            len(library)


def test_the_edition_and_the_chunks_are_read_as_one_state(library: Library) -> None:
    done = Event()

    def write() -> None:
        for number in range(40):
            add(library, Paper(f"p{number}", f"Title {number}", f"Abstract {number}."))
        done.set()

    writer = Thread(target=write)
    writer.start()
    while not done.is_set():
        edition, stored = library.snapshot("passage", MODEL)
        assert int(edition.split("-")[0]) == len(stored)
    writer.join()


@pytest.mark.parametrize(
    "vectors", [[[float("nan"), 1, 1]], [[float("inf"), 1, 1]], [[0, 0, 0]], [[1, 2]], [[1, 2, 3], [1, 2, 3]], []]
)
def test_f26_a_vector_that_is_none_is_rejected_and_nothing_is_stored(library: Library, vectors: list[object]) -> None:
    add(library, ONE)
    before = library.edition
    with library.writing() as writer:
        writer.put(RYE, whole)
        with pytest.raises(VectorRejected, match=r"Mend the embedding model, then try again"):
            writer.commit(MODEL, writer.lacking(MODEL), np.array(vectors, float))
        writer.commit(MODEL, [], np.empty((0, 3)))
    assert (len(library), library.edition) == (1, before), "going on with the same writer stores nothing either"
    add(library, RYE)
    assert len(library) == len(list(library.chunks("passage", MODEL))) == 2


def test_f26_a_paper_is_never_stored_without_its_vectors(library: Library) -> None:
    with library.writing() as writer:
        writer.put(RYE, whole)
        with pytest.raises(VectorRejected, match=r"no vector for 'On Rye\. It is dark\.'"):
            writer.commit(MODEL, [], np.empty((0, 3)))
    assert not len(library)


def test_f25_vectors_of_another_model_are_never_mixed(library: Library) -> None:
    add(library, ONE)
    add(library, RYE, model="test/other", vector=(1, 2, 3, 4))
    with pytest.raises(VectorsLacking, match=r"rye has no vectors of test/three-numbers\. Make them: askpapers embed"):
        list(library.chunks("passage", MODEL))
    with pytest.raises(VectorsLacking, match="one has no vectors of test/other"):
        list(library.chunks("passage", "test/other"))
    assert [item.vector.shape for item in library.chunks("passage", "test/other", ["rye"])] == [(4,)]


def test_f28_a_library_of_a_newer_version_is_refused_and_left_alone(library: Library) -> None:
    add(library, ONE)
    with closing(sqlite3.connect(library.folder / FILE)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryTooNew, match=r"schema 99, this one reads up to 1\)\. Update askpapers") as refused:
        Library(library.folder)
    assert one_line(refused)
    with closing(sqlite3.connect(library.folder / FILE)) as db:
        assert db.execute("SELECT id FROM papers").fetchall() == [("one",)]


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 100, None])
def test_a_file_that_is_no_library_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / FILE
    if content:
        file.write_bytes(content)
    else:  # somebody else's
        with closing(sqlite3.connect(file)) as db:
            db.execute("CREATE TABLE papers (isbn)")
    with pytest.raises(LibraryDamaged, match="move it away and add the papers again") as refused:
        Library(tmp_path)
    assert one_line(refused)


STEPS = (
    *MIGRATIONS,
    "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('a; b')",
    """CREATE TRIGGER counted AFTER INSERT ON papers BEGIN
        INSERT INTO notes VALUES ('added'); INSERT INTO notes VALUES (new.id); END;""",
)


def test_an_older_library_is_brought_forward_with_all_that_it_holds(library: Library) -> None:
    add(library, ONE)
    newer = Library(library.folder, STEPS)
    assert [paper.id for paper in newer.papers()] == ["one"]
    add(newer, RYE)
    with closing(sqlite3.connect(library.folder / FILE)) as db:
        assert [row[0] for row in db.execute("SELECT text FROM notes")] == ["a; b", "added", "rye"]
        assert db.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_failing_step_leaves_the_older_library_as_it_was(library: Library) -> None:
    add(library, ONE)
    with pytest.raises(LibraryDamaged):
        Library(library.folder, (*STEPS, "DROP TABLE notes; DROP TABLE nowhere"))
    again = Library(library.folder)
    assert [paper.id for paper in again.papers()] == ["one"]
    with closing(sqlite3.connect(library.folder / FILE)) as db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'notes'").fetchone()


def test_processes_that_open_a_new_library_at_once_all_succeed(tmp_path: Path) -> None:
    for number in range(3):
        command = [sys.executable, "-c", OPEN, str(tmp_path / str(number)), str(time.time() + 1.5)]
        many = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
        assert [process.communicate()[0] for process in many] == ["0\n"] * 6


def test_f29_a_library_deleted_in_use_is_gone_and_not_made_anew(library: Library) -> None:
    add(library, ONE)
    shutil.rmtree(library.folder)
    uses = (
        lambda: len(library),
        lambda: library.edition,
        lambda: list(library.papers()),
        lambda: library.paper("one"),
        lambda: library.within(Scope(years=(2020,))),
        lambda: library.spans([1]),
        lambda: add(library, ONE),
    )
    for use in uses:
        with pytest.raises(LibraryGone, match="Put the folder back, or start anew: askpapers ingest PATH") as lost:
            use()
        assert one_line(lost)
    assert not library.folder.exists()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder in which not even root may write")
@pytest.mark.parametrize("folder", ["/proc/self", "/proc/askpapers", "/dev/null"])
def test_f12_a_place_that_cannot_be_written_is_refused(folder: str) -> None:
    with pytest.raises(LibraryUnwritable, match=f"{folder} can't be written: .*name another folder") as refused:
        Library(Path(folder))
    assert one_line(refused)
