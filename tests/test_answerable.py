"""Whether the papers say it: what a question asks for against what was found."""

from __future__ import annotations

import pytest

from rag.answerable import FEATURES, weights
from rag.attributes import uncounted, unmet
from rag.field import untouched
from rag.lacking import rivals, unknown
from rag.pipeline import Pipeline
from rag.question import bare_name
from rag.spelling import Spelled, corrected, resembling, vocabulary
from rag.types import Answer, Query, Scope, Turn

SPOKEN = "We train CuBERT on 7.4M Python files with 24 layers and release it under the MIT licence; gains reach 3.2%."


KNOWN = vocabulary(
    [
        "Prepacking and Tiny Time Mixers have few parameters of value",
        "LeCLIP has parameters",
        "MUVERA",
        "VALOR",
        "combine",
    ]
)
LACKS = ("attribute", "count", "figure", "kind")
ENGLISH = {"algorithm", "which", "small", "what", "there", "zebra", "value"}


def spelled(text: str) -> Spelled:
    known = set().union(*KNOWN.words.values())
    return corrected(text, lambda word: word.lower() in known, lambda word: word.lower() in ENGLISH, KNOWN)


def ask(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


@pytest.mark.parametrize(
    ("question", "attribute"),
    [
        ("Who wrote it?", "authors"),
        ("Which university are they from?", "affiliations"),
        ("In what year was it published?", "year or venue"),
        ("What learning rate did they use?", "training settings"),
        ("On what GPU was it trained?", "hardware"),
        ("Which limitations do they admit to?", "limitations"),
        ("How many gigabytes is the corpus?", "size in bytes"),
        ("How much did it cost to train it?", "time or cost"),
        ("How long did training take?", "time or cost"),
        ("What is its carbon footprint?", "energy use"),
        ("Which tokenizer does it use?", "tokenizer"),
        ("Is there a proof that it converges?", "proof or bound"),
        ("When was the crawl started?", "date"),
        ("Which part matters most?", "what matters most"),
        ("Was it checked by radiologists?", "human evaluation"),
        ("What ten languages does it speak?", "names of the languages"),
        ("Which position encoding has it?", "position encoding"),
        ("Does it give prediction intervals?", "uncertainty"),
    ],
)
def test_what_is_asked_for_and_not_offered_is_named(question: str, attribute: str) -> None:
    assert unmet(question, SPOKEN) == (attribute,)


@pytest.mark.parametrize(
    "question", ["How many layers has it?", "Under which licence is it?", "How much does it gain?", "What is CuBERT?"]
)
def test_what_is_offered_is_not_missed(question: str) -> None:
    assert unmet(question, SPOKEN) == ()


@pytest.mark.parametrize(
    ("question", "missed"),
    [
        ("How many Python files was it trained on?", None),
        ("How many layers?", None),
        ("How many attention heads has it?", "attention heads"),
        ("What is the number of training images?", "training images"),
        ("How many hours did training CuBERT take?", "hours"),
        ("How many languages CuBERT supports?", "languages"),
        ("How many does it support?", None),
        ("How many times fewer candidates are retrieved?", None),
        ("How many papers use CLIP?", None),
        ("What is it?", None),
    ],
)
def test_a_count_is_there_where_a_number_stands_before_what_is_counted(question: str, missed: str | None) -> None:
    assert uncounted(question, SPOKEN) == missed


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("Can the text of a language model be watermarked?", ("watermark",)),
        ("Has anyone tried Gaussian splatting?", ("radiance field",)),
        ("Which speech recogniser transcribes the tapes?", ()),
        ("How is speech recognition done?", ("speech recognition",)),
    ],
)
def test_a_topic_of_the_field_is_told_by_any_of_its_names(question: str, topics: tuple[str, ...]) -> None:
    assert untouched(question, SPOKEN) == topics
    assert untouched(question, f"{SPOKEN} We watermark NeRF scenes, and ASR output.") == ()


