"""The index: rebuilt at will, never believed when it is damaged, and the same however it came about."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag.chroma import PROBES
from rag.edition import Index
from rag.encoder import BundledEncoder
from rag.errors import LibraryEmpty, LibraryUnwritable
from rag.index import current_index
from rag.library import Library
from rag.types import Paper
from rag.writer import Chunk

MODEL = "test/random"
MANY = 1200  # vectors from which Chroma keeps them in files of its own, not only in its database
OPENINGS = 12
BUILD = """
import sys
from pathlib import Path
from rag.index import current_index
from rag.library import Library
index = current_index(Library(Path(sys.argv[1])), "test/random")
print(index.edition, len(index.chunks), index.nearest(index.vectors[7].astype("float32"), 1)[0])
"""


def whole(paper: Paper) -> tuple[Chunk, ...]:
    """The abstract as one passage."""
    return (Chunk("passage", 0, len(paper.abstract), f"{paper.title}. {paper.abstract}"),)


def numbered(numbers: Iterable[int], what: str = "about") -> list[Paper]:
    return [Paper(f"p{n}", f"Paper {n}", f"This is {what} topic{n}, and shared{n % 7} words.") for n in numbers]


def put(library: Library, papers: list[Paper], seed: int = 0, equal: bool = False) -> None:
    """Adds them with vectors that scatter around a few centres, as those of texts do, or that are all equal."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(20, 64))
    with library.writing() as writer:
        for paper in papers:
            writer.put(paper, whole)
        texts = writer.lacking(MODEL)
        vectors = centres[random.integers(0, 20, len(texts))] + 0.5 * random.normal(size=(len(texts), 64))
        writer.commit(MODEL, texts, np.ones_like(vectors) if equal else vectors)


@pytest.fixture(scope="module")
def many_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("many")
    put(Library(home), numbered(range(MANY)))
    current_index(Library(home), MODEL).close()
    return home


@pytest.fixture
def many(many_home: Path, tmp_path: Path) -> Library:
    """A library of the test's own, indexed, large enough that Chroma keeps its vectors in files."""
    shutil.copytree(many_home, tmp_path / "many")
    return Library(tmp_path / "many")


def found(index: Index) -> list[list[tuple[str, float]]]:
    """What it finds by meaning and by words, by the papers' ids, for every 40th of its own passages."""
    answers = []
    for row in range(0, len(index.chunks), 40):
        vector = np.array(index.vectors[row], np.float32)
        words = index.word_scores(f"topic{row} shared3")
        rows = [*index.nearest(vector, 20), *np.argsort(-words, kind="stable")[:20]]
        answers.append([(index.papers[index.owners[r]], round(float(words[r]), 5)) for r in rows])
    return answers


def folder_of(library: Library) -> Path:
    (folder,) = (library.folder / "index").glob(f"{library.edition}-*")
    return folder


def remove(file: Path) -> None:
    file.unlink()


def halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def blur(file: Path) -> None:
    """As many bytes as before, the last quarter zeros."""
    size = file.stat().st_size
    os.truncate(file, size * 3 // 4)
    os.truncate(file, size)


FILES = (
    "rows.npz", "vectors.npy", "papers.json", "marks.json", "vocabulary.json",
    "words/vocab.index.json", "words/params.index.json",
    "words/data.csc.index.npy", "words/indices.csc.index.npy", "words/indptr.csc.index.npy",
    "chroma-*/chroma.sqlite3", "chroma-*/*/header.bin", "chroma-*/*/data_level0.bin", "chroma-*/*/length.bin",
    "chroma-*/*/link_lists.bin", "chroma-*/*/index_metadata.pickle",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "harm"),
    [(name, harm) for name in FILES for harm in (remove, halve)]
    + [
        (name, blur) for name in ("words/data.csc.index.npy", "chroma-*/*/link_lists.bin", "chroma-*/*/data_level0.bin")
    ],
)
def test_f22_a_damaged_file_is_noticed_and_the_index_rebuilt(
    many: Library, name: str, harm: Callable[[Path], None]
) -> None:
    index = current_index(many, MODEL)
    before, born = found(index), folder_of(many).stat().st_ino
    index.close()
    (file,) = folder_of(many).glob(name)
    harm(file)
    again = current_index(many, MODEL)
    assert folder_of(many).stat().st_ino != born
    assert found(again) == before
    again.close()


@pytest.mark.parametrize("begin", [0, 4096, 40_960])
def test_f23_a_malformed_database_of_the_same_size_is_noticed_and_the_index_rebuilt(many: Library, begin: int) -> None:
    index = current_index(many, MODEL)
    before, born = found(index), folder_of(many).stat().st_ino
    index.close()
    (file,) = folder_of(many).glob("chroma-*/chroma.sqlite3")
    sound = file.read_bytes()
    file.write_bytes(sound[:begin] + (b"no database " * len(sound))[: len(sound) - begin])
    again = current_index(many, MODEL)
    assert found(again) == before
    assert folder_of(many).stat().st_ino != born
    again.close()


