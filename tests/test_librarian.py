"""What a librarian is asked: the library answers, and what is claimed of papers is cited."""

from __future__ import annotations

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from rag.librarian import bibtex
from rag.pipeline import Pipeline
from rag.types import Answer, Paper, Query, Turn


def ask(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


@pytest.mark.parametrize("text", ["hello", "Hi there!", "thanks a lot", "What can you do?"])
def test_a_greeting_is_met_with_what_can_be_asked(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    assert (answer.status, answer.citations) == ("answered", ())
    assert "90 papers" in answer.text


@pytest.mark.parametrize(
    "text", ["How many papers are there?", "how big is this collection?", "how many papers do you have"]
)
def test_how_many_papers_there_are_is_counted(pipeline: Pipeline, text: str) -> None:
    assert ask(pipeline, text).text == "The library holds 90 papers."


@pytest.mark.parametrize("text", ["What is in this collection?", "what's this library about?", "list all papers"])
def test_what_the_collection_is_about_is_told_by_its_titles(pipeline: Pipeline, text: str) -> None:
    assert "language" in ask(pipeline, text).text


@pytest.mark.parametrize(
    "text", ["Which papers have code?", "which ones release their source code", "list all with github"]
)
def test_papers_with_code_are_listed_each_with_the_sentence_that_says_where(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    assert "of the 90 abstracts give an address" in answer.text
    assert len(answer.citations) == 10
    assert all("http" in citation.span.text or "github" in citation.span.text.lower() for citation in answer.citations)


@pytest.mark.parametrize(
    "text",
    ["How many papers were used to train MAMMAL?", "How many parameters does Cappy have?", "What is MetaCLIP?",
     "What is the code of MultiCapCLIP?", "What is CuBERT's training corpus?",
     "How many figure-caption pairs were extracted from biomedical research articles?",
     "Which papers pretrain with source code?", "Hello world models: which papers study them?"],
)  # fmt: skip
def test_what_is_asked_of_papers_is_left_to_them(pipeline: Pipeline, text: str) -> None:
    assert ask(pipeline, text).text.startswith(("“", "The papers don't say."))


def test_an_entry_is_given_of_the_paper_named(pipeline: Pipeline) -> None:
    (entry,) = parse_string(ask(pipeline, "BibTeX for RetroMAE v2").text).entries
    assert entry["title"].startswith("RetroMAE v2: Duplex Masked Auto-Encoder")


def test_an_entry_of_nothing_in_particular_is_asked_back(pipeline: Pipeline) -> None:
    assert ask(pipeline, "the BibTeX?").text.startswith("Of which paper?")


def test_and_of_the_paper_that_the_conversation_is_about(pipeline: Pipeline) -> None:
    cited = ask(pipeline, "What is MetaCLIP?").citations[0].span.paper
    history = (Turn("user", "What is MetaCLIP?"), Turn("assistant", "A recipe. [1]", (cited.id,)))
    assert "Demystifying CLIP Data" in pipeline.ask(Query("give me its bibtex", history)).answer.text


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


@given(title=WORDS, author=WORDS, venue=WORDS)
def test_an_entry_of_whatever_paper_is_one_entry(title: str, author: str, venue: str) -> None:
    paper = Paper("id", title, "An abstract.", (author,), 2024, venue, "https://example.org/a", "10.1/x", "2401.00001")
    library = parse_string(bibtex(paper))
    assert len(library.entries) == 1
    assert not library.failed_blocks


@pytest.mark.parametrize("text", ["What is MetaCLIP?", "hello"])
def test_what_is_streamed_is_the_text_here_too(pipeline: Pipeline, text: str) -> None:
    stream = pipeline.ask(Query(text))
    assert "".join(stream) == stream.answer.text
