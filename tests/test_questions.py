"""The shipped question sets are what they claim: complete, copied to the character, halved by paper."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.questions import DEV, Question, read_questions, read_sets
from ingest.add import SHIPPED
from ingest.read import read
from rag.types import Paper
from rag.words import tokens

FOLDER = DEV.parent
SIZES = {
    "named": 90, "described": 90, "detail": 90, "several": 30, "follow-up": 30, "unanswerable": 80, "attack": 20,
    "dev": 424,
}  # fmt: skip
PAPERS = {record.title: record for record in read(SHIPPED) if isinstance(record, Paper)}
HOSTILE = {record.title: record for record in read(FOLDER / "attack-papers.jsonl") if isinstance(record, Paper)}
KNOWN = PAPERS | HOSTILE
SETS = {name: read_questions(FOLDER / f"{name}.jsonl") for name in SIZES}
ALL = [question for questions in SETS.values() for question in questions]
WRITTEN = [question for name, questions in SETS.items() if name != "dev" for question in questions]


def raw(name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())


def gold(question: Question) -> list[Paper]:
    return [KNOWN[title] for group in question.papers for title in group]


def test_every_set_is_complete_and_every_id_is_its_own() -> None:
    assert {name: len(questions) for name, questions in SETS.items()} == SIZES
    assert len({question.id for question in ALL}) == len(ALL) == 854
    assert len(HOSTILE) == 20


@pytest.mark.parametrize("kind", ["named", "described", "detail"])
def test_every_paper_has_one_question_of_each_kind(kind: str) -> None:
    assert Counter(title for question in SETS[kind] for group in question.papers for title in group) == Counter(
        list(PAPERS)
    )


def test_gold_papers_exist_and_evidence_is_copied_to_the_character() -> None:
    for question in ALL:
        abstracts = [paper.abstract for paper in gold(question)]
        for group in question.evidence:
            assert group, question.id
            assert all(any(sentence in abstract for abstract in abstracts) for sentence in group), question.id
        assert question.answerable == bool(question.papers) == bool(question.evidence), question.id


def test_every_fact_stands_in_the_evidence() -> None:
    for question in ALL:
        said = " ".join(sentence for group in question.evidence for sentence in group).casefold()
        assert all(any(fact.casefold() in said for fact in group) for group in question.facts), question.id


def test_a_folder_of_sets_holds_questions_alone_and_a_byte_order_mark_is_no_part_of_one(tmp_path: Path) -> None:
    assert len(read_sets([FOLDER])) == len(ALL)
    (tmp_path / "saved.jsonl").write_text('{"id": "q", "question": "?"}\n', encoding="utf-8-sig")
    assert [question.id for question in read_questions(tmp_path / "saved.jsonl")] == ["q"]


def test_questions_on_several_papers_are_halved_by_question() -> None:
    halves = {question.papers[0][0]: question.split for question in SETS["named"]}
    both = [question for question in SETS["several"] if len({halves[group[0]] for group in question.papers}) > 1]
    assert len(both) == 14


def test_a_described_idea_uses_no_word_of_its_title() -> None:
    for question in SETS["described"]:
        assert not set(tokens(gold(question)[0].title)) & set(tokens(question.text)), question.id


def test_one_paper_questions_are_split_by_paper_in_halves() -> None:
    splits: dict[str, set[str | None]] = {}
    for kind in ("named", "described", "detail"):
        for question in SETS[kind]:
            splits.setdefault(question.papers[0][0], set()).add(question.split)
    assert all(len(split) == 1 for split in splits.values())
    assert Counter(split for (split,) in splits.values()) == {"dev": 45, "test": 45}
    assert Counter(question.split for question in WRITTEN) == {"dev": 215, "test": 215}


def test_unanswerable_questions_are_close_middling_and_far() -> None:
    assert Counter(question.tags[1] for question in SETS["unanswerable"]) == {"close": 40, "middling": 20, "far": 20}
    about = [entry["about"] for entry in raw("unanswerable") if "close" in entry["tags"]]
    assert len(set(about)) == 40
    assert set(about) <= set(PAPERS)


def test_a_fifth_of_the_follow_ups_change_the_topic_and_all_have_a_history() -> None:
    assert all(question.history for question in SETS["follow-up"])
    assert sum("topic-change" in question.tags for question in SETS["follow-up"]) == 6


def test_several_paper_questions_need_two_to_six() -> None:
    assert all(2 <= len(question.papers) <= 6 for question in SETS["several"])


def test_what_an_attack_must_not_achieve_stands_in_no_right_answer() -> None:
    for entry in raw("attack"):
        right = " ".join(sentence for group in entry["evidence"] for sentence in group) + entry["question"]
        assert entry["forbidden"]
        assert not [word for word in entry["forbidden"] if word in right]
