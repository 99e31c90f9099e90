"""Papers into the library: cut, embed what is new, commit a batch at a time, publish an index."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from ingest.read import read
from ingest.record import Refusal
from rag.chroma_server import Server
from rag.encoder import MOST_PIECES, BundledEncoder, Encoder
from rag.errors import ContextOverflow, ModelError, VectorRejected
from rag.index import current_index
from rag.library import Library
from rag.split import Bounds, passages, sentences
from rag.types import Paper
from rag.writer import Chunk, Kind, Writer, chunk_of

SHIPPED = Path(__file__).with_name("huggingface-papers.txt")
BATCH = 16  # papers a transaction: what a crash can cost
ASKED = 64  # texts of an embedding's transaction, and so of its request: a slow server is to be done within its timeout
_WORD = re.compile(r"\S+")
LEAST_ROOM = 64  # word pieces for the passage, however long the title is
MOST_REFUSALS = 1000  # listed a file; the others are counted

Progress = Callable[[str, int, int], None]  # what is being done, done, of how many


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of one file."""

    path: Path
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: tuple[Refusal, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The form that other programs rely on."""
        return asdict(self) | {"path": str(self.path)}


def ingest(
    library: Library,
    paths: Iterable[Path],
    encoder: BundledEncoder,
    progress: Progress | None = None,
    server: Server | None = None,
) -> list[Summary]:
    """Adds the papers of these files. Raises LibraryError; what was committed by then stays, and is not done again."""
    with library.writing() as writer:
        writer.settle()
        summaries = [_add_file(writer, path, encoder, progress) for path in paths]
    publish(library, encoder, progress, server)
    return summaries


def fill(
    library: Library, encoder: BundledEncoder, progress: Progress | None = None, server: Server | None = None
) -> None:
    """Adds the shipped papers to a fresh library, once, whoever else tries at the same time."""
    with library.writing(wait=600) as writer:
        if library.fresh:
            _add_file(writer, SHIPPED, encoder, progress)
            writer.settle()
    publish(library, encoder, progress, server)


def embed(
    library: Library,
    encoder: Encoder,
    kinds: tuple[Kind, ...],
    progress: Progress | None = None,
    server: Server | None = None,
) -> None:
    """Makes the vectors that chunks lack, and then the index that serves them; by then, others do.

    What was made is stored before more is asked for. Raises LibraryError, ModelError and VectorRejected.
    """
    name = encoder.fingerprint
    with library.writing() as writer:
        chunks = [chunk for kind in kinds for chunk in reversed([*library.lacking(kind, name)])]
        for done in _stored(writer, encoder, chunks):
            if progress:
                progress("embedding", done, len(chunks))
    publish(library, encoder, progress, server)


def _stored(writer: Writer, encoder: Encoder, chunks: Sequence[int]) -> Iterator[int]:
    """How many chunks have their vectors, a request at a time; of half as many texts where the server takes fewer."""
    done, most = 0, ASKED
    while done < len(chunks):
        writer.take_up(chunks[done : done + most])
        texts = writer.lacking(encoder.fingerprint)
        try:
            writer.commit(encoder.fingerprint, texts, _made(encoder, texts))
        except ContextOverflow:
            if len(texts) == 1:
                raise
            most //= 2
        else:
            done = min(done + most, len(chunks))
            yield done


def _made(encoder: Encoder, texts: list[str]) -> np.ndarray:
    try:
        return encoder.vectors(texts)
    except (ModelError, VectorRejected) as error:
        raise type(error)(f"{error} The vectors made by now are kept; go on with: askpapers embed") from None


def publish(library: Library, encoder: Encoder, progress: Progress | None = None, server: Server | None = None) -> None:
    """Builds the index of the library as it is now, where there is none yet; `server` is where Chroma is."""
    if len(library):
        step = partial(progress, "indexing") if progress else None
        current_index(library, encoder.fingerprint, step, server=server).close()


def remove(library: Library, ids: Iterable[str], encoder: Encoder, server: Server | None = None) -> None:
    """Takes papers out. Raises LibraryError."""
    with library.writing() as writer:
        writer.remove(ids)
    publish(library, encoder, server=server)


def put_back(library: Library, papers: Sequence[Paper], encoder: BundledEncoder, server: Server | None = None) -> None:
    """Adds papers that were taken out, as they were. Raises LibraryError."""
    with library.writing() as writer:
        for start in range(0, len(papers), BATCH):
            for paper in papers[start : start + BATCH]:
                writer.put(paper, partial(cut, encoder=encoder))
            texts = writer.lacking(encoder.fingerprint)
            writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))
    publish(library, encoder, server=server)


def _add_file(writer: Writer, path: Path, encoder: BundledEncoder, progress: Progress | None) -> Summary:
    outcomes: Counter[str] = Counter()
    refused: list[Refusal] = []
    total = sum(isinstance(record, Paper) for record in read(path)) if progress else 0
    records = read(path)
    while batch := list(islice(records, BATCH)):
        for record in batch:
            if isinstance(record, Refusal):
                outcomes["refused"] += 1
                refused += [record] if len(refused) < MOST_REFUSALS else []
            else:
                outcomes[writer.put(record, partial(cut, encoder=encoder))] += 1
        texts = writer.lacking(encoder.fingerprint)
        writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))
        if progress:
            progress(path.name, outcomes.total() - outcomes["refused"], total)
    return _summary(path, outcomes, refused)


def _summary(path: Path, outcomes: Counter[str], refused: list[Refusal]) -> Summary:
    if more := outcomes["refused"] - len(refused):
        refused = [*refused, Refusal("", f"{more:,} more records were refused.")]
    return Summary(path, outcomes["added"], outcomes["updated"], outcomes["unchanged"], tuple(refused))


def cut(paper: Paper, encoder: BundledEncoder) -> Iterator[Chunk]:
    """Passages that the encoder sees whole under their title, and sentences."""
    room = max(MOST_PIECES - 2 - encoder.pieces([f"{paper.title}. "])[0], LEAST_ROOM)
    bounds = sentences(paper.abstract)
    for start, end in _pack(paper.abstract, bounds, room, encoder):
        yield chunk_of("passage", paper, start, end)
    for start, end in bounds:
        yield chunk_of("sentence", paper, start, end)


def _pack(text: str, bounds: tuple[Bounds, ...], room: int, encoder: BundledEncoder) -> Iterator[Bounds]:
    """Whole sentences, at most `room` word pieces together; one that alone is longer is packed word by word."""
    sizes = dict(zip(bounds, encoder.pieces([text[start:end] for start, end in bounds]), strict=True))
    for start, end in passages(bounds, tuple(sizes.values()), room):
        if sizes.get((start, end), 0) > room:
            words = tuple((match.start(), match.end()) for match in _WORD.finditer(text, start, end))
            yield from passages(words, encoder.pieces([text[first:last] for first, last in words]), room)
        else:
            yield start, end
