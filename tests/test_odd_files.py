"""Odd names, odd files, odd text and large ones; and what holds for any content whatever."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import socket
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reading import BEE, BEES, BREAD, RYE, lines, outcome, quotes_locate, refusal, titles, written

from ingest.read import MOST, expand, read
from ingest.record import Refusal, text
from rag.types import Paper


class TestOddFiles:
    @pytest.mark.parametrize(
        "name",
        ["a\nb", "-rf", "-", "a..", "x" * 250, "面包", "a b\t", "\udcff\udcfe", "\u202egpj", "$(reboot)", "%s", "*"],
    )
    def test_F14_an_odd_name_is_a_name(self, tmp_path: Path, name: str) -> None:
        file = written(tmp_path, lines(RYE), name)
        assert expand([tmp_path]) == (file,)
        assert titles(file) == ["On Rye"]

    def test_F14_a_path_that_climbs_is_read_where_it_leads(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        written(tmp_path, lines(RYE), "rye")
        assert titles(tmp_path / "sub" / ".." / "rye") == ["On Rye"]

    @pytest.mark.parametrize("name", ["gone", "x" * 300, "a\0b", "\ud800", "x/" * 3000])
    def test_F14_a_name_that_leads_nowhere_is_refused(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        assert expand([path]) == (path,)
        reason = refusal(path).reason
        assert "Check the path" in reason or "no name that a file can have" in reason

    def test_F14_links_in_a_folder_are_not_followed(self, tmp_path: Path) -> None:
        inside, outside = tmp_path / "in", tmp_path / "out"
        inside.mkdir()
        outside.mkdir()
        secret, mine = written(outside, lines(BEE)), written(inside, lines(RYE))
        for name, target in (("file", secret), ("folder", outside), ("loop", inside), ("nowhere", tmp_path / "gone")):
            (inside / name).symlink_to(target)
        written(inside, lines(BEE), ".hidden")
        assert expand([inside]) == (mine,)

    def test_F14_a_link_given_by_name_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        file = written(tmp_path / "folder", lines(RYE))
        (tmp_path / "to-file").symlink_to(file)
        (tmp_path / "to-folder").symlink_to(tmp_path / "folder")
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        assert titles(tmp_path / "to-file") == ["On Rye"]
        assert expand([tmp_path / "to-folder"]) == (tmp_path / "to-folder" / file.name,)
        assert "can't be opened" in refusal(tmp_path / "loop").reason

    def test_F14_a_folder_of_a_thousand_folders_is_read_to_its_end(self) -> None:
        with _deep(1200) as folder:
            (file,) = expand([folder])
            assert titles(file) == ["On Rye"]

    def test_F14_a_pipe_a_socket_a_device_and_a_folder_are_refused_at_once(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with socket.socket(socket.AF_UNIX) as door, _inside(tmp_path):
            door.bind("door")
        for path in (tmp_path / "pipe", tmp_path / "door", Path("/dev/zero")):
            assert expand([path]) == (path,)
            assert "a pipe, socket or device" in refusal(path).reason
        assert "a folder" in refusal(tmp_path).reason

    def test_F14_a_file_that_vanishes_before_it_is_read_is_refused(self, tmp_path: Path) -> None:
        file = written(tmp_path, lines(RYE))
        paths = expand([tmp_path])
        file.unlink()
        assert refusal(paths[0]).reason.startswith("It can't be opened: No such file or directory.")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_F14_what_may_not_be_read_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir(mode=0)
        written(tmp_path, lines(RYE)).chmod(0)
        assert all("Permission denied" in refusal(path).reason for path in expand([tmp_path]))

    def test_F04_a_file_that_changes_between_and_during_two_readings_breaks_nothing(self, tmp_path: Path) -> None:
        file = written(tmp_path, lines(*[RYE] * 5000))
        assert len(titles(file)) == 5000
        records = read(file)
        assert isinstance(next(records), Paper)
        file.write_text("title,abstract\n")
        assert all(isinstance(record, Paper | Refusal) for record in records)


class TestLargeFiles:
    """Peaks are of what Python holds, in MB."""

    @pytest.mark.parametrize("kind", ["JSON Lines", "CSV"])
    def test_F17_memory_does_not_grow_with_the_file(self, tmp_path: Path, kind: str) -> None:
        small, large = (_peak(_large(tmp_path, kind, papers), papers) for papers in (300, 3000))
        assert large < 1.2 * small < 20

    @pytest.mark.parametrize("kind", ["JSON Lines", "CSV"])
    def test_F17_a_line_of_100_mb_is_refused_and_the_others_are_read(self, tmp_path: Path, kind: str) -> None:
        file = _large(tmp_path, kind, 2)
        with file.open("ab") as end:
            for _ in range(100):
                end.write(b"a" * 1_000_000)
            end.write(b"\n")
        with file.open("a") as end:
            end.write(lines(BEE) if kind == "JSON Lines" else f"On Bees,{BEES}\n")
        assert _peak(file, 3) < 40
        assert outcome(file)[1][0].where == ("line 3" if kind == "JSON Lines" else "line 4")

    @pytest.mark.parametrize(
        "content", [f"[{json.dumps(RYE)},\n", "@article{a,\n title = {On Rye},\n", "On Rye\n\nWe knead"]
    )
    def test_F17_what_is_read_whole_is_refused_above_50_mb_saying_how_to_split(
        self, tmp_path: Path, content: str
    ) -> None:
        file = written(tmp_path, content * 9000)
        os.truncate(file, MOST + 10_000_000)
        reason = refusal(file).reason
        assert reason.startswith("60 MB of ")
        assert "50 MB at most" in reason
        assert "Split it into smaller files, or save it as JSON Lines or CSV" in reason


class TestOddText:
    @pytest.mark.parametrize(
        "odd",
        ["\0", "\u200b", "\ufeff", "\ud800", "\udfff x \ud800", "\u202eמה\u202c", "שלמ. מה שלמך?", "e\u0301",
         "👩🏽\u200d🔬", "w" * 50_000, "\u2028", "\x85", "\x1b[2J", "\U000e0041"],
        ids=lambda odd: ascii(odd)[:20],
    )  # fmt: skip
    def test_F15_odd_text_crashes_nothing_and_quotes_still_locate(self, tmp_path: Path, odd: str) -> None:
        record = {"title": f"On {odd} Rye", "abstract": f"{odd}{BREAD}{odd} {odd} {BEES}{odd}", "authors": [odd]}
        for content in (lines(record), json.dumps([record])):
            papers, _ = outcome(written(tmp_path, content))
            assert quotes_locate(papers[0])
            assert BEES in papers[0].abstract
            assert json.dumps(papers[0].abstract, ensure_ascii=False).encode()

    def test_F15_accents_stay_composed_as_the_file_has_them(self, tmp_path: Path) -> None:
        paper = outcome(written(tmp_path, lines({**RYE, "abstract": f"Pa\u0302te. {BREAD}"})))[0][0]
        assert paper.abstract.startswith("Pa\u0302te. ")


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Some paths are too long to be given whole."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _deep(depth: int) -> Iterator[Path]:
    """Folder in folder, a paper in the last; taken away again, as pytest's own clean-up would run out of stack."""
    limit = sys.getrecursionlimit()
    with tempfile.TemporaryDirectory() as name:
        with _inside(Path(name)):
            for _ in range(depth):
                os.mkdir("d")
                os.chdir("d")
            Path("rye").write_text(lines(RYE))
        try:
            yield Path(name)
        finally:
            sys.setrecursionlimit(10 * depth)
            shutil.rmtree(f"{name}/d")
            sys.setrecursionlimit(limit)


