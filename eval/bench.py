"""How fast, beside what it could at best be: python -m eval.bench [--papers FILE] [--repeats N] [--only WHAT].

Medians over repeats; what is compared is measured in turns within one run, as machines have moods.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.bench_embedding import embedding_figures
from eval.bench_llama import llama_figures
from eval.bench_model import fault_figures, line_figures, model_figures
from eval.bench_papers import SIZES, sample, shipped
from eval.bench_window import window_figures
from eval.figure import COLUMNS, Figure, markdown
from eval.readme import placed
from ingest.add import cut, ingest
from ingest.read import read
from rag.chroma import Embedded, Nearest
from rag.config import Settings
from rag.encoder import DIMENSIONS, BundledEncoder
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Paper, Query
from rag.words import tokens

ENCODED = 2_000  # papers up to which the real encoder makes the vectors
QUESTIONS = 100  # asked of each library
QUESTION = "How much do we need {title} today?"
MEASURE = """
import resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""  # from a small process: a child's peak is counted from what its parent held when it was forked
COLD = 'askpapers ask "What is MetaCLIP?"'


def main(
    papers: Annotated[
        Path | None, typer.Option(help="JSON Lines of 20,000 papers or more, gzip or not; or a library, for questions.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of which medians are taken.")] = 3,
    only: Annotated[str, typer.Option(help=f"{', '.join(PARTS)}, several with commas between, or all.")] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON on stdout.")] = False,
    readme: Annotated[Path | None, typer.Option(help="Put each part's table between its marks in this file.")] = None,
) -> None:
    """Times ingest, questions and the cold command; without --papers, over the 90 shipped papers alone.

    Examples: python -m eval.bench --papers corpus.jsonl.gz --only questions,line
    python -m eval.bench --papers ~/library --only questions
    """
    chosen = [*PARTS] if only == "all" else only.split(",")
    if unknown := [name for name in chosen if name not in PARTS]:
        raise typer.BadParameter(f"--only {unknown[0]}: one of {', '.join(PARTS)}, all")
    if papers and papers.is_dir() and chosen != ["questions"]:
        raise typer.BadParameter(f"--papers {papers}: a library is measured with --only questions")
    found: dict[str, list[Figure]] = {}
    with TemporaryDirectory() as folder:
        for name in chosen:
            found[name] = [*PARTS[name](Path(folder), papers, repeats)]
            if readme and found[name]:
                _write(readme, name, found[name], repeats)
    figures = [figure for some in found.values() for figure in some]
    if as_json:
        print(json.dumps([asdict(figure) | {"ratio": figure.ratio} for figure in figures], indent=1))
    else:
        Console(width=120).print(_table(figures, repeats))


def _write(readme: Path, name: str, figures: Sequence[Figure], repeats: int) -> None:
    """Raises CallerMistake where the file has no place for them."""
    runs = "One run" if repeats == 1 else f"Medians over {repeats} repeats"
    said = f"{runs}, {os.cpu_count()} cores, {datetime.now().astimezone():%d %B %Y}."
    text = placed(readme.read_text(encoding="utf-8"), f"bench {name}", f"{said}\n\n{markdown(figures)}")
    readme.write_text(text, encoding="utf-8")


def ingest_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Papers a second into an empty library, index and all, beside the encoder alone on the same texts."""
    encoder = BundledEncoder()
    for size in SIZES[: 2 if papers else 1]:
        file = sample(folder, papers, size)
        texts = _texts(file, encoder)
        ours, theirs = [], []
        for turn in range(repeats):
            theirs.append(size / _seconds(partial(encoder.vectors, texts)))
            library = Library(folder / f"ingest-{size}-{turn}")
            ours.append(size / _seconds(partial(ingest, library, [file], encoder)))
        what = f"ingest of {size:,} papers"
        yield Figure(what, median(ours), "papers/s", "the encoder alone", median(theirs), "ratio 0.9 or more")


def question_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """Milliseconds a question in a warm process, by stage, beside LlamaIndex's retriever over the same collection."""
    first = None
    for library in _libraries(folder, papers):
        size, pipeline = len(library), Pipeline(library, BundledEncoder(), Settings())
        asked = [QUESTION.format(title=title) for title in _titles(pipeline.library)]
        stages = _stages(pipeline)
        times: dict[str, list[float]] = {stage: [] for stage in stages}
        for question in asked * (repeats + 1):
            for stage, work in stages.items():
                times[stage].append(1000 * _seconds(partial(work, question)))
        warm = {stage: taken[len(asked) :] for stage, taken in times.items()}
        first = first or median(warm["ask"])
        yield from _by_stage(size, warm, first)


def _by_stage(size: int, times: dict[str, list[float]], first: float) -> Iterator[Figure]:
    aim = "under 60 ms" if size == SIZES[0] else "under 200 ms"
    theirs = median(times["LlamaIndex"])
    yield Figure(f"question, {size:,} papers, p50", median(times["ask"]), "ms", "LlamaIndex's retriever", theirs, aim)
    if size != SIZES[0]:
        yield Figure(
            f"question, {size:,} papers, p50", median(times["ask"]), "ms", "the same at 90", first, "under 3 times"
        )
    p95 = {stage: quantiles(taken, n=20)[-1] for stage, taken in times.items()}
    yield Figure(f"question, {size:,} papers, p95", p95["ask"], "ms", "LlamaIndex's retriever", p95["LlamaIndex"])
    for stage in ("encode", "search"):
        yield Figure(f"  {stage} of it, p50", median(times[stage]), "ms")


