"""Lists of papers by topic or name, and papers compared by name, over the shipped papers."""

from __future__ import annotations

import json
import re

import pytest

from ingest.add import ingest
from rag.attributes import unmet
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.lists import mentions, only_names, speaks_of
from rag.pipeline import Pipeline
from rag.types import Answer, Query


def ask(pipeline: Pipeline, text: str) -> Answer:
    return pipeline.ask(Query(text)).answer


def titles(answer: Answer) -> list[str]:
    """In the order they are quoted, each once."""
    return list(dict.fromkeys(citation.span.paper.title for citation in answer.citations))


@pytest.mark.parametrize(
    ("topic", "first"),
    [
        ("satellite images", "Multi-Label Guided Soft Contrastive"),
        ("drugs or proteins", "MAMMAL"),
        ("audio or video", "VALOR"),
        ("Turkish or Persian", "LegalTurk"),
        ("noisy captions", "No Detail Left Behind"),
        ("image segmentation", "SegVG"),
        ("speeding up inference", "Prepacking|Learning to Compress"),
        ("compressing models", "Well-Read Students"),
        ("faster training", "Well-Read Students"),
        ("time-series forecasting", "Tiny Time Mixers"),
        ("search engines", "MUVERA"),
        ("retrieving passages", "Unsupervised Context"),
        ("legal texts", "LegalTurk"),
        ("classifying documents", "Efficient Few-shot"),
        ("law", "LegalTurk"),
    ],
)
def test_a_topic_is_found_whether_or_not_its_words_stand_side_by_side(
    pipeline: Pipeline, topic: str, first: str
) -> None:
    assert re.match(first, titles(ask(pipeline, f"Which papers are about {topic}?"))[0])


@pytest.mark.parametrize("topic", ["medical images", "dense retrieval", "captions", "satellite images"])
def test_a_topic_has_as_many_papers_however_it_is_asked_for(pipeline: Pipeline, topic: str) -> None:
    wordings = ("Which papers are about {}?", "any papers about {}?", "Show me papers on {}", "which papers use {}?")
    told = [ask(pipeline, wording.format(topic)) for wording in wordings]
    assert len({answer.text.splitlines()[0] for answer in told}) == 1
    assert len({tuple(titles(answer)) for answer in told}) == 1


@pytest.mark.parametrize(
    ("topic", "how"),
    [
        ("translation", "speak of"),
        ("protein folding", "come close to"),
        ("medical images", "speak of or come close to"),
    ],
)
def test_what_only_comes_close_to_a_topic_is_not_said_to_speak_of_it(pipeline: Pipeline, topic: str, how: str) -> None:
    assert f"of the 90 abstracts {how} “{topic}”" in ask(pipeline, f"Which papers are about {topic}?").text


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("Give me three papers on dense retrieval", 3),
        ("Which two papers use capsule networks?", 2),
        ("Recommend 2 papers about medical images.", 2),
        ("Name three papers that improve CLIP with better captions.", 3),
    ],
)
def test_no_more_papers_are_quoted_than_were_asked_for(pipeline: Pipeline, question: str, papers: int) -> None:
    assert len(titles(ask(pipeline, question))) == papers


def test_a_number_of_something_else_is_no_number_of_papers(pipeline: Pipeline) -> None:
    assert len(titles(ask(pipeline, "Which papers name two problems of synthetic captions?"))) > 2


@pytest.mark.parametrize(
    ("text", "topic", "is_spoken_of"),
    [
        ("Images taken by a satellite.", "satellite imagery", True),
        ("We forecast time series.", "time-series forecasting", True),
        ("We fold proteins.", "drugs or proteins", True),
        ("We fold proteins.", "images/proteins", True),
        ("We fold proteins.", "protein prices", False),
        ("We learn.", "reinforcement learning", False),
        ("", "music", False),
    ],
)
def test_a_topic_is_spoken_of_where_all_words_of_one_of_its_alternatives_are(
    text: str, topic: str, is_spoken_of: bool
) -> None:
    assert speaks_of(text, topic) is is_spoken_of


@pytest.mark.parametrize(
    ("text", "name", "is_mentioned"),
    [
        ("On ADE-20K and", "ADE20K", True),
        ("on ADE20k.", "ADE-20K", True),
        ("CLIP-like models", "CLIP", True),
        ("many LLMs", "LLM", True),
        ("an LLM", "LLMs", True),
        ("LaCLIP and MetaCLIP", "CLIP", False),
        ("a clip of it", "CLIP", False),
        ("OFA", "Ofa", True),
        ("of a kind", "OFA", False),
        ("ImageNet-1K", "ImageNet", True),
        ("GPT-4", "GPT-40", False),
    ],
)
def test_a_name_is_mentioned_as_a_word_however_it_is_hyphenated(text: str, name: str, is_mentioned: bool) -> None:
    assert mentions(text, name) is is_mentioned


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Which papers use ADE20K?", ("ADE20K",)),
        ("Which papers are evaluated on the COCO dataset?", ("COCO",)),
        ("papers on BERT and CLIP", ("BERT", "CLIP")),
        ("Which papers use CLIP for medical images?", ()),
        ("How many papers were used to train MAMMAL?", ()),
        ("Which papers are about captions?", ()),
    ],
)
def test_a_list_by_names_alone_is_told_from_one_that_asks_more(question: str, named: tuple[str, ...]) -> None:
    assert only_names(question) == named


