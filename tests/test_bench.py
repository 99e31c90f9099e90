"""What the bench measures is what it says."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from eval import bench_embedding, bench_llama, bench_model
from eval.bench import PARTS, cold_figures, ingest_figures
from eval.bench_embedding import embedding_figures
from eval.bench_llama import llama_figures
from eval.bench_model import FAULTS, fault_figures, line_figures, model_figures
from eval.bench_papers import sample
from eval.figure import Figure, markdown
from ingest.add import SHIPPED

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shipped_home: Path) -> Path:
    """One for all that ask the shipped papers, which are there already."""
    folder = tmp_path_factory.mktemp("bench")
    shutil.copytree(shipped_home, folder / "shipped")
    return folder


def test_a_ratio_is_ours_over_theirs() -> None:
    assert Figure("what", 3.0, "ms", "other", 2.0).ratio == 1.5
    assert Figure("what", 3.0, "ms").ratio is None


def test_the_sample_is_the_first_papers_that_have_an_abstract(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl.gz"
    papers = [{"title": str(number), "abstract": "" if number % 2 else "Words."} for number in range(10_000)]
    corpus.write_bytes(gzip.compress("\n".join(map(json.dumps, papers)).encode()))
    lines = sample(tmp_path, corpus, 2_000).read_text().splitlines()
    assert [json.loads(line)["title"] for line in lines[:2]] == ["0", "2"]
    assert len(lines) == 2_000
    assert sample(tmp_path, corpus, 90) == SHIPPED


def test_ingest_is_measured_beside_the_encoder_on_the_same_texts(tmp_path: Path) -> None:
    (figure,) = ingest_figures(tmp_path, None, repeats=1)
    assert figure.what == "ingest of 90 papers"
    assert figure.ratio == pytest.approx(1, abs=0.9)


def test_the_cold_command_is_measured_with_its_memory(folder: Path) -> None:
    time, memory = cold_figures(folder, None, repeats=1)
    assert time.unit == "s"
    assert 50 < memory.ours < 1000


def test_a_models_first_word_is_measured_beside_the_bare_servers(folder: Path) -> None:
    p50, _, more, _ = model_figures(folder, None, repeats=1)
    assert p50.theirs
    assert 0 < more.ours < p50.ours


def test_ten_windows_are_answered_evenly_one_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_model, "ROUND", 0.5)
    monkeypatch.setattr(bench_model, "WORD", 0.001)
    rate, fairness = line_figures(folder, None, repeats=1)
    assert "1 request at a time" in rate.what
    assert rate.theirs
    assert 0.8 < fairness.ours <= 1


def test_every_fault_is_given_up_and_its_requests_counted(folder: Path) -> None:
    found = {figure.what: figure.ours for figure in fault_figures(folder, None, repeats=1)}
    assert len(found) == len(FAULTS) + 1
    assert max(found.values()) < 10
    assert "given up: 401 (1 request)" in found


def test_an_embedding_that_is_killed_and_limited_in_rate_is_paid_once_a_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_embedding, "KILLS", 1)
    taken, paid, back = embedding_figures(folder, None, repeats=1)
    assert taken.theirs, "it was limited"
    assert (paid.ours, paid.ratio) == (180, 1)
    assert back.ours == 0


def test_the_shipped_questions_are_answered_through_llama_cpp_whatever_it_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xllamacpp", reason="no llama.cpp on this machine: pip install -e '.[test]'")
    monkeypatch.setattr(bench_llama, "QUESTIONS", 3)
    monkeypatch.setattr(bench_llama, "JUDGED", 2)
    asked, answered, abstained, failed, fell_back, votes, unscored = llama_figures(folder, None, repeats=1)
    assert asked.what == "3 questions through llama.cpp's server"
    assert answered.ours == fell_back.ours == 3 - abstained.ours
    assert failed.ours == 0
    assert votes.ours == unscored.ours >= 2


def test_without_llama_cpp_it_is_said_that_its_figures_are_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_llama, "NEEDED", ("no_such_package",))
    assert [*llama_figures(folder, None, repeats=1)] == []
    assert capsys.readouterr().err == "llama: left out, no_such_package is not installed. pip install -e '.[test]'\n"


def test_figures_are_a_markdown_table_for_the_readme() -> None:
    table = markdown([Figure("ten", 1234.5, "ms", "one", 617.25), Figure("  of it", 0.5, "s", aim="under 1 s")])
    assert table.splitlines()[2:] == [
        "| ten | 1,234 ms | one | 617 ms | 2.00 |  |",
        "| – of it | 0.5 s |  |  |  | under 1 s |",
    ]


def test_each_table_of_the_readme_is_made_by_a_part_of_the_bench() -> None:
    names = re.findall("<!-- bench (.+) -->\n", README.read_text(encoding="utf-8"))
    assert names
    assert {*names} <= {*PARTS}
