"""What a part is worth is measured by switching it off, and nothing else."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest

from eval.ablation import PARTS, Part, _off, _pipeline
from eval.questions import DEV, read_questions
from rag.library import Library
from rag.pipeline import Pipeline
from rag.types import Answer

ASKED = [question.query for question in read_questions(DEV)][::4]


def said(pipeline: Pipeline) -> list[tuple[str, str | None, float, tuple[str, ...]]]:
    def of(answer: Answer) -> tuple[str, str | None, float, tuple[str, ...]]:
        found = tuple(passage.span.paper.id for passage in answer.passages)
        return answer.text, answer.reason, answer.confidence, found

    return [of(pipeline.ask(query).answer) for query in ASKED]


def test_with_nothing_off_it_is_the_product(shipped: Library, pipeline: Pipeline) -> None:
    with _off(PARTS[0]):
        assert said(_pipeline(shipped, PARTS[0])) == said(pipeline)


@pytest.mark.parametrize("part", PARTS[1:], ids=lambda part: part.name)
def test_a_part_is_off_only_while_it_is_measured(part: Part, shipped: Library) -> None:
    before = {target: resolve_name(target) for target in part.stand_ins}
    with _off(part):
        assert all(resolve_name(target) != value for target, value in before.items())
    assert {target: resolve_name(target) for target in part.stand_ins} == before
    changed = _pipeline(shipped, part).settings.model_dump(include=set(part.settings))
    assert changed == dict(part.settings)
