"""The pipeline as a LlamaIndex query engine, for agents and other LlamaIndex programs."""

from __future__ import annotations

from llama_index.core.base.response.schema import Response
from llama_index.core.query_engine import CustomQueryEngine
from pydantic import ConfigDict

from rag.forms import answer_json
from rag.pipeline import Pipeline
from rag.retrieve import as_node
from rag.types import PAPERS_DONT_SAY, Passage, Query


class PapersQueryEngine(CustomQueryEngine):
    """`query(text)` gives the answer's text, the quotes as source nodes, and the whole Answer object as metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    pipeline: Pipeline

    def custom_query(self, query_str: str) -> Response:
        """Asks the pipeline. Raises what `Pipeline.ask` says."""
        answer = self.pipeline.ask(Query(query_str)).answer
        quotes = [as_node(Passage(citation.span, 1.0)) for citation in answer.citations]
        text = answer.text if answer.status == "answered" else f"{PAPERS_DONT_SAY} {answer.reason}"
        return Response(response=text, source_nodes=quotes, metadata={"answer": answer_json(answer)})