def _stages(pipeline: Pipeline) -> dict[str, Callable[[str], object]]:
    """What a question costs as a whole, two parts of it, and what LlamaIndex alone would."""
    from llama_index.core import VectorStoreIndex
    from llama_index.vector_stores.chroma import ChromaVectorStore

    retriever, encoder = pipeline.retriever, BundledEncoder()
    store = ChromaVectorStore(chroma_collection=_collection(retriever.index().near))
    stock = VectorStoreIndex.from_vector_store(store, embed_model=encoder)
    theirs = stock.as_retriever(similarity_top_k=pipeline.settings.passages)
    return {
        "ask": lambda question: pipeline.ask(Query(question)).answer,
        "encode": encoder.vector,
        "search": retriever.search,
        "LlamaIndex": theirs.retrieve,
    }


def _collection(near: Nearest) -> Any:
    if not isinstance(near, Embedded):
        raise TypeError(f"The bench compares over an embedded Chroma, not {near}")
    return near.collection


def cold_figures(folder: Path, papers: Path | None, repeats: int) -> Iterator[Figure]:
    """The whole command from a cold process, beside the bare import of the two libraries it stands on."""
    home = shipped(folder).folder
    ask = [sys.executable, "-c", "from ui.cli import main; main()", "ask", "What is MetaCLIP?", "--library", str(home)]
    bare = [sys.executable, "-c", "import chromadb, llama_index.core"]
    runs = [(_process(ask), _process(bare)) for _ in range(repeats + 1)][1:]
    (seconds, memory), (bare_seconds, bare_memory) = (
        [median(run[which][value] for run in runs) for value in range(2)] for which in range(2)
    )
    beside = "import chromadb, llama_index.core"
    yield Figure(COLD, seconds, "s", beside, bare_seconds, "under 1.3 times")
    yield Figure(f"{COLD}, peak memory", memory, "MB", beside, bare_memory)


def _process(call: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak MB of a process of its own. Raises CalledProcessError."""
    measured = subprocess.run([sys.executable, "-c", MEASURE, *call], capture_output=True, text=True, check=True)
    seconds, memory = measured.stderr.split()[-2:]
    return float(seconds), float(memory) / 1024


def _libraries(folder: Path, papers: Path | None) -> Iterator[Library]:
    """The shipped papers; more and more of a file's; or those of a library, as it is."""
    is_library = papers is not None and papers.is_dir()
    for size in SIZES if papers and not is_library else SIZES[:1]:
        yield _library(folder, papers, size)
    if papers and is_library:
        yield Library(papers)


def _library(folder: Path, papers: Path | None, size: int) -> Library:
    library = Library(folder / f"questions-{size}")
    file = sample(folder, papers, size)
    if size <= ENCODED:
        ingest(library, [file], BundledEncoder())
    else:
        _fill_cheaply(library, file)
    return library


def _fill_cheaply(library: Library, file: Path) -> None:
    """As ingest does, with a stand-in for the encoder: what shares words is near, as it is with the real one."""
    encoder = BundledEncoder()
    with library.writing() as writer:
        for paper in _papers(file):
            writer.put(paper, partial(cut, encoder=encoder))
        texts = writer.lacking(encoder.fingerprint)
        writer.commit(encoder.fingerprint, texts, np.stack([_stand_in(text) for text in texts]))


def _stand_in(text: str) -> np.ndarray:
    """The sum of its words' random vectors, stop words apart (with them all texts would be near one another)."""
    total: np.ndarray = np.sum([_word_vector(word) for word in tokens(text) or [""]], axis=0)
    return total


@cache
def _word_vector(word: str) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DIMENSIONS, np.float32)


def _papers(file: Path) -> Iterator[Paper]:
    return (record for record in read(file) if isinstance(record, Paper))


def _texts(file: Path, encoder: BundledEncoder) -> list[str]:
    """What is embedded of a file's papers, each text once."""
    return list(dict.fromkeys(chunk.embedded for paper in _papers(file) for chunk in cut(paper, encoder)))


def _titles(library: Library) -> list[str]:
    titles = [paper.title for paper in library.papers()]
    return titles[:: max(1, len(titles) // QUESTIONS)][:QUESTIONS]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _table(figures: Sequence[Figure], repeats: int) -> Table:
    table = Table(*COLUMNS, title=f"medians over {repeats} repeats")
    for figure in figures:
        table.add_row(*figure.cells)
    return table


PARTS: dict[str, Callable[[Path, Path | None, int], Iterator[Figure]]] = {
    "cold": cold_figures,
    "ingest": ingest_figures,
    "questions": question_figures,
    "model": model_figures,
    "faults": fault_figures,
    "line": line_figures,
    "embedding": embedding_figures,
    "llama": llama_figures,
    "window": window_figures,
}

if __name__ == "__main__":
    typer.run(main)
