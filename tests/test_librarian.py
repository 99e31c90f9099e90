"""What a librarian is asked: the library answers, and what is claimed of papers is cited."""

from __future__ import annotations

import re
from itertools import islice

import numpy as np
import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from ingest.add import cut
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.librarian import reply
from rag.library import Library
from rag.listing import MOST_PAPERS
from rag.pipeline import Pipeline
from rag.reference import bibtex
from rag.retrieve import HybridRetriever
from rag.spine import offers_code, spine
from rag.types import EVERYTHING, Answer, Paper, Query, Scope, Standalone, Turn


def ask(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


@pytest.mark.parametrize(
    "text",
    ["hello", "Hi there!", "thanks a lot", "What can you do?", "hello there, how are you?",
     "Thank you so much, that was great!", "hey, good evening", "ok thanks, bye", "who are you?", "cool",
     "please help me", "thanks, that helps"],
)  # fmt: skip
def test_a_greeting_is_met_with_what_can_be_asked(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    assert (answer.status, answer.citations) == ("answered", ())
    assert "90 papers" in answer.text


@pytest.mark.parametrize(
    "text",
    ["How many papers are there?", "how big is this collection?", "how many papers do you have", "number of papers?",
     "what's the size of your library", "count the papers, please", "so how many articles do we hold in total?",
     "Wie viele Artikel gibt es?", "Combien d'articles y a-t-il ?", "¿Cuántos artículos hay?"],
)  # fmt: skip
def test_how_many_papers_there_are_is_counted(pipeline: Pipeline, text: str) -> None:
    assert ask(pipeline, text).text == "The library holds 90 papers."


@pytest.mark.parametrize(
    "text", ["What is in this collection?", "what's this library about?", "which topics are covered by the papers?"]
)
def test_what_the_collection_is_about_is_told_by_its_titles(pipeline: Pipeline, text: str) -> None:
    told = ask(pipeline, text).text
    assert "language models (7)" in told
    assert "towards" not in told


@pytest.mark.parametrize(
    "text",
    ["list all titles", "list all papers", "show me every title", "what papers do you have?", "Which papers are in the "
     "library?", "give me the titles please"],
)  # fmt: skip
def test_titles_are_listed(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text).text
    assert answer.startswith("The library holds 90 papers.\n• ")
    assert all(paper.title in answer for paper in pipeline.library.papers())


def test_of_many_titles_the_first_are_listed_and_the_rest_is_said(library: Library, encoder: BundledEncoder) -> None:
    with library.writing() as write:
        for number in range(101):
            write.put(Paper(f"p{number}", f"Title {number:03}", "An abstract."), lambda _: ())
        write.commit(encoder.fingerprint, (), np.zeros((0, 384)))
    answer = reply("list all titles", Standalone("", ""), HybridRetriever(library, encoder, Settings()), EVERYTHING)
    assert answer
    assert answer.text.startswith(
        "The library holds 101 papers. The first 100 in its order; all of them: askpapers papers"
    )
    assert answer.text.endswith("Title 099")


@pytest.mark.parametrize(
    "text",
    ["Which papers have code?", "which ones release their source code", "list all with github", "which have code?",
     "any papers with a public implementation?", "who shares code?"],
)  # fmt: skip
def test_papers_with_code_are_listed_each_with_the_sentence_that_offers_it(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    assert answer.text.startswith("30 of the 90 abstracts offer code. The first 10, in the library's order:")
    assert len(answer.citations) == 10
    assert all("code" in citation.span.text.lower() for citation in answer.citations)


@pytest.mark.parametrize(
    "text",
    ["which papers have no code", "Which papers don't release code?", "list the papers without an implementation"],
)
def test_which_papers_have_no_code_is_what_no_abstract_tells(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    assert answer.status == "abstained"
    assert "does not say that there is none" in (answer.reason or "")


@pytest.mark.parametrize(
    ("sentence", "offers"),
    [
        ("Code is available at https://github.com/a/b.", True),
        ("The source code will be publicly available upon publication.", True),
        ("We release our code and models.", True),
        ("See https://github.com/a/b for more.", True),
        ("Project page: https://a.github.io.", False),
        ("Dataset and models are available at https://github.com/a/b.", False),
        ("We release our models at https://aka.ms/b.", False),
        ("We pre-train on 7.4M Python files from GitHub, an open-sourced code-understanding BERT.", False),
        ("Understanding source code is hard.", False),
    ],
)
def test_an_address_or_a_release_of_something_else_is_no_code(sentence: str, offers: bool) -> None:
    assert offers_code(sentence) is offers


@pytest.mark.parametrize(
    "text",
    ["how many papers compress prompts?", "How many of the papers use proteins?", "how many works are about captions?"],
)
def test_how_many_papers_do_something_is_told_by_how_many_are_quoted(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    quoted = len({citation.span.paper.id for citation in answer.citations})
    by_topic = rf"(\d+) of the 90 abstracts (?:speak of|come close to|or| )+ “\w+”(?:\. The nearest {quoted})?:\n\n“"
    said = re.match(rf"(?:At least )?{quoted} papers, by their abstracts:\n\n“|{by_topic}", answer.text)
    assert said
    if said[1]:
        assert int(said[1]) >= quoted
    else:
        assert answer.text.startswith("At least") is (quoted == MOST_PAPERS)


@pytest.mark.parametrize(
    "text",
    ["How many papers were used to train MAMMAL?", "How many parameters does Cappy have?", "What is MetaCLIP?",
         "CoOp comes in two implementations. Which?",
     "Does CuBERT embed source code?", "What is CuBERT's training corpus?",
     "How many figure-caption pairs were extracted from biomedical research articles?",
     "Which papers pretrain with source code?", "Which papers cite CLIP?", "how large is the corpus?",
     "Can you cite a result of MetaCLIP?", "Describe how ALIP is trained", "Summarise the results of MetaCLIP",
     "Hello world models: which papers study them?"],
)  # fmt: skip
def test_what_is_asked_of_papers_is_left_to_them(pipeline: Pipeline, text: str) -> None:
    assert ask(pipeline, text).text.startswith(("“", "The papers don't say.", "22 of the 90 abstracts mention CLIP"))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("BibTeX for RetroMAE v2", "RetroMAE v2: Duplex Masked Auto-Encoder"),
        ("bibtex metaclip", "Demystifying CLIP Data"),
        ("Demystifying CLIP Data bibtex", "Demystifying CLIP Data"),
        ("cite CapsFusion", "CapsFusion"),
        ("How do I cite MetaCLIP?", "Demystifying CLIP Data"),
        ("citation for “Improving CLIP Training with Language Rewrites”", "Improving CLIP Training"),
        ("MUVERA reference, please", "MUVERA"),
        ("BibTeX of the paper on capsule prompts", "Learning to Compress Prompt"),
    ],
)
def test_an_entry_is_given_of_the_paper_named(pipeline: Pipeline, text: str, title: str) -> None:
    (entry,) = parse_string(ask(pipeline, text).text).entries
    assert entry["title"].startswith(title)


@pytest.mark.parametrize(
    ("text", "name"),
    [("BibTeX for Mistral", "Mistral"), ("bibtex of mistral", "mistral"), ("Cite GPT-7 please", "GPT-7"),
     ("bibtex of CLIP", "CLIP"), ("citation for Mistral 7B", "Mistral 7B")],
)  # fmt: skip
def test_of_what_is_not_here_no_entry_is_given(pipeline: Pipeline, text: str, name: str) -> None:
    answer = ask(pipeline, text).text
    assert answer.startswith(f"No paper here is called “{name}”.")
    assert "@" not in answer


def test_of_two_names_the_unknown_one_is_told(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "BibTeX for GPT-7 and MetaCLIP").text
    assert answer.startswith("No paper here is called “GPT-7”.\n\n@misc{")


def test_an_entry_of_nothing_in_particular_is_asked_back(pipeline: Pipeline) -> None:
    assert ask(pipeline, "the BibTeX?").text.startswith("Of which paper?")


METACLIP = ("What is MetaCLIP?", "Demystifying CLIP Data")
ULIP = ("What is ULIP-2?", "ULIP-2: Towards Scalable Multimodal Pre-training For 3D Understanding")
CAPPY = ("What is Cappy?", "Cappy: Outperforming and Boosting Large Multi-Task LMs with a Small Scorer")


def after(pipeline: Pipeline, text: str, *said: tuple[str, str]) -> Answer:
    """A follow-up, where each question was answered from the paper of that title."""
    history = tuple(
        turn for asked, title in said for turn in (Turn("user", asked), Turn("assistant", "So it is. [1]", (title,)))
    )
    return pipeline.ask(Query(text, history)).answer


def listing(*said: tuple[str, str]) -> tuple[Turn, Turn]:
    """Papers cited in one answer."""
    return (Turn("user", "Which are there?"), Turn("assistant", "These.", tuple(title for _, title in said)))


@pytest.mark.parametrize(
    "text", ["give me its bibtex", "Bibtex", "BibTeX?", "cite it", "citation please", "reference?"]
)
def test_an_entry_is_given_of_the_paper_that_the_conversation_is_about(pipeline: Pipeline, text: str) -> None:
    assert "title = {Demystifying CLIP Data}" in after(pipeline, text, METACLIP).text


def test_an_entry_is_given_of_the_paper_counted(pipeline: Pipeline) -> None:
    assert "title = {ULIP-2:" in after(pipeline, "bibtex of the last", METACLIP, ULIP).text


@pytest.mark.parametrize("text", ["how many papers?", "How many papers do you have?"])
def test_the_library_is_asked_within_a_conversation_too(pipeline: Pipeline, text: str) -> None:
    assert after(pipeline, text, METACLIP).text == "The library holds 90 papers."


@pytest.mark.parametrize(
    "text",
    ["does it have code?", "is the source code available?", "github?", "where can I find the implementation?",
     "is it open source?", "a link to the repo please", "Do they release their code?", "which have code?",
     "is the code out?", "any code yet?"],
)  # fmt: skip
def test_the_code_asked_for_is_that_of_the_papers_spoken_of(pipeline: Pipeline, text: str) -> None:
    answer = after(pipeline, text, METACLIP)
    assert [citation.span.paper.title for citation in answer.citations] == ["Demystifying CLIP Data"]
    assert "github.com/facebookresearch/MetaCLIP" in answer.text


def test_the_code_asked_for_is_that_of_a_paper_though_it_is_asked_whether_there_is_none(pipeline: Pipeline) -> None:
    assert after(pipeline, "is there no code?", METACLIP).status == "answered"


@pytest.mark.parametrize("text", ["Does it beat GPT-4?", "Who made it?", "Is it better than a large language model?"])
def test_what_is_asked_of_it_is_asked_of_no_other_paper(pipeline: Pipeline, text: str) -> None:
    title = "FlexCap: Generating Rich, Localized, and Flexible Captions in Images"
    answer = after(pipeline, text, ("What is FlexCap?", title))
    assert {citation.span.paper.title for citation in answer.citations} <= {title}


def test_some_of_those_spoken_of_are_chosen_by_a_topic(pipeline: Pipeline) -> None:
    history = listing(CAPPY, ULIP, METACLIP)
    chosen = pipeline.ask(Query("which of these are about 3D understanding?", history)).answer
    assert chosen.text.startswith("1 of the 3 abstracts speaks of “3D understanding”:")
    assert {citation.span.paper.title for citation in chosen.citations} == {ULIP[1]}
    none = pipeline.ask(Query("Which of those are about Turkish?", history)).answer
    assert none.reason == "None of the 3 abstracts speaks of “Turkish”."


def test_some_of_those_spoken_of_are_chosen_by_what_they_mention(pipeline: Pipeline) -> None:
    answer = pipeline.ask(Query("which of them was tested on ModelNet40?", listing(CAPPY, ULIP, METACLIP))).answer
    assert {citation.span.paper.title for citation in answer.citations} == {ULIP[1]}
    assert "ModelNet40" in answer.text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("our texts are more chemistry. is there a paper that does it for that?", "Name Tagging Under Domain Shift"),
        ("hm isn't there one that tags names without many labels?", "Name Tagging Under Domain Shift"),
    ],
)
def test_one_that_does_something_is_looked_for_beside_the_paper_spoken_of(
    pipeline: Pipeline, text: str, title: str
) -> None:
    tagger = pipeline.retriever.library.paper(pipeline.retriever.introducer("BIOptimus") or "").title
    answer = after(pipeline, text, ("What is best for biomedical NER?", tagger))
    assert answer.passages[0].span.paper.title.startswith(title)
    assert tagger not in {citation.span.paper.title for citation in answer.citations}


@pytest.mark.parametrize(
    "text", ["and are there any on prompt compression?", "And is there a paper about prompt compression?"]
)
def test_a_list_by_a_topic_stands_alone_after_any_paper(pipeline: Pipeline, text: str) -> None:
    answer = after(pipeline, text, METACLIP)
    assert answer.standalone_question == text
    assert "Learning to Compress Prompt in Natural Language Formats" in {c.span.paper.title for c in answer.citations}


def test_a_long_question_may_open_a_topic_of_its_own(pipeline: Pipeline) -> None:
    text = "Back to the prompt thing you mentioned first. How many shots until it beats the hand-written prompts?"
    said = (("How can prompts for CLIP be learned?", "Learning to Prompt for Vision-Language Models"), CAPPY)
    answer = after(pipeline, text, *said)
    assert {citation.span.paper.title for citation in answer.citations} == {said[0][1]}


def test_others_are_chosen_by_a_topic_and_not_by_what_was_asked_of_one(pipeline: Pipeline) -> None:
    answer = after(pipeline, "is there anything similar for video?", ULIP)
    assert answer.status == "answered"
    assert ULIP[1] not in {citation.span.paper.title for citation in answer.citations}


@pytest.mark.parametrize("text", ["how many pairs?", "on what hardware?", "which LLM then?", "what licence exactly?"])
def test_a_question_without_a_verb_is_asked_of_the_paper_spoken_of(pipeline: Pipeline, text: str) -> None:
    answer = after(pipeline, text, CAPPY)
    assert f"(about “{CAPPY[1]}”)" in answer.standalone_question
    assert {citation.span.paper.title for citation in answer.citations} <= {CAPPY[1]}


def test_a_name_that_a_paper_only_mentions_makes_it_no_paper_spoken_of(pipeline: Pipeline) -> None:
    history = (Turn("user", "Does CapsFusion use GPT-4?"), Turn("assistant", "The papers don't say.", ()))
    answer = pipeline.ask(Query("And ChatGPT?", history)).answer
    assert "CapsFusion: Rethinking" in answer.standalone_question
    assert "Peek Across" not in answer.standalone_question


def test_who_compares_with_open_models_offers_no_code(pipeline: Pipeline) -> None:
    title = "No Detail Left Behind: Revisiting Self-Retrieval for Fine-Grained Image Captioning"
    answer = after(pipeline, "does it release code?", ("What is a faithful caption?", title))
    assert answer.status == "abstained"
    assert "its abstract offers no code" in (answer.reason or "")


def test_how_many_of_those_spoken_of_have_code_is_counted(pipeline: Pipeline) -> None:
    answer = pipeline.ask(Query("how many of them release code?", listing(CAPPY, ULIP, METACLIP))).answer
    assert answer.text.startswith("2 papers, by their abstracts:")
    assert {citation.span.paper.title for citation in answer.citations} == {ULIP[1], METACLIP[1]}


def test_the_newest_of_papers_without_a_year_is_not_told(pipeline: Pipeline) -> None:
    answer = pipeline.ask(Query("which is the newest of them?", listing(CAPPY, ULIP))).answer
    assert (answer.status, answer.reason) == (
        "abstained",
        "The library does not know in which year any of these papers appeared.",
    )


@pytest.mark.parametrize(
    ("text", "title", "note"),
    [("which is the newest of them?", "Late", "“Late”: 2024; of 1 no year is known."),
     ("and the oldest of these?", "Early", "“Early”: 2020; of 1 no year is known.")],
)  # fmt: skip
def test_the_newest_and_the_oldest_of_those_spoken_of_are_told_by_their_years(
    library: Library, encoder: BundledEncoder, text: str, title: str, note: str
) -> None:
    years = (("Late", 2024), ("Early", 2020), ("Undated", None))
    papers = [Paper(one.lower(), one, f"We study {one.lower()} things in depth.", (), year) for one, year in years]
    with library.writing() as write:
        for paper in papers:
            write.put(paper, lambda paper: cut(paper, encoder))
        texts = write.lacking(encoder.fingerprint)
        write.commit(encoder.fingerprint, texts, encoder.vectors(texts))
    history = listing(*(("", paper.title) for paper in papers))
    answer = Pipeline(library, encoder, Settings()).ask(Query(text, history)).answer
    assert [citation.span.paper.title for citation in answer.citations] == [title]
    assert answer.notes == (note,)


@pytest.mark.parametrize("text", ["Show me the abstract of ULIP-2", "the full abstract of ULIP-2 please"])
def test_an_abstract_asked_for_is_shown_whole(pipeline: Pipeline, text: str) -> None:
    answer = ask(pipeline, text)
    paper = answer.citations[0].span.paper
    assert paper.title == ULIP[1]
    quoted = " ".join(citation.span.text for citation in answer.citations)
    assert quoted.split() == paper.abstract.split()
    assert after(pipeline, "show me its abstract", ULIP).text == answer.text


def test_of_what_was_asked_of_one_paper_what_about_the_other_asks_of_the_other(pipeline: Pipeline) -> None:
    history = (*listing(CAPPY, ULIP), Turn("user", "summarise the first"), Turn("assistant", "So. [1]", (CAPPY[1],)))
    answer = pipeline.ask(Query("what about the other one?", history)).answer
    assert {citation.span.paper.title for citation in answer.citations} == {ULIP[1]}
    assert answer.text == ask(pipeline, "summarise ULIP-2").text


def test_which_one_is_asked_of_the_papers_spoken_of(pipeline: Pipeline) -> None:
    answer = after(pipeline, "which one uses synthetic captions?", METACLIP, ULIP)
    assert {citation.span.paper.title for citation in answer.citations} <= {METACLIP[1], ULIP[1]}


def test_of_several_spoken_of_those_with_code_are_quoted(pipeline: Pipeline) -> None:
    answer = after(pipeline, "do both have code?", CAPPY, ULIP)
    assert [citation.span.paper.title for citation in answer.citations] == [ULIP[1]]


def test_code_that_no_abstract_offers_is_refused_with_that_reason(pipeline: Pipeline) -> None:
    answer = after(pipeline, "is there code?", CAPPY)
    assert (answer.status, answer.reason) == ("abstained", f"“{CAPPY[1]}” is here, but its abstract offers no code.")
    assert answer.passages


@pytest.mark.parametrize(
    "text",
    ["tell me more", "summarise it", "Summary?", "what is it about?", "tl;dr", "explain it briefly", "more please"],
)
def test_a_summary_holds_problem_method_and_result_and_no_address(pipeline: Pipeline, text: str) -> None:
    answer = after(pipeline, text, METACLIP)
    quotes = [citation.span.text for citation in answer.citations]
    assert [quote.split()[0] for quote in quotes] == ["However,", "In", "In"]
    assert "introduce Metadata-Curated Language-Image Pre-training" in quotes[1]
    assert "70.8%" in quotes[2]


@pytest.mark.parametrize(
    "text", ["summarise MetaCLIP", "What is Demystifying CLIP Data about?", "MetaCLIP in a nutshell"]
)
def test_a_summary_is_given_of_the_paper_named(pipeline: Pipeline, text: str) -> None:
    assert {citation.span.paper.title for citation in ask(pipeline, text).citations} == {"Demystifying CLIP Data"}


def test_no_summary_says_where_something_can_be_had(shipped: Library) -> None:
    summaries = [span for paper in shipped.papers() for span in spine(paper, 3)]
    assert len(summaries) > 2 * len(shipped)
    assert not [span.text for span in summaries if re.search(r"https?://|webpage", span.text)]
    assert not [span.text for span in summaries if offers_code(span.text)]


@given(st.text(max_size=300), st.integers(1, 4))
def test_the_spine_of_any_abstract_is_of_its_own_sentences(abstract: str, most: int) -> None:
    found = spine(Paper("id", "Title", abstract), most)
    assert len(found) <= most
    assert bool(found) is bool(abstract.strip())
    assert list(found) == sorted(set(found), key=lambda span: span.start)


def test_others_like_it_are_found_though_none_of_them_says_so(pipeline: Pipeline) -> None:
    answer = after(pipeline, "Is there another one like it?", METACLIP)
    found = [citation.span.paper.title for citation in answer.citations]
    assert 0 < len(found) == len(set(found)) <= 3
    assert METACLIP[1] not in found
    assert all("CLIP" in citation.span.paper.abstract for citation in answer.citations)


@pytest.fixture(scope="module")
def scope(shipped: Library) -> Scope:
    return Scope(papers=tuple(paper.id for paper in islice(shipped.papers(), 12)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("how many papers?", "The chosen scope holds 12 papers."),
        ("list all titles", "The chosen scope holds 12 papers.\n• Routing with Self-Attention"),
        ("which have code?", "2 of the 12 abstracts within the chosen scope offer code."),
        ("what is in the library?", "The chosen scope holds 12 papers."),
        ("BibTeX for ULIP-2", f"“{ULIP[1]}” lies outside the chosen scope."),
        ("BibTeX for UL2", "@misc{"),
    ],
)
def test_the_librarian_keeps_within_the_scope(pipeline: Pipeline, scope: Scope, text: str, told: str) -> None:
    assert pipeline.ask(Query(text, scope=scope)).answer.text.startswith(told)


def test_no_paper_outside_the_scope_is_summed_up_or_given_as_another(pipeline: Pipeline, scope: Scope) -> None:
    history = (Turn("user", CAPPY[0]), Turn("assistant", "A scorer. [1]", (CAPPY[1],)))
    others = pipeline.ask(Query("any others like it?", history, scope)).answer
    assert {citation.span.paper.id for citation in others.citations} <= set(scope.papers)
    assert CAPPY[1] not in pipeline.ask(Query("summarise it", history, scope)).answer.text


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


@given(title=WORDS, author=WORDS, venue=WORDS)
def test_an_entry_of_whatever_paper_is_one_entry(title: str, author: str, venue: str) -> None:
    paper = Paper("id", title, "An abstract.", (author,), 2024, venue, "https://example.org/a", "10.1/x", "2401.00001")
    library = parse_string(bibtex(paper))
    assert len(library.entries) == 1
    assert not library.failed_blocks


@pytest.mark.parametrize("text", ["What is MetaCLIP?", "hello", "how many papers use CLIP?", "which have code?"])
def test_what_is_streamed_is_the_text_here_too(pipeline: Pipeline, text: str) -> None:
    stream = pipeline.ask(Query(text))
    assert "".join(stream) == stream.answer.text
