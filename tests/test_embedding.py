"""An embedding at an endpoint: paid for once, beside the bundled one, which serves until it is complete."""

from __future__ import annotations

import json
import math
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embedding import (
    BOTH,
    PASSAGES,
    QUESTION,
    ZYXEL,
    asked,
    fill,
    found,
    loaded,
    settings,
    sized,
    speaking,
    texts,
)

from eval.replies import Reply
from eval.scripted import Server, scripted
from ingest.add import ASKED, embed, ingest
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import ModelUnreachable, VectorsLacking
from rag.index import current_index
from rag.library import Library
from rag.models import MOST_TEXTS
from rag.pipeline import Pipeline
from rag.retrieve import STANDBY, HybridRetriever


class Refusing(BundledEncoder):
    """Where nothing may be embedded."""

    def vectors(self, texts: Any) -> np.ndarray:
        assert not texts
        return super().vectors(texts)


class TestAChangeOfTheSetting:
    def test_f25_the_old_vectors_serve_until_the_new_ones_are_all_there(
        self, own: Library, encoder: BundledEncoder, server: Server, pipeline: Pipeline
    ) -> None:
        changed, before = Pipeline(own, encoder, settings(server)), found(asked(pipeline))
        assert found(asked(changed)) == before
        lacking = f"Not all papers have vectors of {loaded(server).fingerprint}. Make them: askpapers embed"
        assert changed.retriever.standby == f"{STANDBY} {lacking}"
        assert not server.requests, "nothing is paid for what could not be compared"
        fill(own, loaded(server))
        answer = asked(changed)
        assert changed.retriever.standby is None
        assert texts(server)[PASSAGES:] == [QUESTION]
        assert found(answer) != before, "the scripted vectors are random"

    def test_f25_papers_are_ranked_by_what_the_endpoint_gives(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        with scripted(embeddings=speaking(own, encoder)) as server:
            fill(own, loaded(server))
            changed = Pipeline(own, encoder, settings(server))
            answer, as_before = asked(changed), asked(pipeline)
            assert (found(answer), answer.text) == (found(as_before), as_before.text), "it serves the same model"
            assert changed.retriever.standby is None

    def test_f25_there_and_back_embeds_nothing_again(
        self, own: Library, encoder: BundledEncoder, server: Server, pipeline: Pipeline
    ) -> None:
        fill(own, loaded(server))
        assert found(asked(Pipeline(own, encoder, Settings()))) == found(asked(pipeline))
        embed(own, Refusing(), BOTH)
        fill(own, loaded(server))
        assert len(texts(server)) == PASSAGES

    def test_f25_vectors_of_two_servers_or_models_are_never_mixed(self, own: Library, encoder: BundledEncoder) -> None:
        with scripted() as one, scripted(dimension=32) as other:
            fill(own, loaded(one))
            for embedding in (
                loaded(other),
                loaded(other, "local/local/scripted"),
                loaded(one, "local/local-scripted"),
            ):
                retriever = HybridRetriever(own, encoder, Settings(), embedding)
                retriever.search(QUESTION)
                assert "askpapers embed" in (retriever.standby or "")
                fill(own, embedding)
                retriever.search(QUESTION)
                assert retriever.standby is None
            sizes = [current_index(own, loaded(server).fingerprint).vectors.shape[1] for server in (one, other)]
            assert sizes == [64, 32]
            assert len([*(own.folder / "index").glob(f"{own.edition}-*")]) == 1 + 4, "each beside the others"

    def test_f25_where_no_vectors_are_complete_it_is_said_what_to_do(
        self, library: Library, encoder: BundledEncoder, server: Server, tmp_path: Path
    ) -> None:
        file = tmp_path / "zyxel.jsonl"
        file.write_text(json.dumps(ZYXEL))
        ingest(library, [file], encoder)
        with library.writing() as writer:
            writer._db.execute("DELETE FROM vectors")
        shutil.rmtree(library.folder / "index")
        with pytest.raises(VectorsLacking, match="Make them: askpapers embed"):
            asked(Pipeline(library, encoder, settings(server)))
        embed(library, encoder, BOTH)
        assert asked(Pipeline(library, encoder, settings(server))).passages

    def test_f09_changes_and_removals_reach_both(
        self, own: Library, encoder: BundledEncoder, server: Server, tmp_path: Path
    ) -> None:
        file = tmp_path / "zyxel.jsonl"
        fill(own, loaded(server))
        for abstract in (ZYXEL["abstract"], "We show that Zyxel lattices never fold."):
            file.write_text(json.dumps(ZYXEL | {"abstract": abstract}))
            ingest(own, [file], encoder)
            retriever = HybridRetriever(own, encoder, Settings(), loaded(server))
            assert retriever.search(abstract)[0].span.text == abstract, "by the bundled one, until"
            fill(own, loaded(server))
            assert retriever.search(abstract)[0].span.text == abstract
            assert retriever.standby is None
        with own.writing() as writer:
            writer.remove([own.paper("Zyxel lattices").id])
        assert all("Zyxel" not in passage.span.paper.title for passage in retriever.search("Zyxel", most=90))
        assert retriever.standby is None, "what is left is complete"
        with own.reading() as db:
            counts = dict(db.execute("SELECT fingerprint, count(*) FROM vectors GROUP BY fingerprint"))
        assert counts == {loaded(server).fingerprint: PASSAGES, encoder.fingerprint: PASSAGES + own.count("sentence")}

    def test_f25_an_emptied_library_takes_vectors_of_another_size(self, library: Library, tmp_path: Path) -> None:
        file = tmp_path / "zyxel.jsonl"
        file.write_text(json.dumps(ZYXEL))
        with scripted(embeddings=sized(8, 16)) as server:
            for _ in range(2):
                ingest(library, [file], BundledEncoder())
                fill(library, loaded(server))
                with library.writing() as writer:
                    writer.remove([paper.id for paper in library.papers()])


class TestWhatIsPaidFor:
    def test_texts_are_asked_for_in_batches_and_each_once(self, own: Library, server: Server) -> None:
        told: list[tuple[int, int]] = []
        embed(own, loaded(server), ("passage",), lambda what, done, total: told.append((done, total)))
        sizes = [len(request.body["input"]) for request in server.requests]
        assert len(sizes) == math.ceil(PASSAGES / ASKED)
        assert max(sizes) == ASKED
        assert len(set(texts(server))) == len(texts(server)) == PASSAGES
        assert told[: len(sizes)] == [(64, PASSAGES), (128, PASSAGES), (PASSAGES, PASSAGES)]

    def test_many_texts_at_once_are_several_requests(self, server: Server) -> None:
        vectors = loaded(server).vectors([f"text {number}" for number in range(MOST_TEXTS + 1)])
        assert vectors.shape == (MOST_TEXTS + 1, 64)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
        assert [len(request.body["input"]) for request in server.requests] == [MOST_TEXTS, 1]

    def test_failing_half_way_the_next_run_asks_only_for_what_is_missing(
        self, own: Library, encoder: BundledEncoder, pipeline: Pipeline
    ) -> None:
        replies = [Reply(), Reply(), Reply(status=500), Reply(status=500), Reply()]
        with scripted(embeddings=replies) as server:
            with pytest.raises(ModelUnreachable, match="are kept; go on with: askpapers embed"):
                fill(own, loaded(server))
            assert found(asked(Pipeline(own, encoder, settings(server)))) == found(asked(pipeline))
            paid = texts(server)[: 2 * ASKED]
            server.requests.clear()
            fill(own, loaded(server))
            assert len(paid + texts(server)) == len({*paid, *texts(server)}) == PASSAGES

    def test_f42_a_limited_rate_is_waited_for_and_nothing_is_asked_twice(self, own: Library) -> None:
        with scripted(embeddings=[Reply(), Reply(status=429, headers={"Retry-After": "1"}), Reply()]) as server:
            begun = time.monotonic()
            fill(own, loaded(server))
            assert time.monotonic() - begun >= 1
            assert len(server.requests) == math.ceil(PASSAGES / ASKED) + 1
            assert len(set(texts(server))) == PASSAGES
