"""Sentences and passages: real cases from the shipped papers, invented ones, and what holds for any text."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.split import Bounds, passages, sentences

# Stretches of shipped abstracts, as the sentences (or ends and beginnings of sentences) they consist of.
REAL = (
    (
        "paired with descriptions in a specific language (i.e., the vision-caption pairs) for training.",
        "However, collecting and labeling large-scale",
    ),
    (
        "across four benchmarks and four languages (i.e., English, Chinese, German, and French) confirm the effectiveness of our approach.",
        "Compared with state-of-the-art zero-shot and",
    ),
    (
        "methods, our method achieves 4.8% and 21.5% absolute improvements in terms of BLEU@4 and CIDEr metrics.",
        "Our code is available at",
    ),
    ("Our code is available at https://github.com/yangbang18/MultiCapCLIP.",),
    (
        "This poses two challenges: (i) Natural Language (NL) prompts are incompatible with back-propagation, and (ii) NL prompts lack flexibility in imposing length constraints.",
        "In this work, we propose",
    ),
    (
        "decrease inference latency up to 4.5x, and save 80.1% of budget overheads while providing transferability across diverse LLMs and different datasets.",
    ),
    (
        "archetypes with pre-training objectives -- two concepts that are commonly conflated.",
        "Next, we present a generalized",
    ),
    (
        "explore the detailed information of an image, e.g., image types, objects, and part of semantic relations.",
        "On the other hand, self-supervised",
    ),
    (
        "AP on COCO object detection for Mask R-CNN, and 50.6 mIoU on ADE-20K semantic segmentation when using Upernet.",
        "The performance shows the ability",
    ),
    (
        "TAG approaches face two primary challenges: (i) Heavy reliance on label information and (ii) Limited cross-domain zero/few-shot transferability.",
        "These issues constrain the scaling",
    ),
    ("Our code is available at: https://github.com/ZhuYun97/GraphCLIP",),
    ("pretrained and fine-tuned models: https://aka.ms/BLURB.",),
    ("of 0.89 on detecting the domain of belonging and 0.99 on detecting the polarity.", "Also, for the problem of"),
    (
        "This function was able to achieve 0.0162 improvements in accuracy for sentiment classification.",
        "This approach on Amazon Arabic",
    ),
    ("This approach on Amazon Arabic data can achieve 0.9695 accuracies in domain classification.",),
    (
        "19 benchmark datasets, improving accuracy by 2.19\\% over the previous leading method.",
        "Our contributions are substantiated through",
    ),
    ("Our code is made publicly available at https://github.com/WLuLi/CapS-Adapter.",),
    (
        "is pre-trained on a upstream large dataset (e.g. ImageNet), and is then fine-tuned to different downstream tasks.",
        "Though for most cases, the",
    ),
    ('to which referred as "overfit of upstream tasks".', "To alleviate this problem, we"),
    ("achieves 70.8% accuracy, surpassing CLIP's 68.3% on ViT-B models.", "Scaling to 1B data, while"),
    ("maintaining the same training budget, attains 72.4%.", "Our observations hold across various"),
    (
        "model sizes, exemplified by ViT-H achieving 80.5%, without any bells-and-whistles.",
        "Curation code and training data",
    ),
    ("distribution on metadata is made available at https://github.com/facebookresearch/MetaCLIP.",),
    ("Code shall be released at https://github.com/OpenGVLab/M3I-Pretraining.",),
    ("Project webpage: https://flex-cap.github.io .",),
    (
        "task is encapsulated within sets of parameters (\\eg adapters), and (ii) transfer, where this already learned knowledge is leveraged for a target task.",
        "This separation of concerns provides",
    ),
    (
        "a small number of transfer parameters - roughly 0.35% of those of AdapterFusion.",
        "Remarkably, we observe that ScaLearn",
    ),
    ("for semantic segmentation task while being 6.1times smaller.", "Moreover, we show that improving"),
    (
        "chemistry, where large language models (LLMs), e.g., ChatGPT, fall short.",
        "We investigate the applicability of",
    ),
    ("outperforms the baselines, in some scenarios by 5\\% absolute value.",),
    (
        "answering), with different input modalities (e.g., vision-language, audio-language and audiovisual-language).",
        "VALOR achieves new state-of-the-art performances",
    ),
    (
        "throughput and ranks first in MLPerf Training v2.0 within the same GPU configuration.",
        "The optimizations in this paper",
    ),
    ("other annotations over remote sensing images (e.g., object classes).", "The use of different pre-training"),
    (
        "We show that translated data is indeed helpful, e.g. improving performance also on English.",
        "Our resulting model, which we",
    ),
    (
        "Further, Gemini 1.5 Pro performance continues to improve log-linearly up to the maximum number of tested examples on many datasets.",
        "Given the high inference costs",
    ),
    (
        "performance across the datasets, Gemini 1.5 Pro exhibits higher ICL data efficiency than GPT-4o on most datasets.",
        "Our results suggest that many-shot",
    ),
    (
        "language representations have been proposed (Sun et al., 2019; Sanh, 2019).",
        "However, surprisingly, the simple baseline",
    ),
    (
        "sets a new record of 86.8 in multispectral, and 82.5 in SAR, the latter even better than many multispectral models.",
        "Dataset and models are available",
    ),
    ('outputs besides the RGB image (hence "multi-task").', "We make use of masking"),
    (
        "These models produce a single embedding x in R^d per data-point, allowing for fast retrieval via highly optimized maximum inner product search (MIPS) algorithms.",
        "Recently, beginning with the landmark",
    ),
    (
        "competitive results without bells and whistles, i.e., using a generic architecture without any task-specific design.",
    ),
    ('to answer these questions while "peeking" into other topically-related documents.', "In a similar manner, the"),
    ("7%, and significantly outperforms zero-shot GPT-3.5 and GPT-4.",),
    ("and predicted protein-protein interactions~(PPIs).", "However, due to the biological"),
    (
        "PPI knowledge to multimers of different scales~(i.e., chain numbers).",
        "Specifically, we propose \\textsc{PromptMSP}, a",
    ),
    (
        "Specifically, we propose \\textsc{PromptMSP}, a pre-training and Prompt tuning framework for Multimer Structure Prediction.",
        "First, we tailor the source",
    ),
    ("the CLIP, i.e., the catastrophic forgetting issue?", "If yes, could existing continual"),
    ("to alleviate the risk of catastrophic forgetting?", "To answer these questions, this"),
    ("scratch or bilingual finetuning) while improving 9.3 BLEU on average over bilingual baselines from scratch.",),
    (
        'dubbed as M^2-Encoders (pronounced "M-Square"), set new benchmarks in both languages for multimodal retrieval and classification tasks.',
        "Notably, Our largest M^2-Encoder-10B model",
    ),
    ("previously reported SoTA methods by 2.2% and 21.1%, respectively.", "The M^2-Encoder series represents one"),
    ("self-supervised learning approaches by upto 19.78% on both top-1 accuracy and Rank-1 retrieval metric.",),
    (
        "the Chinese InterBERT on our proposed dataset of 3.1M image-text pairs from the mobile Taobao, the largest Chinese e-commerce platform.",
        "We finetune the model for",
    ),
    (
        "task called contrastive context prediction~(CCP) to learn sentence representation by modeling sentence level contextual relation.",
        "By pushing the embedding of",
    ),
    (
        "these models are typically very slow and large (~billion parameters) and do not consider cross-channel correlations.",
        "To address this, we present",
    ),
    (
        "TTM shows significant accuracy gains (12-38\\%) over popular benchmarks in few/zero-shot forecasting.",
        "It also drastically reduces the",
    ),
    (
        "LaCLIP outperforms CLIP by 8.2% on CC12M and 2.4% on LAION-400M.",
        "Code is available at https://github.com/LijieFan/LaCLIP.",
    ),
    ("of the Contrastive Predictive Coding loss (Oord et al., 2018).", "Given masked-out patches in an"),
    (
        'select the correct patch, among other "distractor" patches sampled from the same image, to fill in the masked location.',
        "This classification objective sidesteps the",
    ),
    (
        "from 35.6% to 46.7%, an improvement of 11.1 points in absolute accuracy.",
        "Our pretraining method also improves",
    ),
    (
        "strong baselines by an average of 6.0 F_{1} points across multiple scientific document classification datasets.",
        "In addition, we introduce a",
    ),
    ("Reasoning, Visual Entailment, and NLVR^2.", "Code is available at https://github.com/ChenRocks/UNITER."),
    ("capability for the contextualized embedding of [CLS] token.", "However, recent study shows that"),
    (
        "study shows that the ordinary tokens besides [CLS] may provide extra information, which helps to produce a better representation effect.",
        "As such, it's necessary to",
    ),
    ("for the contextualized embeddings of both [CLS] and ordinary tokens.", "It introduces two decoding tasks:"),
    (
        "The embeddings from [CLS] and ordinary tokens, after dimension reduction and aggregation, are concatenated as one unified semantic representation for the input.",
        "DupMAE is simple but empirically",
    ),
    ("multi-labels, which can be further boosted to 80.2% with the CutMix regularization.", "We show that the models"),
    (
        "while achieving comparable performance, with 0.5% trainable parameters on BERT.",
        "Codes are available in https://github.com/VITA-Group/DSEE.",
    ),
    (
        "two significant drawbacks of joint training: 1) Task Conflict: Gradients from different tasks interfere with each other, leading to negative transfer.",
        "2) Data Imbalance: Disproportionate data",
    ),
    ("dataset, achieving an absolute improvement of 0.7 points.", "It outperforms traditional resampling methods"),
    ("across standard benchmarks by an average of +2.67 BLEU.", "The code can be found"),
    ("The code can be found at www.github.com/devaansh100/CLIPTrans.",),
    ("distractors (RD100) (Dessi et al., 2023); and +7.6% on ImageCoDe.", "Additionally, existing metrics to evaluate"),
    (
        "them all by a significant margin (e.g. +4.8% - 7.1% over Cambrian) while having 1-2 orders of magnitude fewer parameters.",
    ),
    ('Triplets" and "ULIP-ShapeNet Triplets".', "ULIP-2 requires only 3D data"),
    (
        "adaptation of image-text models to diverse video tasks and video-text data.",
        "Specifically, STAN adopts a branch structure",
    ),
    (
        "a new pre-training method: duplex masked auto-encoder, a.k.a. DupMAE, which targets on improving the semantic "
        "representation capacity for the contextualized embeddings of both [CLS] and ordinary tokens.",
    ),
    ("their passive utilization of annotation, i.e. the sole use of the box annotation as regression ground truth.",),
)
INVENTED = (
    ("As Fig. 3 and Eq. 2 show, it works (see Sec. 4.1).", "We go on."),
    ("Smith et al. (2020) and Li et al. found it.", "So did J. Doe et al. in a later study."),
    ("It was proposed by Smith et al.", "We extend it."),
    ("The effect was small (p < 0.05).", "In U.S. hospitals it was not."),
    ("It runs on Node.js 3.5 and scores 2.5x vs. 1.1x, cf. the appendix.", "Fine."),
    ("The answer is no.", "We show why."),
    ("We use Fig. 3 and Eq. (4).", "The answer is no.", "(4) We go on."),
    (
        "Under the i.i.d. assumption it holds.",
        "Both are for i.i.d. splits and for splits, relations, etc. of all kinds.",
    ),
    ("The samples are i.i.d.", "We keep loaves, cakes, etc.", "They are good."),
    ('–i.e. being "controlled by" others, esp. David Haussler\'s work.', "Fine."),
    ("Wen et al. 's dataset and Li et al.’s are from ca. 1500 to 500 BCE and cover up to max. 30% of it.", "Fine."),
    ("Does it help?", "Yes!", '"It does."', "We thank Dr. Who."),
    ("Prompts matter (see https://a.b/c.D).", "They do."),
)


@pytest.mark.parametrize("parts", [*REAL, *INVENTED], ids=lambda parts: parts[0][-40:])
def test_a_sentence_ends_where_a_reader_would_end_it(parts: tuple[str, ...]) -> None:
    text = " ".join(parts)
    assert [text[start:end] for start, end in sentences(text)] == list(parts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("to diverse video tasks and video-text data.", "Specifically, STAN adopts a branch structure"),
        ("a balanced accuracy of 72.07%.", "Our codes are here."),
        ("languages spoken in Africa.", "For search we use it."),
        ("papers on COVID-19.", "Our system is good."),
        ("our framework Patton.", "Patton includes two strategies."),
    ],
)
def test_a_missing_space_between_sentences_is_no_obstacle(first: str, second: str) -> None:
    assert sentences(first + second) == ((0, len(first)), (len(first), len(first + second)))


@pytest.mark.parametrize(
    "name", ["github.com/Foo.Bar now", "built on Node.Js now", "the file data.Final.csv now", "Keras.Layers now"]
)
def test_a_full_stop_inside_a_name_ends_nothing(name: str) -> None:
    assert len(sentences(f"The code is at {name}")) == 1


def test_at_least_forty_real_cases_are_held() -> None:
    assert len(REAL) >= 40


PIECES = st.sampled_from(
    ["e.g.", "et al.", "Fig. 3", "4.5x", "F_{1}", "https://a.b/C.D", "data.Specifically", "\x00", "\u200b", "\u202e",
     "e\u0301", "\ud800", "?", "...", "\n\n", " ", "(i)", "Word", "word", '"', "."]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join)))
def test_sentences_hold_every_character_but_white_space_in_order(text: str) -> None:
    bounds = sentences(text)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in bounds)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(bounds))
    assert "".join("".join(text[start:end].split()) for start, end in bounds) == "".join(text.split())


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(1, 256))
def test_passages_are_whole_sentences_within_the_budget_and_as_few_as_can_be(sizes: list[int], budget: int) -> None:
    bounds = [(place, place + 1) for place in range(len(sizes))]
    packed = passages(bounds, sizes, budget)
    assert [place for start, end in packed for place in range(start, end)] == list(range(len(sizes)))
    assert all(sum(sizes[start:end]) <= budget or end - start == 1 for start, end in packed)
    assert len(packed) == _fewest(sizes, budget)


def _fewest(sizes: list[int], budget: int) -> int:
    """Counted by filling each passage to the brim."""
    count, filled = 0, budget + 1
    for size in sizes:
        count, filled = (count + 1, size) if filled + size > budget else (count, filled + size)
    return count


def test_the_last_passage_is_not_left_tiny() -> None:
    bounds: list[Bounds] = [(place, place + 1) for place in range(5)]
    assert passages(bounds, [50] * 5, 200) == ((0, 3), (3, 5))


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "word " * 200_000, "no.Stop " * 100_000], ids=["word", "words", "stops"]
)
def test_a_megabyte_without_punctuation_takes_seconds_at_most(text: str) -> None:
    started = time.process_time()
    sentences(text)
    assert time.process_time() - started < 5