def test_papers_that_mention_a_name_are_counted_exactly_and_the_nearest_of_them_quoted(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "How many papers mention CLIP?")
    written = re.compile(r"(?<![A-Za-z0-9])CLIPs?(?![A-Za-z0-9])")
    held = [paper for paper in pipeline.library.papers() if written.search(paper.abstract)]
    assert answer.text.startswith(f"{len(held)} of the 90 abstracts mention CLIP. The nearest 6:\n\n“")
    assert set(titles(answer)) <= {paper.title for paper in held}


@pytest.mark.parametrize("question", ["Which papers use ADE20K?", "Which papers are evaluated on ADE-20K?"])
def test_all_papers_whose_abstract_has_the_name_are_listed(pipeline: Pipeline, question: str) -> None:
    held = {paper.title for paper in pipeline.library.papers() if re.search("ADE-?20k", paper.abstract, re.IGNORECASE)}
    assert set(titles(ask(pipeline, question))) == held


@pytest.mark.parametrize(
    ("question", "compared"),
    [
        ("Compare CroCo and MultiMAE", ["CroCo", "MultiMAE"]),
        ("Contrast OFA and MonoByte", ["OFA", "MonoByte"]),
        ("What do Mug-STAN and VALOR have in common?", ["Mug-STAN", "VALOR"]),
        ("What do OFA and UL2 share?", ["OFA", "UL2"]),
        ("Compare PTEC and FusionSent", ["Prompt Tuned Embedding", "Efficient Few-shot"]),
        ("Compare FusionSent and CuBERT", ["Efficient Few-shot", "Learning and Evaluating Contextual"]),
        ("Compare GRAIN and SegVG", ["Grounding Descriptions", "SegVG"]),
        ("Compare LOOK and CroCo", ["Rethinking Supervised", "CroCo"]),
        ("Compare UL2, Cappy and ScaLearn", ["UL2", "Cappy", "ScaLearn"]),
        ("Contrast UL2, Cappy and ScaLearn", ["UL2", "Cappy", "ScaLearn"]),
        ("Cappy versus CroCo", ["Cappy", "CroCo"]),
    ],
)
def test_of_papers_compared_by_name_each_is_quoted_and_no_other(
    pipeline: Pipeline, question: str, compared: list[str]
) -> None:
    quoted = titles(ask(pipeline, question))
    assert len(quoted) == len(compared)
    assert all(title.startswith(name) for title, name in zip(quoted, compared, strict=True))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("How do CroCo and MultiMAE differ in batch size?", "their abstracts give no training settings."),
        ("How do CroCo and MultiMAE compare on Foobar3000?", "No abstract here mentions Foobar3000."),
    ],
)
def test_a_comparison_of_what_neither_gives_is_refused_with_that_reason(
    pipeline: Pipeline, question: str, reason: str
) -> None:
    answer = ask(pipeline, question)
    assert answer.status == "abstained"
    assert (answer.reason or "").endswith(reason)


@pytest.mark.parametrize("question", ["Is CuBERT's code open?", "Is CuBERT open-sourced?"])
def test_what_an_abstract_calls_open_is_quoted_when_its_code_is_asked_for(pipeline: Pipeline, question: str) -> None:
    assert "an open-sourced code-understanding BERT" in ask(pipeline, question).text


def test_machine_translated_data_is_no_hardware() -> None:
    assert not unmet("Does machine translated training data harm English performance?", "")
    assert not unmet("Is machine-generated text used for training?", "")
    assert unmet("Which machines were used for training?", "") == ("hardware",)


@pytest.fixture(scope="module")
def loaves(tmp_path_factory: pytest.TempPathFactory, encoder: BundledEncoder) -> Pipeline:
    folder = tmp_path_factory.mktemp("loaves")
    rye, spelt, ovens = "We bake bread of rye flour.", "We bake bread of spelt flour.", "We build ovens of red clay."
    papers = [
        {"title": "RyeNet: On Rye", "abstract": rye, "authors": ["Ada Miller"], "venue": "Breads", "year": 2024,
         "doi": "10.1234/rye"},
        {"title": "On Spelt", "abstract": spelt, "authors": ["Bo Baker", "Ada Miller"], "year": 2025},
        {"title": "On Ovens", "abstract": ovens, "authors": ["Cy Potter"], "venue": "Clay"},
    ]  # fmt: skip
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, papers)))
    ingest(library := Library(folder), [folder / "papers.jsonl"], encoder)
    return Pipeline(library, encoder, Settings())


