"""Chroma behind an address: an edition's vectors as a collection there, put there again whenever they are not.

Spoken to in its own JSON, not by chromadb's client: that follows proxies of the environment, waits for ever, and reads
a stored configuration, which may name an embedding function to build. Numbers and vectors are all that is sent.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np

from rag.address import checked_url
from rag.breaker import PAUSE
from rag.chroma import HNSW, ITSELF, IndexDamaged, Progress, crowded, probes_of, slices
from rag.config import EMBEDDED, Settings
from rag.endpoint import Endpoint, Timeouts
from rag.errors import ModelError, ModelRejected, ModelTimeout, ModelUnreachable
from rag.held import HeldByAnother, held

AWAY = "Until the Chroma server can be asked, vectors are compared here: the same papers are found."
PATIENCE = Timeouts(connect=2, first=3, between=3, again=())  # a reader waits, and what it does is done here as well
BATCH = 200_000  # numbers of a request: a slow server is to be done with it within its timeout
PAGE, PAGES = 100, 100  # collections listed at a time, and how often
PREFIX = "askpapers"
COLLECTIONS = "api/v2/tenants/default_tenant/databases/default_database/collections"

T = TypeVar("T")


class Server:
    """One Chroma server; safe in many threads."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises BadSetting."""
        self.address = checked_url(address, "ASKPAPERS_CHROMA", "http://127.0.0.1:8000")
        self.clock, self._endpoint = clock, Endpoint(self.address, timeouts=PATIENCE, clock=clock)

    def call(self, method: str, path: str, body: object = None, read: Callable[[Any], T] = lambda said: said) -> T:
        """What `read` makes of the answer to one request. Raises ModelError, also for whatever `read` raises."""

        def ask(http: httpx.Client) -> T:
            return read(http.request(method, f"{COLLECTIONS}{path}", json=body).json())

        return self._endpoint.call(ask)

    def names(self, prefix: str) -> list[str]:
        """Of all collections that begin so. Raises ModelError."""
        found: list[str] = []
        for start in range(0, PAGE * PAGES, PAGE):
            page = self.call("GET", f"?limit={PAGE}&offset={start}", read=_names)
            found += (name for name in page if name.startswith(prefix))
            if len(page) < PAGE:
                break
        return found

    def told(self, error: ModelError) -> str:
        """What it means to people that it could not be asked."""
        if isinstance(error, ModelUnreachable):
            return f"{AWAY} {str(error).partition('. ')[0]}."
        if isinstance(error, ModelTimeout):
            return f"{AWAY} {self.address} sends nothing within {PATIENCE.first:g} s. Look at its log."
        return f"{AWAY} {self.address} does not answer as a Chroma server does. Check ASKPAPERS_CHROMA."


def load_server(settings: Settings) -> Server | None:
    """The configured one; None where Chroma is embedded. Raises BadSetting."""
    return None if settings.chroma == EMBEDDED else Server(settings.chroma)


