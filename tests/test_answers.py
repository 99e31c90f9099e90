"""A question's way to a cited answer, over the shipped papers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.questions import DEV, read_questions
from ingest.add import cut
from rag.about import CLOSE
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import LibraryEmpty, QuestionRefused
from rag.library import Library
from rag.pipeline import Pipeline, settled
from rag.query_engine import PapersQueryEngine
from rag.types import PAPERS_DONT_SAY, Answer, Paper, Query, Scope, Turn

CAPSULE = "How much shorter do capsule prompts get?"


def ask(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


def same(answer: Answer) -> Answer:
    """Without the times, which differ from run to run."""
    return replace(answer, timings={})


def test_an_answer_quotes_the_paper_that_says_it(pipeline: Pipeline) -> None:
    answer = ask(pipeline, CAPSULE)
    assert answer.status == "answered"
    assert "81.4%" in answer.text
    assert {c.span.paper.title for c in answer.citations} == {"Learning to Compress Prompt in Natural Language Formats"}


def test_every_quote_is_the_abstract_at_its_place_and_every_number_resolves(pipeline: Pipeline) -> None:
    for question in read_questions(DEV):
        answer = pipeline.ask(question.query).answer
        numbers = [citation.number for citation in answer.citations]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [number for statement in answer.statements for number in statement.citations] == numbers
        quoting = [statement for statement in answer.statements if statement.citations]  # the rest is a count of papers
        for statement, citation in zip(quoting, answer.citations, strict=True):
            span = citation.span
            assert span.paper.abstract[span.start : span.end] == span.text
            assert statement.text.endswith(span.text)


def test_what_is_streamed_is_the_text(pipeline: Pipeline) -> None:
    stream = pipeline.ask(Query(CAPSULE))
    assert "".join(stream) == stream.answer.text
    assert "".join(stream) == stream.answer.text, "a second reader is given the same"


def test_who_waits_is_told_what_is_being_done_and_none_of_it_is_text(pipeline: Pipeline) -> None:
    stream = pipeline.ask(Query(CAPSULE))
    told = list(dict.fromkeys(stream.doing for _ in stream))
    assert told == ["Searching 90 papers", "Reading 6 papers"]
    assert "Searching" not in stream.answer.text
    within = pipeline.ask(Query(CAPSULE, scope=Scope(papers=(stream.answer.citations[0].span.paper.id,))))
    next(iter(within))
    assert within.doing == "Searching 1 paper"


def test_the_work_is_done_once_however_many_read_along(pipeline: Pipeline) -> None:
    stream = pipeline.ask(Query(CAPSULE))
    with ThreadPoolExecutor(8) as readers:
        texts = set(readers.map(lambda _: "".join(stream), range(8)))
    assert texts == {stream.answer.text}


def test_the_same_question_gets_the_same_answer(pipeline: Pipeline, shipped: Library, encoder: BundledEncoder) -> None:
    again = Pipeline(shipped, encoder, Settings())
    for question in read_questions(DEV)[:24]:
        assert same(pipeline.ask(question.query).answer) == same(again.ask(question.query).answer)


def test_f35_a_hundred_questions_at_once_do_not_mix(pipeline: Pipeline) -> None:
    queries = [question.query for question in read_questions(DEV)][:50] * 2
    alone = [same(pipeline.ask(query).answer) for query in queries[:50]]
    with ThreadPoolExecutor(16) as crowd:
        together = list(crowd.map(lambda query: same(pipeline.ask(query).answer), queries))
    assert together == alone * 2


@pytest.mark.parametrize(
    "question",
    ["How long should sourdough ferment at 18 degrees?", "What dose of amoxicillin is recommended for a child?"],
)
def test_f32_the_papers_do_not_say_and_the_nearest_are_shown(pipeline: Pipeline, question: str) -> None:
    answer = ask(pipeline, question)
    assert (answer.status, answer.text, answer.citations) == ("abstained", PAPERS_DONT_SAY, ())
    assert answer.reason
    assert answer.passages


def test_a_name_that_no_abstract_mentions_is_named_in_the_reason(pipeline: Pipeline) -> None:
    assert ask(pipeline, "Is there a paper on Mamba?").reason == "No abstract here mentions Mamba."


def test_several_papers_are_cited_when_several_are_asked_for(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "Which of the papers are about proteins?")
    assert len({citation.span.paper.id for citation in answer.citations}) >= 3


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("papers about music", "None of the 90 abstracts speaks of “music”."),
        ("Which papers are about reinforcement learning?", "speaks of “reinforcement learning”."),
        ("papers about quantum computing", "speaks of “quantum computing”."),
        ("papers that do not use transformers", "which papers do not do something can't be found"),
        ("Which papers don't use CLIP?", "which papers do not do something can't be found"),
        ("What are the newest papers?", "does not know in which year"),
        ("papers on CLIP from 2023", "does not know in which year"),
    ],
)
def test_no_list_is_made_up_of_what_no_abstract_tells(pipeline: Pipeline, question: str, reason: str) -> None:
    answer = ask(pipeline, question)
    assert answer.status == "abstained"
    assert reason in (answer.reason or "")


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("papers about bread from 2021", ["New Bread"]),
        ("papers about bread since 2020", ["New Bread", "Late Bread"]),
        ("papers about bread before 2021", ["Late Bread", "Old Bread"]),
        ("What are the newest papers?", ["New Bread", "Late Bread", "Cheese", "Old Bread"]),
        ("papers from 1950", []),
    ],
)
def test_papers_of_a_time_are_listed_newest_first_and_how_many_have_no_year_is_said(
    breads: Pipeline, question: str, titles: list[str]
) -> None:
    answer = ask(breads, question)
    assert list(dict.fromkeys(citation.span.paper.title for citation in answer.citations)) == titles
    if titles:
        assert answer.notes == ("Of 1 papers the library does not know the year.",)
    else:
        assert answer.reason == "No paper here is known to have appeared in 1950."


@pytest.fixture(scope="module")
def breads(tmp_path_factory: pytest.TempPathFactory, encoder: BundledEncoder) -> Pipeline:
    library = Library(tmp_path_factory.mktemp("breads"))
    years = {"Old Bread": 1990, "New Bread": 2021, "Late Bread": 2020, "Cheese": 2010, "Undated Bread": None}
    with library.writing() as writer:
        for title, year in years.items():
            paper = Paper(title, title, f"{title} is made in a way of its own, and eaten warm.", year=year)
            writer.put(paper, lambda paper: cut(paper, encoder))
        texts = writer.lacking(encoder.fingerprint)
        writer.commit(encoder.fingerprint, texts, encoder.vectors(texts))
    return Pipeline(library, encoder, Settings())


def test_that_no_abstract_tells_the_best_paper_is_said(pipeline: Pipeline) -> None:
    assert "no abstract tells" in ask(pipeline, "What is the best paper on CLIP?").notes[0]


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("CapsFusion是什么?", "What is CapsFusion?"),
        ("¿Qué es MetaCLIP?", "What is MetaCLIP?"),
        ("Was ist UL2?", "What is UL2?"),
        ("Как работает FlexCap?", "What is FlexCap?"),
        ("Cos'è OFA?", "What is OFA?"),
    ],
)
def test_of_a_question_in_another_language_the_name_is_understood(pipeline: Pipeline, question: str, read: str) -> None:
    answer, english = ask(pipeline, question), ask(pipeline, read)
    assert answer.notes[0].startswith(f"Read as “{read}”")
    assert answer.text == english.text
    assert not english.notes


def test_a_question_in_another_language_that_names_nothing_is_told_why(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "什么是提示压缩?")
    assert answer.status == "abstained"
    assert "not to be in English" in (answer.reason or "")


def test_two_papers_compared_by_name_are_both_quoted(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "How do InterBERT and M2-Encoder differ in pretraining data?")
    titles = " ".join(citation.span.paper.title for citation in answer.citations)
    assert "InterBERT" in titles
    assert "M2-Encoder" in titles


def test_a_follow_up_is_answered_from_the_paper_before(pipeline: Pipeline) -> None:
    history = (Turn("user", "What is CroCo?"), Turn("assistant", "A pretext task. [1]", ("CroCo: Self-Supervised Pre-training for 3D Vision Tasks by Cross-View Completion",)))  # fmt: skip # noqa: E501
    answer = pipeline.ask(Query("Which tasks does it improve?", history)).answer
    assert {citation.span.paper.title.split(":")[0] for citation in answer.citations} == {"CroCo"}


def test_a_scope_is_obeyed(pipeline: Pipeline, shipped: Library) -> None:
    only = shipped.paper("Demystifying CLIP Data").id
    answer = pipeline.ask(Query("What accuracy is reached?", scope=Scope(papers=(only,)))).answer
    assert {passage.span.paper.id for passage in answer.passages} == {only}


def test_an_empty_scope_says_so(pipeline: Pipeline) -> None:
    answer = pipeline.ask(Query("What accuracy is reached?", scope=Scope(years=(1901,)))).answer
    assert (answer.status, answer.reason) == ("abstained", "No paper lies within the chosen scope.")


def test_f30_an_empty_library_says_how_to_fill_it(library: Library, encoder: BundledEncoder) -> None:
    stream = Pipeline(library, encoder, Settings()).ask(Query("What is CLIP?"))
    with pytest.raises(LibraryEmpty, match="askpapers ingest PATH"):
        list(stream)
    failed = settled(Query("What is CLIP?"), lambda: stream.answer)
    assert failed.status == "failed"
    assert "holds no papers" in str(failed.reason)


@pytest.mark.parametrize("question", ["", "  \n\t ", "\x00\x01", "x" * 100_000, "\ud800"])
def test_f31_a_question_that_cannot_be_read_is_refused(pipeline: Pipeline, question: str) -> None:
    with pytest.raises(QuestionRefused):
        ask(pipeline, question)


@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=1, max_size=300))
def test_f31_any_other_question_gets_an_answer_or_an_abstention(pipeline: Pipeline, text: str) -> None:
    if settled(Query(text), lambda: ask(pipeline, text)).status == "failed":
        with pytest.raises(QuestionRefused):
            ask(pipeline, text)


def test_f33_more_passages_may_be_asked_for_than_there_are(shipped: Library, encoder: BundledEncoder) -> None:
    most = Settings(candidates=1000, passages=50)
    assert len(Pipeline(shipped, encoder, most).retriever.search("CLIP", most=1000)) <= 90


def test_f34_a_paper_is_among_the_nearest_once(pipeline: Pipeline) -> None:
    papers = [passage.span.paper.id for passage in ask(pipeline, CAPSULE).passages]
    assert len(papers) == len(set(papers)) == 6


def test_scores_fall_from_passage_to_passage_but_that_of_the_nearest_few_the_likeliest_answer_comes_first(
    pipeline: Pipeline,
) -> None:
    scores = [passage.score for passage in ask(pipeline, CAPSULE).passages]
    assert sorted(scores[:CLOSE], reverse=True) + scores[CLOSE:] == sorted(scores, reverse=True)


def test_it_is_a_llama_index_query_engine_and_retriever(pipeline: Pipeline) -> None:
    response = PapersQueryEngine(pipeline=pipeline).query(CAPSULE)
    assert "81.4%" in str(response)
    assert response.source_nodes[0].node.metadata["title"] == "Learning to Compress Prompt in Natural Language Formats"
    nodes = pipeline.retriever.retrieve(CAPSULE)
    scores = [node.score or 0.0 for node in nodes]
    assert scores == sorted(scores, reverse=True)


def test_nothing_is_sent_anywhere(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert ask(pipeline, CAPSULE).status == "answered"