def test_makers_and_the_fields_own_short_words_are_no_unknown_names() -> None:
    assert unknown("So does OpenAI train on a GPU with Zyxel?", lambda name: False) == ("Zyxel",)
    assert unknown("Is anyone using a well-known CT-like volume?", lambda name: False) == ()


def test_a_name_that_nobody_mentions_is_said_above_what_is_quoted_of_the_others(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "Compare CoOp, PRE and Zorblax.")
    assert "Zorblax" in " ".join((answer.reason or "", *answer.notes))


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("What GPU does MonoByte use?", "420 days on a V100"),
        ("How many parameters does MAMMAL have?", "458m"),
        ("What are the limitations of Text-to-text classification?", "limitations"),
        ("Explain MUVERA like I'm five", "MUVERA"),
    ],
)
def test_what_the_abstract_gives_is_quoted(pipeline: Pipeline, question: str, quoted: str) -> None:
    assert quoted in ask(pipeline, question).text


def test_a_refusal_speaks_of_the_paper_that_was_named(pipeline: Pipeline) -> None:
    assert "Contrastive Localized" in str(ask(pipeline, "What batch size does CLOC use?").reason)


def test_a_reason_counts_the_papers_that_were_asked(pipeline: Pipeline) -> None:
    two = Scope(papers=tuple(paper.id for paper in pipeline.library.papers())[:2])
    assert "of the 2 abstracts" in str(pipeline.ask(Query("What is FlexCap?", scope=two)).answer.reason)
    assert "of the 2 abstracts" in str(pipeline.ask(Query("papers about quantum computing", scope=two)).answer.reason)


def test_a_factor_asks_no_time_and_a_temperature_of_things_no_training_settings() -> None:
    assert not unmet("How many times smaller is it?", SPOKEN)
    assert not unmet("At what temperature do Zyxel lattices fold?", SPOKEN)
    assert unmet("Which temperature does CuBERT use?", SPOKEN)
    assert unmet("How much memory does CuBERT need on a phone?", SPOKEN) == ("memory use",)


@pytest.mark.parametrize(
    ("question", "spoken"),
    [
        ("How long did training take?", "Second, it is 4.5 times faster, and gains 3% in energy models."),
        ("What are its limitations?", "We overcome limitations of earlier data."),
    ],
)
def test_another_use_of_its_words_does_not_offer_an_attribute(question: str, spoken: str) -> None:
    assert len(unmet(question, spoken)) == 1


@pytest.mark.parametrize(
    ("question", "spoken"),
    [
        ("How long did training take?", "It is trained for three days on 8 GPUs."),
        ("What did it cost to train?", "Training costs \\$500."),
        ("Which limitations of earlier data does it solve?", "We overcome limitations of earlier data."),
        ("What are the limitations?", "One limitation of our method is speed."),
    ],
)
def test_an_attribute_that_is_given_is_met(question: str, spoken: str) -> None:
    assert unmet(question, spoken) == ()


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What is PRE?", "PRE"),
        ("what does DSEE stand for", "DSEE"),
        ("Explain RetroMAE v2", "RetroMAE"),
        ("what is cappy?", "cappy"),
        ("What are the limits of PRE?", None),
        ("How do PRE and CoOp differ?", None),
        ("How does training work on mobile phones?", None),
    ],
)
def test_a_question_for_what_a_name_is_is_told_from_others(question: str, name: str | None) -> None:
    assert bare_name(question) == name


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("What is PRE?", "Prompt Learning with Reparameterization Encoder (PRE)"),
        ("What is MoD?", "Mixture-of-Denoisers (MoD)"),
        ("What does DSEE stand for?", "Dually Sparsity-Embedded Efficient Tuning (DSEE)"),
        ("What is RetroMAE?", "RetroMAE v2: "),
        ("size of BM-6B?", "BM-6B with over 6 billion"),
        ("How does Selfie work?", "SELFie supervised Image Embedding"),
        ("What is CroCo?", "CroCo: "),
        ("what is ulip2", "ULIP-2: "),
        ("Which is bigger, Cappy or TTM?", "360 million parameters"),
    ],
)
def test_what_a_name_is_is_told_in_the_sentence_that_introduces_it(
    pipeline: Pipeline, question: str, quoted: str
) -> None:
    assert quoted in ask(pipeline, question).text