class Remote:
    """The vectors of an edition's folder, at a server: n chunks, ascending, and (n, d) vectors.

    Once it could not be asked, it is left alone for half a minute: one reader waits, the others don't.
    The collection is named for this machine, the folder's place and its name: no two libraries share one.
    """

    def __init__(self, server: Server, folder: Path, chunks: np.ndarray, vectors: np.ndarray) -> None:
        self.away: str | None = None
        self.unfit = crowded(vectors)
        self._server, self._folder, self._chunks, self._vectors = server, folder, chunks, vectors
        self._id: str | None = None  # the server's for the collection, once that was found sound
        self._rests_until = -inf  # by the server's clock

    def nearest(self, vector: np.ndarray, most: int) -> np.ndarray | None:
        """As Nearest says; a collection that is gone is put back by the next question."""
        if self._id is None:
            self.ready()
        identity = self._id  # another thread may find that it is gone
        if identity is None or self.unfit:
            return None
        try:
            body = {"query_embeddings": [vector.tolist()], "n_results": most, "include": []}
            return self._server.call("POST", f"/{identity}/query", body, lambda said: self._numbers(said, most))
        except ModelRejected:
            self._id = None  # mostly: it was restarted without its data
        except ModelError as error:
            self._rest(self._server.told(error))
        return None

    def ready(self, progress: Progress | None = None) -> None:
        """Finds the collection, or fills it; where that can't be done, `away` says why."""
        if self._server.clock() < self._rests_until or not self._folder.is_dir():
            return  # a folder that was deleted under us would be made anew by the lock
        try:
            with held(self._folder.parent, "chroma", wait=0):
                self._id = self._found() or self._filled(progress)
            self.away = None
        except HeldByAnother:
            pass  # who is filling it; until then, it can do without
        except ModelError as error:
            self._rest(self._server.told(error))
        except OSError as error:
            self._rest(f"{AWAY} {self._folder.parent} can't be written: {error.strerror}.")

    def close(self) -> None:
        """There is nothing to let go of: each request had a connection of its own."""

    def _rest(self, why: str) -> None:
        self._id, self.away, self._rests_until = None, why, self._server.clock() + PAUSE

    @property
    def _place(self) -> str:
        """Of the library, as the beginning of the names of its collections."""
        root = f"{platform.node()} {self._folder.parent.resolve()}"
        return f"{PREFIX}-{hashlib.sha256(root.encode()).hexdigest()[:12]}-"

    @property
    def _name(self) -> str:
        return self._place + self._folder.name

    def _found(self) -> str | None:
        """The collection that is there; None where it isn't, or holds something else. Raises ModelError."""
        try:
            identity = self._server.call("GET", f"/{self._name}", read=_identity)
        except ModelRejected:
            return None
        return identity if self._is_whole(identity) and (self.unfit or self._finds_itself(identity)) else None

    def _filled(self, progress: Progress | None) -> str:
        """Made anew. Raises ModelError."""
        with suppress(ModelRejected):  # mostly there is none
            self._server.call("DELETE", f"/{self._name}")
        body = {"name": self._name, "configuration": {"hnsw": HNSW}}
        identity = self._server.call("POST", "", body, _identity)
        for rows in slices(np.arange(len(self._chunks)), max(1, BATCH // self._vectors.shape[1])):
            self._server.call("POST", f"/{identity}/add", self._batch(rows))
            if progress:
                progress(int(rows[-1]) + 1, len(self._chunks))
        self.unfit = self.unfit or not self._finds_itself(identity)
        self._drop_old()
        return identity

    def _batch(self, rows: np.ndarray) -> dict[str, object]:
        vectors = self._vectors[rows].astype(np.float32)
        return {"ids": [str(number) for number in self._chunks[rows]], "embeddings": vectors.tolist()}

    def _is_whole(self, identity: str) -> bool:
        return self._server.call("GET", f"/{identity}/count", read=int) == len(self._chunks)

    def _finds_itself(self, identity: str) -> bool:
        probes = self._vectors[probes_of(self._vectors)].astype(np.float32)
        body = {"query_embeddings": probes.tolist(), "n_results": 1, "include": ["distances"]}
        return self._server.call("POST", f"/{identity}/query", body, lambda said: _all_near(said, len(probes)))

    def _numbers(self, said: Any, most: int) -> np.ndarray:
        """Chunks of this edition, each once, as many as were asked for. Raises IndexDamaged, and ValueError."""
        [ids] = said["ids"]
        numbers = np.array([int(one) for one in ids], np.int64)
        if len(np.unique(numbers)) != most or not np.isin(numbers, self._chunks).all():
            raise IndexDamaged(f"{len(numbers)} of {most} passages, or others than these")
        return numbers

    def _drop_old(self) -> None:
        """Collections of editions that have no folder any more."""
        kept = {self._place + folder.name for folder in self._folder.parent.iterdir()}
        with suppress(ModelError):  # then they are dropped with the next edition's
            for name in self._server.names(self._place):
                if name not in kept:
                    self._server.call("DELETE", f"/{name}")


def _identity(said: Any) -> str:
    return str(said["id"])


def _names(said: Sequence[Any]) -> list[str]:
    return [str(one["name"]) for one in said]


def _all_near(said: Any, count: int) -> bool:
    distances = said["distances"]
    return len(distances) == count and all(near and near[0] < ITSELF for near in distances)