def _large(folder: Path, kind: str, papers: int) -> Path:
    """20 kB a paper."""
    abstract = "We knead, fold and wait. " * 800
    file = folder / f"{papers}"
    with file.open("w", newline="") as rows:
        rows.write("" if kind == "JSON Lines" else "title,abstract\n")
        for number in range(papers):
            title = f"On Rye {number}"
            record = {"title": title, "abstract": abstract}
            rows.write(lines(record) if kind == "JSON Lines" else f'{title},"{abstract}"\n')
    return file


def _peak(file: Path, papers: int) -> float:
    tracemalloc.start()
    try:
        assert sum(isinstance(record, Paper) for record in read(file)) == papers
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


LEGIBLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))  # many controls make a file no text
WRITERS: dict[str, Callable[[dict[str, str]], str]] = {
    "JSON Lines": lambda record: json.dumps(record) + "\n",
    "JSON": lambda record: json.dumps([record], indent=1, ensure_ascii=True),
    "CSV": lambda record: _as_csv(record),
}


def _as_csv(record: dict[str, str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([record.keys(), record.values()])
    return out.getvalue()


def _read_back(content: bytes) -> list[Paper | Refusal]:
    with tempfile.TemporaryDirectory() as folder:
        return list(read(written(Path(folder), content)))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([*WRITERS]), st.data())
def test_any_title_and_abstract_come_back(kind: str, data: st.DataObject) -> None:
    words = LEGIBLE if kind == "CSV" else st.text()
    title, abstract = data.draw(words) + "Rye", f"{data.draw(words)}{BREAD}{data.draw(words)}"
    (paper,) = _read_back(WRITERS[kind]({"title": title, "abstract": abstract}).encode())
    assert isinstance(paper, Paper)
    assert paper.title == " ".join(text(title).split())
    assert paper.abstract == text(abstract)
    assert quotes_locate(paper)


BEGINNINGS = st.sampled_from(
    [b"", b'{"title": "', b'{"papers": [', b"[", b"title,abstract\n", b"title\tabstract\n", b'title,abstract\nx,"',
     b"@article{a, title = {", b"@string{a = ", b'@article{a, title = "', b"@comment(", b"\xff\xfe", b"\xfe\xff",
     b"\xef\xbb\xbf", b"On Rye\n\n", b"{\0", b"\0{"]
)  # fmt: skip
MIDDLES = st.lists(
    st.sampled_from(
        [b'"', b"'", b"{", b"}", b"[", b"]", b"(", b")", b",", b";", b"=", b"#", b"@", b"\\", b"\\u", b"$", b"%", b"\n",
         b"\r", b"\0", b" ", b"title", b"abstract", b"author", b"@article", b"\xe9", b"\xff", b"1e9", b"\\begin{x}",
         BREAD.encode(), b'\n{"title": "x"}\n', b" and "]
    )
).map(b"".join)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(BEGINNINGS, st.one_of(MIDDLES, st.binary(), st.text().map(lambda text: text.encode("utf-16", "replace"))))
@example(b"{", b"\\u" * 500)
def test_F04_whatever_a_file_holds_reading_yields_papers_and_refusals_and_never_raises(one: bytes, two: bytes) -> None:
    records = _read_back(one + two)
    assert records
    for record in records:
        assert isinstance(record, Paper | Refusal)
        said = f"{record.title}{record.abstract}" if isinstance(record, Paper) else f"{record.where}{record.reason}"
        assert said.encode()
        assert isinstance(record, Paper) or (record.reason.endswith(".") and len(record.reason) < 700)


NAMES = st.sampled_from(["a", "b", ".c", "-d", "e f", "..."])
PLACES = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(["file", "folder", "link", "up"])))


@settings(deadline=None, max_examples=50)
@given(PLACES)
def test_F14_expanding_never_leaves_the_folder(places: list[tuple[list[str], str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "root"
        root.mkdir()
        written(root.parent, "secret")
        for parts, kind in places:
            _put(root.joinpath(*parts), kind, root.parent)
        files = expand([root])
        assert all(file.is_file() and file.resolve() == file and file.is_relative_to(root) for file in files)
        assert list(files) == sorted(files)


def _put(place: Path, kind: str, outside: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "file":
            place.write_text("x")
        elif kind == "folder":
            place.mkdir()
        else:
            place.symlink_to(outside / "papers" if kind == "link" else outside)
    except OSError:
        pass  # two things at one place: the first stays