def test_a_name_that_was_mended_is_said_with_the_answer(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "What is MUVRA?")
    assert answer.notes == ("Read as “MUVERA”: the library knows no “MUVRA”.",)
    assert {citation.span.paper.title.split(":")[0] for citation in answer.citations} == {"MUVERA"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Which algorithm does Prepaking use?", "Which algorithm does Prepacking use?"),
        ("how small are Tiny Time Mixres", "how small are Tiny Time Mixers"),
        ("how many parmeters?", "how many parameters?"),
        ("What is LaCLIP?", "What is LaCLIP?"),
        ("PARMETERS", "PARAMETERS"),
        ("What is a zebra?", "What is a zebra?"),
    ],
)
def test_a_slip_of_the_finger_is_put_right(typed: str, meant: str) -> None:
    assert spelled(typed).text == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("waht is leclip", "what is LeCLIP"),
        ("Waht is MUVERA?", "What is MUVERA?"),
        ("hwo does muvera work", "how does MUVERA work"),
        ("tell me abuot MUVERA", "tell me about MUVERA"),
        ("waht is a zebra", "waht is a zebra"),
        ("is MUVERA a WAHT", "is MUVERA a WAHT"),
    ],
)
def test_a_mistyped_little_word_is_read_where_the_rest_names_a_paper(typed: str, meant: str) -> None:
    assert spelled(typed).text == meant


def test_a_little_word_of_another_language_is_no_mistyped_one() -> None:
    assert spelled("combien") == ("combien", ())


@pytest.mark.parametrize(
    ("typed", "meant", "renamed"),
    [
        ("What is MUVRA?", "What is MUVERA?", (("MUVRA", "MUVERA"),)),
        ("What is lecilp?", "What is LeCLIP?", (("lecilp", "LeCLIP"),)),
        ("what is leclip", "what is LeCLIP", ()),
        ("What is VALUR?", "What is VALUR?", ()),
        ("What is LeCLAP?", "What is LeCLAP?", ()),
        ("LeCLIP是什么", "LeCLIP 是什么", ()),
    ],
)
def test_a_name_is_mended_and_said_but_another_letter_makes_another_name(
    typed: str, meant: str, renamed: tuple[tuple[str, str], ...]
) -> None:
    assert spelled(typed) == (meant, renamed)


@pytest.mark.parametrize(("name", "alike"), [("LaCLIP", "LeCLIP"), ("LeCLAP", "LeCLIP"), ("Mamba", None)])
def test_what_an_unknown_name_resembles_is_a_name(name: str, alike: str | None) -> None:
    assert resembling(name, KNOWN) == alike


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What is the learning rate of CapsFusion?", "its abstract gives no training settings"),
        ("Who wrote the MetaCLIP paper?", "its abstract gives no authors"),
        ("How does Zorblaxian resonance improve tea?", "No abstract here mentions Zorblaxian"),
        ("How do volcanoes erupt?", "No abstract here mentions volcanoes."),
        ("Can my landlord keep my deposit?", "None of the 90 abstracts comes close"),
        ("What is MegaCLIP?", "No abstract here mentions MegaCLIP. Did you mean MetaCLIP?"),
        ("What is GraphCLAP?", "No abstract here mentions GraphCLAP. Did you mean GraphCLIP?"),
        ("What is alphafold?", "No abstract here mentions alphafold."),
        ("What is UL3?", "No abstract here mentions UL3."),
        ("How many languages does CapsFusion support?", "its abstract gives no number of languages."),
        ("How many hours did training FlexCap take?", "its abstract gives no time or cost."),
        ("How much did it cost to train Cappy?", "Small Scorer” is here, but its abstract gives no time or cost."),
        ("How many parameters does FlexCap have?", "“FlexCap: Generating"),
        ("How many parameters does LightCLIP have?", "“LightCLIP: Learning"),
        ("How many parameters does MUVERA have?", "“MUVERA: Multi-Vector"),
        ("What activation function does CapsFusion use?", "its abstract gives no activation function."),
        ("What image resolution does FlexCap use?", "its abstract gives no resolution."),
        ("Which annotation tool was used for FlexCap?", "its abstract gives no annotation tool."),
        ("In which programming language is MUVERA implemented?", "its abstract gives no software."),
    ],
)
def test_the_reason_says_what_is_missing(pipeline: Pipeline, question: str, reason: str) -> None:
    answer = ask(pipeline, question)
    assert answer.status == "abstained"
    assert reason in (answer.reason or "")


