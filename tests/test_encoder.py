"""The bundled encoder: a text's vector is its own, whoever asks and whatever stands beside it."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ingest.add import cut
from rag.encoder import DIMENSIONS, FOLDER, MOST_PIECES, SHA256, BundledEncoder
from rag.library import Library

TEXTS = (
    "How much shorter do capsule prompts get?",
    "CLIP",
    "Prompts are compressed by 81.4%, with latency 4.5x lower. " * 12,
    "",
    "Ünïcödé, 漢字 and \N{ROCKET}",
    "x" * 5000,
)


@pytest.fixture(scope="module")
def alone(encoder: BundledEncoder) -> dict[str, bytes]:
    """Each text's vector, asked for by itself."""
    return {text: encoder.vector(text).tobytes() for text in TEXTS}


@pytest.mark.parametrize("order", [TEXTS, TEXTS[::-1], TEXTS * 3])
def test_a_vector_is_the_same_to_the_bit_alone_and_among_others(
    encoder: BundledEncoder, alone: dict[str, bytes], order: tuple[str, ...]
) -> None:
    assert [row.tobytes() for row in encoder.vectors(order)] == [alone[text] for text in order]


def test_llama_index_gets_the_same_vectors(encoder: BundledEncoder, alone: dict[str, bytes]) -> None:
    rows = encoder.get_text_embedding_batch(list(TEXTS))
    assert [np.array(row, np.float32).tobytes() for row in rows] == list(alone.values())
    assert np.array(encoder.get_text_embedding(TEXTS[0]), np.float32).tobytes() == alone[TEXTS[0]]
    assert np.array(encoder.get_query_embedding(TEXTS[0]), np.float32).tobytes() == alone[TEXTS[0]]


def test_many_threads_get_the_same_vectors(encoder: BundledEncoder, alone: dict[str, bytes]) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(encoder.vector, TEXTS * 8))
    assert [vector.tobytes() for vector in found] == list(alone.values()) * 8


def test_another_encoder_gives_the_same_vectors(alone: dict[str, bytes]) -> None:
    assert [row.tobytes() for row in BundledEncoder().vectors(TEXTS)] == list(alone.values())


def test_vectors_have_unit_length(encoder: BundledEncoder) -> None:
    vectors = encoder.vectors(TEXTS)
    assert vectors.shape == (len(TEXTS), DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.vectors([]).shape == (0, DIMENSIONS)


def test_meaning_is_nearer_than_chance(encoder: BundledEncoder) -> None:
    asked, told, other = encoder.vectors(["How fast is it?", "It runs at 30 frames per second.", "Bread is baked."])
    assert asked @ told > asked @ other + 0.2


def test_the_fingerprint_is_the_models_own(encoder: BundledEncoder) -> None:
    found = hashlib.sha256((FOLDER / "model.int8.onnx").read_bytes()).hexdigest()
    assert found == SHA256
    assert encoder.fingerprint.endswith(found[:8])


def test_what_lies_beyond_the_last_word_piece_is_not_seen(encoder: BundledEncoder) -> None:
    seen = "bread " * (MOST_PIECES - 2)
    assert encoder.vector(seen).tobytes() == encoder.vector(seen + "and wine").tobytes()
    assert encoder.vector(seen).tobytes() != encoder.vector(seen[:-6] + "wine").tobytes()


def test_every_passage_of_the_shipped_papers_is_seen_whole(encoder: BundledEncoder, shipped: Library) -> None:
    chunks = [chunk for paper in shipped.papers() for chunk in cut(paper, encoder)]
    sizes = encoder.pieces([chunk.embedded for chunk in chunks if chunk.kind == "passage"])
    assert len(sizes) == shipped.count("passage")
    assert max(sizes) + 2 <= MOST_PIECES  # with [CLS] and [SEP]


def test_the_shipped_vectors_are_the_encoders(encoder: BundledEncoder, shipped: Library) -> None:
    for stored in list(shipped.chunks("passage", encoder.fingerprint))[::20]:
        vector = encoder.vector(f"{stored.span.paper.title}. {stored.span.text}")
        assert (vector / np.linalg.norm(vector)).astype(np.float16).tobytes() == stored.vector.tobytes()
