"""Papers added in the window: what came of each file, and what is kept when something is in the way."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag.config import Settings
from rag.errors import LibraryBusy, LibraryUnwritable
from rag.library import Library
from ui.adding import LISTED, Handed, add, by_file, in_words, refused, set_aside

PAGE = Path(__file__).parents[1] / "ui" / "add_page.py"
PAPER = {"title": "Zyxel lattices", "abstract": "We show that Zyxel lattices fold at 40 kelvin."}


def jsonl(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The machine's folder for them, this test's own; nothing may be left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


def test_A20_the_name_of_a_file_leads_nowhere(library: Library, temporary: Path) -> None:
    names = ["../../x", "/etc/passwd", "a\0b", "..", "x" * 300, "-rf"]
    with set_aside([Handed(name, b"x") for name in names]) as paths:
        assert {path.parent.parent for path in paths} == {temporary}
        assert len({path.resolve() for path in paths}) == len(names)
        assert paths[0].parent.stat().st_mode & 0o077 == 0, "nobody else's"
    added = add(library, [Handed(name, jsonl(PAPER)) for name in names], Settings(), silent)
    assert [one.name for one in added] == names
    assert (added[0].summary.added, added[-1].summary.unchanged) == (1, 1)


@pytest.mark.usefixtures("temporary")
def test_what_was_set_aside_is_gone_also_when_adding_is_stopped(library: Library) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(library, [Handed("a", jsonl(PAPER))], Settings(), stop)
    assert add(library, [Handed("a", jsonl(PAPER))], Settings(), silent)[0].summary.unchanged == 1, (
        "what was finished is kept"
    )


def test_F12_no_room_to_set_files_aside_is_one_clear_error(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/self/nowhere")
    with pytest.raises(LibraryUnwritable, match=r"temporary folder: .* Nothing was added"):
        add(library, [Handed("a", jsonl(PAPER))], Settings(), silent)


@pytest.mark.usefixtures("temporary")
def test_F20_two_windows_that_add_at_once_do_not_disturb_each_other(library: Library) -> None:
    met: list[str] = []

    def meanwhile(what: str, done: int, total: int) -> None:
        if what == "indexing":  # by then, the next one may add
            return
        with pytest.raises(LibraryBusy) as other:
            add(library, [Handed("b", jsonl(PAPER))], Settings(), silent)
        met.append(str(other.value))

    assert add(library, [Handed("a", jsonl(PAPER))], Settings(), meanwhile)[0].summary.added == 1
    assert f"Process {os.getpid()} is adding" in met[0]


@pytest.mark.usefixtures("temporary")
def test_every_file_has_its_line_and_every_refusal_its_reason(library: Library) -> None:
    other = {"title": "On bread", "abstract": "We bake bread and measure it for days on end."}
    files = [
        Handed("good.jsonl", jsonl(PAPER, other)),
        Handed("again.jsonl", jsonl(PAPER, {"title": "No abstract"})),
        Handed("bomb.zip", b"PK\x03\x04" + bytes(100)),
        Handed("empty", b""),
    ]
    added = add(library, files, Settings(), silent)
    assert in_words(added, len(library)) == "2 added, 1 already there, 3 refused. The library holds 2 papers."
    assert [row["cells"][:4] for row in by_file(added)["rows"]] == [
        ["good.jsonl", "2", "–", "–"],
        ["again.jsonl", "–", "–", "1"],
        ["bomb.zip", "–", "–", "–"],
        ["empty", "–", "–", "–"],
    ]
    reasons = [row["cells"] for row in refused(added)["rows"]]
    assert reasons[0][0] == {"text": "again.jsonl", "sub": "line 2 ('No abstract')"}
    assert "a zip archive" in reasons[1][1]
    assert "The file is empty" in reasons[2][1]


@pytest.mark.usefixtures("temporary")
def test_of_many_refusals_the_first_are_shown_and_the_others_counted(library: Library) -> None:
    rows = refused(add(library, [Handed("a", jsonl(*[{"title": "T"}] * (LISTED + 7)))], Settings(), silent))["rows"]
    assert len(rows) == LISTED + 1
    assert "7 more" in rows[-1]["cells"][1]


def words(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(element.value for element in [*page.text, *page.markdown])


def opened() -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=60).run()


@pytest.mark.usefixtures("home", "temporary")
class TestThePage:
    def test_pasted_text_with_nothing_new_in_it_is_added_once(self, home: Path) -> None:
        known = next(Library(home).papers())
        page = opened()
        page.text_area[0].set_value(f"{known.title}\n\n{known.abstract}").run()
        page.button[0].click().run()
        assert "1 already there. The library holds 90 papers." in words(page)
        assert page.text_area[0].value == "", "the boxes are empty again"

    def test_nothing_handed_over_is_told(self) -> None:
        assert "first" in words(opened().button[0].click().run())

    def test_F20_another_process_that_is_adding_is_named_and_the_text_stays_for_another_try(self, home: Path) -> None:
        page = opened()
        page.text_area[0].set_value(f"Zyxel lattices\n\n{PAPER['abstract'] * 3}").run()
        with Library(home).writing():
            page.button[0].click().run()
            assert f"Process {os.getpid()} is adding" in words(page)
            assert page.text_area[0].value
        page.button[0].click().run()
        assert "1 added. The library holds 91 papers." in words(page)

    def test_F29_a_library_that_is_gone_is_told_and_can_be_added_to_once_it_is_back(
        self, home: Path, tmp_path: Path
    ) -> None:
        page = opened()
        page.text_area[0].set_value(f"Zyxel lattices\n\n{PAPER['abstract'] * 3}").run()
        page.button[0].click().run()
        home.rename(tmp_path / "away")
        page.button[0].click().run()
        assert "is gone" in words(page) or "first" in words(page)
        (tmp_path / "away").rename(home)
        assert "holds 91 papers" in words(page.run())

    def test_a_window_that_others_can_reach_offers_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ASKPAPERS_HOST", "0.0.0.0")
        page = opened()
        assert "ASKPAPERS_ALLOW_CHANGES=true" in words(page)
        assert not page.button
        monkeypatch.setenv("ASKPAPERS_ALLOW_CHANGES", "true")
        assert opened().button
