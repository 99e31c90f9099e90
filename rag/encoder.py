"""What turns texts into vectors; the bundled one as a LlamaIndex embedding: all-MiniLM-L6-v2, int8, on onnxruntime."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from llama_index.core.base.embeddings.base import BaseEmbedding
from tokenizers import Tokenizer

FOLDER = Path(__file__).parent / "all-MiniLM-L6-v2"
SHA256 = "a4205f2d91c07f9c2a727752d1cafffd1d0913133212b8860efdae29989603c0"
DIMENSIONS = 384
MOST_PIECES = 256  # word pieces, [CLS] and [SEP] among them; what is beyond is not seen
WORKERS = 2
REMEMBERED = 1024  # texts whose vectors are kept to compare them again


class Encoder(Protocol):
    """Unit-length vectors of d float32, d the same for all texts. Raises ModelError and VectorRejected."""

    @property
    def fingerprint(self) -> str:
        """What vectors are stored under: they are only ever compared with others of the same fingerprint."""

    def vector(self, text: str) -> np.ndarray:
        """A question's vector: (d,)."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """A row a text of a paper: (n, d)."""


class BundledEncoder(BaseEmbedding):
    """Unit-length vectors of 384 float32, one text a call.

    The int8 model scales its activations over the whole batch, so batching would let a text's neighbours change its
    vector, and would gain no speed. One thread a call keeps the order of additions, and so the bits, the same.
    """

    model_name: str = "all-MiniLM-L6-v2"
    embed_batch_size: int = 1024  # texts handed over at a time: the two workers share them

    @property
    def fingerprint(self) -> str:
        """The model and its file: another build makes other vectors."""
        return f"bundled/{self.model_name}-int8-{SHA256[:8]}"

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        onnxruntime.disable_telemetry_events()  # on Windows; elsewhere rag's first line does it
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(FOLDER / "model.int8.onnx", options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        tokenizer.enable_truncation(MOST_PIECES)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _counter(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(WORKERS, thread_name_prefix="encoder")

    def pieces(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces each text takes, [CLS] and [SEP] apart."""
        return [len(encoding.ids) for encoding in self._counter.encode_batch(list(texts), add_special_tokens=False)]

    def vector(self, text: str) -> np.ndarray:
        """The text's vector: (384,) float32, unit length."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return np.asarray(vectors[0], dtype=np.float32)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """A row a text: (n, 384) float32, each the same to the bit as `vector` gives."""
        rows = list(self._workers.map(self.vector, texts))
        return np.stack(rows) if rows else np.empty((0, DIMENSIONS), np.float32)

    @cached_property
    def remembered(self) -> Callable[[str], np.ndarray]:
        """`vector`, without doing the work again for texts seen lately; not to be written to."""
        return lru_cache(maxsize=REMEMBERED)(self.vector)

    def cosine(self, one: str, other: str) -> float:
        """Cosine of two texts; those seen lately are not encoded again."""
        return float(self.remembered(one) @ self.remembered(other))

    def _get_text_embedding(self, text: str) -> list[float]:
        return list(map(float, self.vector(text)))

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self.vectors(texts)]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)