@pytest.mark.parametrize(
    "question",
    [
        "Which algorithm does Prepaking use to squeeze prompts of different lengths into a compact batch?",
        "Which papers speed up training on GPUs?",
        "As a PhD student, how can I compress prompts?",
        "TL;DR of the MetaCLIP paper?",
    ],
)
def test_typos_plurals_and_asides_do_not_keep_the_papers_from_answering(pipeline: Pipeline, question: str) -> None:
    assert ask(pipeline, question).status == "answered"


def test_a_new_question_in_a_conversation_is_not_held_to_the_papers_before_it(pipeline: Pipeline) -> None:
    first = ask(pipeline, "What is CapsFusion?")
    history = (Turn("user", first.question), Turn("assistant", first.text, (first.citations[0].span.paper.id,)))
    for question in ("What is UL2 and how is it trained?", "What are capsule networks?", "What about MetaCLIP?"):
        answer = pipeline.ask(Query(question, history)).answer
        assert answer.status == "answered"
        assert first.citations[0].span.paper not in {citation.span.paper for citation in answer.citations}


def test_a_follow_up_cites_nothing_outside_the_scope(pipeline: Pipeline) -> None:
    first, other = ask(pipeline, "What is CapsFusion?"), ask(pipeline, "What is UL2?").citations[0].span.paper
    history = (Turn("user", first.question), Turn("assistant", first.text, (first.citations[0].span.paper.id,)))
    answer = pipeline.ask(Query("how does it scale?", history, Scope(papers=(other.id,)))).answer
    assert {citation.span.paper for citation in answer.citations} <= {other}


def test_the_weights_are_of_the_features_and_speak_for_or_against_as_a_person_would() -> None:
    learned = weights()
    assert set(learned) == {*FEATURES, "bias"}
    assert all(learned[name] > 0 for name in ("meaning", "words", "held", "bare name"))
    assert all(learned[name] < 0 for name in ("far", "unknown name", "foreign name", "topic", *LACKS))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Does FlexCap beat GPT-4?", ("GPT-4",)),
        ("Is MUVERA faster than PLAID on BEIR?", ("PLAID", "BEIR")),
        ("How does UL2 compare with GPT-3 and T5?", ("GPT-3", "T5")),
        ("How does MetaCLIP compare to OpenAI's?", ()),
        ("Is it better than before?", ()),
        ("Does it use more than 10B parameters?", ()),
        ("What does CLIP learn?", ()),
    ],
)
def test_what_something_is_compared_with_is_told_by_its_name(question: str, names: tuple[str, ...]) -> None:
    assert rivals(question) == names


@pytest.mark.parametrize("question", ["Does FlexCap beat GPT-4?", "Is FlexCap better than BERT?"])
def test_a_paper_is_compared_with_nothing_that_it_does_not_mention(pipeline: Pipeline, question: str) -> None:
    answer = pipeline.ask(Query(question)).answer
    assert answer.status == "abstained"
    assert "is here, but its abstract does not mention" in (answer.reason or "")


def test_a_paper_is_compared_with_what_it_mentions_however_common(pipeline: Pipeline) -> None:
    assert pipeline.ask(Query("Does UL2 outperform T5?")).answer.status == "answered"