class TestWhoMadeThem:
    """An author or a venue, where the library knows them."""

    @pytest.mark.parametrize(
        ("question", "found", "said"),
        [
            ("Which papers are by Ada Miller?", {"RyeNet: On Rye", "On Spelt"}, "2 of the 3 papers are of Ada Miller:"),
            ("Papers written by Potter", {"On Ovens"}, "1 of the 3 papers is of Potter:"),
            ("has Cy Potter written anything here?", {"On Ovens"}, "1 of the 3 papers is of Cy Potter:"),
            ("Are there papers from Breads?", {"RyeNet: On Rye"}, "1 of the 3 papers is of Breads:"),
        ],
    )
    def test_their_papers_are_listed(self, loaves: Pipeline, question: str, found: set[str], said: str) -> None:
        answer = ask(loaves, question)
        assert set(titles(answer)) == found
        assert answer.text.startswith(said)

    @pytest.mark.parametrize("question", ["Papers by Dee Farmer", "Which papers are from Google?"])
    def test_who_is_not_known_is_said_and_nothing_is_listed(self, loaves: Pipeline, question: str) -> None:
        answer = ask(loaves, question)
        assert answer.status == "abstained"
        assert "knows no author or venue" in (answer.reason or "")


class TestTheRecord:
    """Who wrote a paper, when and where it appeared, where the library knows it."""

    @pytest.mark.parametrize(
        ("question", "record"),
        [
            ("who are the authors of RyeNet?", "“RyeNet: On Rye”: Ada Miller (2024). Breads. doi:10.1234/rye."),
            ("doi of RyeNet", "“RyeNet: On Rye”: Ada Miller (2024). Breads. doi:10.1234/rye."),
            ("When was On Spelt published?", "“On Spelt”: Bo Baker, Ada Miller (2025)."),
            ("in which journal was On Ovens published?", "“On Ovens”: Cy Potter. Clay."),
        ],
    )
    def test_it_is_told(self, loaves: Pipeline, question: str, record: str) -> None:
        answer = ask(loaves, question)
        assert answer.text == f"The library's record of {record}"
        assert not answer.citations

    def test_what_it_lacks_is_not_made_up(self, loaves: Pipeline) -> None:
        answer = ask(loaves, "When was On Ovens published?")
        assert (answer.status, answer.reason) == (
            "abstained",
            "“On Ovens” is here, but its abstract gives no year or venue.",
        )

    @pytest.mark.parametrize(
        ("question", "found"),
        [("what was published in 2024?", ["RyeNet: On Rye"]), ("list the 2025 papers", ["On Spelt"])],
    )
    def test_a_year_is_read_however_it_is_put(self, loaves: Pipeline, question: str, found: list[str]) -> None:
        assert titles(ask(loaves, question)) == found


@pytest.mark.parametrize("question", ["Is there a paper about speech?", "do you have any paper on music"])
def test_one_paper_about_what_none_is_about_is_not_made_up(pipeline: Pipeline, question: str) -> None:
    answer = ask(pipeline, question)
    assert (answer.status, "speaks of" in (answer.reason or "")) == ("abstained", True)


@pytest.mark.parametrize(
    ("question", "first", "others"),
    [
        (
            "which papers work with videos?",
            "Mug-STAN",
            {"VALOR", "Routing with Self-Attention", "MultiCapCLIP", "UniPT"},
        ),
        ("Which papers work with satellite or medical pictures?", "", {"Multi-Label Guided", "Align, Reason"}),
        ("which models handle audio?", "VALOR", {"Routing with Self-Attention"}),
        ("which of these use mixture of experts?", "An Efficient General-Purpose", {"CLIP-MoE"}),
        ("any paper that tackles catastrophic forgetting?", "Don't Stop Learning", {"GraphCLIP"}),
    ],
)
def test_a_list_holds_all_that_speak_of_its_topic_not_the_nearest_alone(
    pipeline: Pipeline, question: str, first: str, others: set[str]
) -> None:
    listed = titles(ask(pipeline, question))
    assert listed[0].startswith(first)
    assert all(any(title.startswith(other) for title in listed) for other in others)


def test_where_more_speak_of_a_topic_than_are_quoted_it_is_said_of_how_many(pipeline: Pipeline) -> None:
    answer = ask(pipeline, "list every paper that uses contrastive learning")
    told = r"(\d+) of the 90 abstracts speak of or come close to “contrastive learning”\. The nearest 6:\n"
    said = re.match(told, answer.text)
    assert said
    assert int(said[1]) > len(titles(answer)) == 6


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("what is FlexCap?", "We introduce a versatile flexible-captioning vision-language model"),
        ("What is UL2?", "This paper presents a unified framework for pre-training models"),
        ("what is prefilling?", "prefilling is the computation of the key-value (KV) cache"),
        ("what does MoD stand for?", "Mixture-of-Denoisers (MoD)"),
    ],
)
def test_what_something_is_is_told_by_what_introduces_it(pipeline: Pipeline, question: str, sentence: str) -> None:
    assert sentence in ask(pipeline, question).text


@pytest.mark.parametrize("name", ["gpt4o", "MSRVTT", "F1", "10B", "more than 100B"])
def test_a_quantity_or_a_name_without_its_hyphens_is_no_unknown_name(pipeline: Pipeline, name: str) -> None:
    answer = ask(pipeline, f"What is reached with {name} by M2-Encoder?")
    assert "No abstract here mentions" not in f"{answer.reason} {answer.notes}"