def test_f22_the_damage_is_every_kind_of_file_that_an_index_has(many: Library) -> None:
    assert {str(f.relative_to(folder_of(many))) for f in folder_of(many).rglob("*") if f.is_file()} == {
        str(file.relative_to(folder_of(many))) for name in FILES for file in folder_of(many).glob(name)
    }


def test_an_index_of_words_that_were_cut_otherwise_is_rebuilt(many: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    current_index(many, MODEL).close()
    born = folder_of(many).stat().st_ino
    monkeypatch.setattr("rag.edition.tokens", str.split)
    current_index(many, MODEL).close()
    assert folder_of(many).stat().st_ino != born


@pytest.mark.parametrize("what", ["index", "index/*", "index/*/chroma-*", "index/*/chroma-*/*-*", "index/*/words"])
def test_f22_a_removed_folder_is_rebuilt(many: Library, what: str) -> None:
    index = current_index(many, MODEL)
    before = found(index)
    index.close()
    for folder in many.folder.glob(what):
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    again = current_index(many, MODEL)
    assert found(again) == before
    again.close()


def test_a_sound_index_is_opened_as_it_is(many: Library) -> None:
    born = folder_of(many).stat().st_ino
    for _ in range(3):
        current_index(many, MODEL).close()
    assert folder_of(many).stat().st_ino == born


def test_f22_the_shipped_librarys_small_index_is_rebuilt_without_embedding_anything(
    shipped_home: Path, shipped: Library, encoder: BundledEncoder, tmp_path: Path
) -> None:
    shutil.copytree(shipped_home, tmp_path / "copy")
    library = Library(tmp_path / "copy")
    before = found(current_index(shipped, encoder.fingerprint))
    for file in sorted(f.relative_to(library.folder) for f in library.folder.glob("index/*/**/*") if f.is_file()):
        if not (library.folder / file).exists():  # a rebuilt index may have made it under another name
            continue
        remove(library.folder / file)
        again = current_index(library, encoder.fingerprint)  # it is given no encoder, only the fingerprint
        assert found(again) == before, file
        again.close()


def test_an_index_built_upon_the_last_finds_what_a_fresh_one_finds(many: Library) -> None:
    current_index(many, MODEL).close()
    changes: tuple[Callable[[], None], ...] = (
        lambda: put(many, numbered(range(MANY, MANY + 30)), seed=1),
        lambda: put(many, numbered(range(0, MANY, 60), "now about"), seed=2),
        lambda: take(many, range(7, MANY, 50)),
        lambda: put(many, numbered(range(7, MANY, 50)), seed=3),
        lambda: put(many, numbered(range(500), "at last about"), seed=4),  # too many: it is built afresh
        lambda: take(many, range(500, 1150)),
    )
    buried = []
    for change in changes:
        change()
        grown = current_index(many, MODEL)
        buried.append(grown.buried)
        results = found(grown)
        grown.close()
        shutil.rmtree(many.folder / "index")
        fresh = current_index(many, MODEL)
        assert results == found(fresh)
        assert fresh.buried == 0
        fresh.close()
    assert buried == [0, 20, 24, 0, 0, 0]


def take(library: Library, numbers: Iterable[int]) -> None:
    with library.writing() as writer:
        writer.remove(f"p{number}" for number in numbers)


def test_removed_vectors_do_not_pile_up(many: Library) -> None:
    piled = []
    for seed in range(1, 5):
        put(many, numbered(range(100), f"for the {seed}. time about"), seed)
        index = current_index(many, MODEL)
        piled.append(index.buried)
        index.close()
    assert piled == [100, 200, 0, 100]


def test_numbers_that_a_restored_backup_gives_out_again_mean_what_the_library_says(tmp_path: Path) -> None:
    library = Library(tmp_path / "library")
    put(library, numbered(range(100)))
    current_index(library, MODEL).close()
    shutil.copytree(library.folder, tmp_path / "backup", ignore=shutil.ignore_patterns("index"))
    put(library, numbered(range(100, 110)), seed=1)
    current_index(library, MODEL).close()
    shutil.copytree(tmp_path / "backup", library.folder, dirs_exist_ok=True)
    put(library, numbered(range(200, 210)), seed=2)
    index = current_index(library, MODEL)
    for row in range(110):
        assert index.nearest(np.array(index.vectors[row], np.float32), 1)[0] == row
    index.close()


def test_f08_an_updated_papers_row_is_its_own(library: Library) -> None:
    put(library, numbered(range(50)))
    put(library, numbered([3, 30], "changed, and about"), seed=1)
    index = current_index(library, MODEL)
    rows = [int(index.nearest(np.array(vector, np.float32), 1)[0]) for vector in index.vectors]
    assert rows == list(range(50))
    index.close()


@pytest.mark.parametrize("count", [1, 3, 99, 150])
def test_a30_nothing_of_memory_is_written_where_no_vector_is(library: Library, count: int) -> None:
    secret = b"a key that stood here " * 8000
    put(library, numbered(range(count)))
    for size in (len(secret), *range(25_600, 120_000, 25_600)):  # freed, and so what is given out next
        [bytearray(secret[:size]) for _ in range(20)].clear()
    for _ in range(2):  # built, and opened
        current_index(library, MODEL).close()
        for file in folder_of(library).rglob("*.bin"):
            assert b"key" not in file.read_bytes()
            assert file.name != "data_level0.bin" or not any(file.read_bytes()[count * (64 * 4 + 4 + 128 + 8) :])


def test_f34_what_differs_is_found_among_thousands_of_equal_vectors(library: Library) -> None:
    put(library, numbered(range(2000)), equal=True)
    put(library, numbered(range(2000, 2300)))
    index = current_index(library, MODEL)
    for row in range(2000, 2300, 10):
        vector = np.array(index.vectors[row], np.float32)
        assert index.nearest(vector, 5)[0] == row
    index.close()


def test_chroma_finds_the_nearest_of_the_shipped_passages_exactly(shipped: Library, encoder: BundledEncoder) -> None:
    index = current_index(shipped, encoder.fingerprint)
    everything = np.arange(len(index.chunks))
    for stored in list(shipped.chunks("sentence", encoder.fingerprint))[::9]:
        vector = stored.vector.astype(np.float32)
        exact = np.argsort(-index.cosines(vector, everything))[:20]
        assert set(index.nearest(vector, 20)) == set(exact)
    index.close()


def test_words_none_of_which_counts_make_an_index_too(library: Library) -> None:
    with library.writing() as writer:
        writer.put(Paper("a", "The", "and of the"), whole)
        writer.commit(MODEL, writer.lacking(MODEL), np.ones((1, 3)))
    index = current_index(library, MODEL)
    assert index.nearest(np.ones(3, np.float32), 1000).tolist() == [0], "f33: more than there are"
    assert index.word_scores("what of it").tolist() == [0]
    index.close()


def test_an_empty_library_has_no_index(library: Library) -> None:
    with pytest.raises(LibraryEmpty, match="askpapers ingest PATH"):
        current_index(library, MODEL)


def test_processes_that_build_at_once_all_get_a_sound_index(many: Library) -> None:
    shutil.rmtree(many.folder / "index")
    command = [sys.executable, "-c", BUILD, str(many.folder)]
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert {builder.communicate()[0] for builder in builders} == {f"{many.edition} {MANY} 7\n"}
    assert len(list((many.folder / "index").glob("[0-9]*"))) == 1


def test_a_reader_survives_that_its_index_is_deleted(many: Library) -> None:
    index = current_index(many, MODEL)
    before = found(index)
    shutil.rmtree(many.folder / "index")
    with ThreadPoolExecutor(8) as readers:
        crowd = list(readers.map(lambda _: found(index), range(8)))
    for answers in [*crowd, found(current_index(many, MODEL))]:  # the same process may open a new one beside it
        for one, other in zip(answers, before, strict=True):
            assert len(set(one) & set(other)) >= len(set(other)) - 1, "what Chroma rounds off may change the last one"
    index.close()


def test_an_index_built_anew_reads_nothing_of_the_deleted_one_that_is_still_open(many: Library, tmp_path: Path) -> None:
    index = current_index(many, MODEL)
    before = found(index)
    os.rename(many.folder / "index", tmp_path / "deleted")
    (database,) = (tmp_path / "deleted").rglob("chroma.sqlite3")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DELETE FROM segments")
    anew = current_index(many, MODEL)
    assert anew.nearest(np.array(anew.vectors[7], np.float32), 1).tolist() == [7]
    assert [len(answer) for answer in found(anew)] == [len(answer) for answer in before]
    anew.close()
    index.close()


def test_old_editions_are_deleted_and_the_last_but_one_is_kept(library: Library) -> None:
    editions = []
    for number in range(4):
        put(library, numbered([number]))
        current_index(library, MODEL).close()
        editions.append(library.edition)
    kept = [folder.name.rpartition("-")[0] for folder in (library.folder / "index").iterdir() if folder.is_dir()]
    assert sorted(kept) == sorted(editions[-2:])


def test_a_forgotten_index_lets_go_of_its_files(many: Library) -> None:
    current_index(many, MODEL).close()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(OPENINGS):
        index = current_index(many, MODEL)
        assert len(index.nearest(np.ones(64, np.float32), PROBES)) == PROBES
        del index
    assert len(os.listdir("/proc/self/fd")) < before + OPENINGS, "its threads let go of the last ones a moment later"


def test_f12_an_index_that_cannot_be_written_is_one_clear_error(many: Library) -> None:
    shutil.rmtree(many.folder / "index")
    (many.folder / "index").write_text("in the way")
    with pytest.raises(LibraryUnwritable, match=r"can't be written: .*What it held is unharmed"):
        current_index(many, MODEL)
