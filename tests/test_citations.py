"""Citations as models really write them: read, renumbered, and nothing invented is left."""

from __future__ import annotations

import time

import pytest
from clock import by_the_clock
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.check import Verdict
from rag.citations import (
    DROPPED,
    NO_IMAGE,
    UNKNOWN_LINK,
    UNKNOWN_REFERENCE,
    paint,
    read,
)
from rag.types import Answer
from rag.verify import Weighed
from ui.drawn import _paragraphs

QUOTES = (
    "Prompts shrink by 81.4%. The code is at https://github.com/x/capsule.",
    "Latency falls up to 4.5x, as Lee et al. (2020) expected.",
    "It saves 80.1% of the budget.",
)


def shown(raw: str) -> str:
    return paint(read(raw, QUOTES).said)


def cited(raw: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.text, one.cited) for one in read(raw, QUOTES).said]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Prompts shrink [1].", "Prompts shrink [1]."),
        ("Prompts shrink.[1]", "Prompts shrink. [1]"),
        ("Prompts shrink. [1] It saves much. [3]", "Prompts shrink. [1] It saves much. [2]"),
        (
            "It saves much [3]. Prompts shrink [1]. It saves [3].",
            "It saves much [1]. Prompts shrink [2]. It saves [1].",
        ),
        ("Both [1, 2].", "Both [1][2]."),
        ("Both [1; 3].", "Both [1][2]."),
        ("Both [1 and 2].", "Both [1][2]."),
        ("All [1-3].", "All [1][2][3]."),
        ("All [1–3].", "All [1][2][3]."),
        ("Both [1][2].", "Both [1][2]."),
        ("Both [1] [2].", "Both [1][2]."),
        ("Twice [1][1].", "Twice [1]."),
        ("Wide 【2】.", "Wide [1]."),
        ("Wide 【2†source】.", "Wide [1]."),
        ("Named [Source 2].", "Named [1]."),
        ("Named [Sources 1, 2].", "Named [1][2]."),
        ("Named [Source 1, Source 3].", "Named [1][2]."),
        ("Named [source: 2]", "Named [source: 2]"),
        ("Named (Source 2).", "Named [1]."),
        ("Round (1).", "Round [1]."),
        ("Round (1, 3) and so on.", "Round [1][2] and so on."),
        ("Raised^1.", "Raised [1]."),
        ("Raised ^2", "Raised [1]"),
        ("Foot[^3].", "Foot [1]."),
        ("Linked [2](http://evil.example/2).", "Linked [1]."),
        ("[2] Latency falls. [1] Prompts shrink.", "[1] Latency falls. [2] Prompts shrink."),
        ("- Prompts shrink [1]\n- Latency falls [2]", "- Prompts shrink [1]\n- Latency falls [2]"),
        ("Prompts shrink.\n[1]", "Prompts shrink. [1]"),
        ("Prompts shrink (Source: [1]).", "Prompts shrink [1]."),
        ("Prompts shrink (see [1], [3]).", "Prompts shrink [1][2]."),
        (r"Prompts shrink \[1\].", "Prompts shrink [1]."),
        ("Prompts shrink<sup>1,3</sup>.", "Prompts shrink [1][2]."),
        ("Prompts shrink<sup>[3]</sup>.", "Prompts shrink [1]."),
        ("Prompts shrink.¹ It saves.³", "Prompts shrink. [1] It saves. [2]"),
        ("Prompts shrink ［３］.", "Prompts shrink [1]."),
        ("Prompts shrink [3†L1-L2].", "Prompts shrink [1]."),
        ("Prompts shrink 【3†L1-L2】.", "Prompts shrink [1]."),
        ("Prompts shrink [[3]].", "Prompts shrink [1]."),
        ("Prompts shrink [[1], [3]].", "Prompts shrink [1][2]."),
        ("All [1]–[3].", "All [1][2][3]."),
        ("All [1]-[3].", "All [1][2][3]."),
        ("**Prompts** shrink [1].", "Prompts shrink [1]."),
        ("## Answer\nPrompts shrink [1].", "Answer\nPrompts shrink [1]."),
        ("<think>[2]?</think>Prompts shrink [1].", "Prompts shrink [1]."),
        ("[THINK][2]?[/THINK]Prompts shrink [1].", "Prompts shrink [1]."),
        (
            "<|channel|>analysis<|message|>[2]?<|end|><|start|>assistant<|channel|>final<|message|>Prompts shrink "
            "[1].<|return|>",
            "Prompts shrink [1].",
        ),
        ("Prompts shrink [1].</s>", "Prompts shrink [1]."),
        ("Prompts shrink [1].<|im_end|>\n", "Prompts shrink [1]."),
        ("let me see [2]</think>\n\nPrompts shrink [1].", "Prompts shrink [1]."),
        ("Prompts shrink [1].\n\nReferences:\n[1] A. Nobody, 2020", "Prompts shrink [1]."),
        ("Prompts shrink [1]. References: Smith, J. (2021). A made up paper. Nature.", "Prompts shrink [1]."),
        ("Prompts shrink [1].\nReferences: Smith, J. (2021). A made up paper. Nature.", "Prompts shrink [1]."),
        ("Prompts shrink [1].\n\n**Sources**\n1. http://evil.example", "Prompts shrink [1]."),
    ],
)
def test_every_way_of_citing_becomes_numbers_by_first_use(raw: str, text: str) -> None:
    assert shown(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        "An array `a[1]` is code.",
        "```\na[1] = b[2]\n```",
        "In $x[1]$ it is maths.",
        r"So is \(x_{[1]}\) and \[y[2]\].",
        "It costs x^2 and 10^6.",
        "It costs x² and 10⁶ per 3 m², or 10<sup>3</sup> at R².",
        r"So is \[1 + 2\].",
        "Values in [0, 1] are probabilities.",
        "Three parts: (1) this, (2) that and (3) the rest.",
        "In 2021 (45) it was.",
        "Fields such as [CLS] stay.",
    ],
)
def test_code_maths_intervals_and_enumerations_are_left_alone(raw: str) -> None:
    assert shown(raw) == raw
    assert not any(one.cited for one in read(raw, QUOTES).said)


@pytest.mark.parametrize(
    ("raw", "text", "note"),
    [
        ("Prompts shrink [1][9].", "Prompts shrink [1].", DROPPED),
        ("Prompts shrink [4].", "Prompts shrink.", DROPPED),
        ("All [2-9].", "All [1][2].", DROPPED),
        ("Prompts shrink [1], see http://evil.example/x.", "Prompts shrink [1], see.", UNKNOWN_LINK),
        ("Prompts shrink [1], doi:10.9999/xyz1.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1], 10.9999/xyz1.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1], arXiv:2301.12345.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts [shrink](http://evil.example) [1].", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink ![x](http://evil.example/x.png) [1].", "Prompts shrink [1].", NO_IMAGE),
        ("Prompts shrink (Smith et al., 2021) [1].", "Prompts shrink [1].", UNKNOWN_REFERENCE),
        ("Prompts shrink (Smith and Jones, 2021; Roe, 2022) [1].", "Prompts shrink [1].", UNKNOWN_REFERENCE),
        ("Prompts shrink [Smith et al., 2021] [1].", "Prompts shrink [1].", UNKNOWN_REFERENCE),
        ("Prompts shrink (see Smith 2021) [1].", "Prompts shrink [1].", UNKNOWN_REFERENCE),
        ("As Brown and Lee (2020) show, prompts shrink [1].", "As … show, prompts shrink [1].", UNKNOWN_REFERENCE),
        ("Smith et al. (2021) confirm this.", "… confirm this.", UNKNOWN_REFERENCE),
        ("Prompts shrink [1], github.com/evil/steal.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1], evil-papers.org.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1], arXiv 2301.99999.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1] (DOI 10.1234/abcd).", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1] (see https://evil.example/x).", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1], ftp://evil.example/x.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink [1], bob@evil.example.", "Prompts shrink [1].", UNKNOWN_LINK),
        ("Prompts shrink, see [the code][2] [1].\n\n[2]: http://evil.example/x", "Prompts shrink, see the code [1].",
         UNKNOWN_LINK),
    ],
)  # fmt: skip
def test_f50_f51_what_points_to_no_quote_is_removed_and_said(raw: str, text: str, note: str) -> None:
    assert shown(raw) == text.replace(",.", ".") or shown(raw) == text.replace(" [1].", " [1],.")
    assert note in read(raw, QUOTES).notes


def test_links_and_references_that_a_quote_holds_stay() -> None:
    raw = "The code is at https://github.com/x/capsule [1], as (Lee et al., 2020) and Lee et al. (2020) say [2]."
    assert shown(raw) == raw
    assert not read(raw, QUOTES).notes


def test_a_mark_belongs_to_the_sentence_before_it_unless_the_line_begins_with_one() -> None:
    assert cited("Prompts shrink. [1] Latency falls. [2]") == [("Prompts shrink.", (1,)), ("Latency falls.", (2,))]
    assert cited("[1] Prompts shrink. [2] Latency falls.") == [("Prompts shrink.", (1,)), ("Latency falls.", (2,))]
    assert cited("Prompts shrink [1] and latency falls [2].") == [("Prompts shrink and latency falls.", (1, 2))]


WORDS = st.sampled_from(
    [
        "prompts",
        "shrink",
        "by",
        "81.4%",
        "and",
        "latency",
        "falls",
        "4.5x",
        "e.g.",
        "with",
        "Fig.",
        "3",
        "x^2",
        "(1)",
        "$5",
        "[0,",
        "1]",
    ]
)
MARKS = st.sampled_from(
    [
        "[1]",
        "[2]",
        "[3]",
        "[1,2]",
        "[1-3]",
        "[7]",
        "【2】",
        "[Source",
        "1]",
        "(2)",
        "^1",
        "[^3]",
        "[2](http://evil.example)",
        "http://evil.example/a",
        "`a[1]`",
        "$x$",
    ]
)
ENDS = st.sampled_from([". ", ".", "! ", "\n", "\n- ", "\n\n", ", ", " ", ": "])
PROSE = st.lists(st.one_of(WORDS.map(" {}".format), MARKS, MARKS.map(" {}".format), ENDS), max_size=30).map("".join)
ANYTHING = st.one_of(PROSE, st.text(alphabet="ab1 [](){}^.$`*【】<>/\n-:2,;", max_size=60))


def answered(raw: str) -> Answer:
    numbers: dict[int, int] = {}
    weighed = [Weighed(one, Verdict("supported", 1.0, ())) for one in read(raw, QUOTES).said]
    statements = tuple(one.statement(numbers, first=not place) for place, one in enumerate(weighed))
    text = "".join(statement.painted for statement in statements)
    return Answer("q", "q", "answered", text, statements=statements)


@settings(max_examples=300, deadline=None)
@given(raw=ANYTHING)
def test_numbers_count_by_first_use_and_every_one_resolves(raw: str) -> None:
    answer = answered(raw)
    marks = [piece for statement in answer.statements for piece in statement.pieces if isinstance(piece, int)]
    assert list(dict.fromkeys(marks)) == list(range(1, len(set(marks)) + 1))
    assert len(set(marks)) <= len(QUOTES)
    assert [set(s.citations) for s in answer.statements] == [
        {piece for piece in s.pieces if isinstance(piece, int)} for s in answer.statements
    ]


@settings(max_examples=300, deadline=None)
@given(raw=PROSE)
def test_no_citation_is_invented(raw: str) -> None:
    for number in (1, 2, 3):
        if not any(mark in raw for mark in (str(number), "[1-3]")):
            assert all(number not in one.cited for one in read(raw, QUOTES).said)


@settings(max_examples=300, deadline=None)
@given(raw=ANYTHING)
def test_what_is_painted_is_the_text(raw: str) -> None:
    answer = answered(raw)
    assert paint(read(raw, QUOTES).said) == answer.text
    drawn = [statement["pieces"] for paragraph in _paragraphs(answer) for statement in paragraph]
    words = "".join(piece if isinstance(piece, str) else f"[{piece}]" for pieces in drawn for piece in pieces)
    assert "".join(words.split()) == "".join(answer.text.split())


@settings(max_examples=300, deadline=None)
@given(raw=ANYTHING, cut=st.integers(0, 200))
def test_reading_never_fails_and_a_beginning_reads_like_one(raw: str, cut: int) -> None:
    read(raw[:cut], QUOTES, final=False)
    assert read(raw, QUOTES) == read(raw, QUOTES)


@pytest.mark.parametrize("raw", [
    "Prompts shrink by 81.4% [1]. Latency falls 4.5x [2][3], e.g. here.[1] See https://github.com/x/capsule [1].",
    "First (1) and then (Source 2). Three parts: (1) this, (2) that. In `a[1]` and $x[1]$ it costs $5 [3].",
    "- Prompts shrink [1]\n- Latency falls【2†source】\n\nReferences\n[1] x",
    "As Lee et al. (2020) say (see Smith 2021) it is [Smith et al., 2021]. DOI 10.1/x.",
    "Prompts shrink (Source: [1]) or [[2]], [1]–[3] and [2†L1-L2].¹ Node.js.\nReferences: Smith, J. (2021). It.",
    "[THINK]h[/THINK]<|channel|>analysis<|message|>[2]?<|end|><|start|>assistant<|channel|>final<|message|>So [1].</s>",
    "Raised^1. Foot[^2]. See http://evil.example/x now [1] (Smith et al., 2021) and **so** on [3].",
])  # fmt: skip
def test_what_is_painted_while_it_streams_only_grows(raw: str) -> None:
    last = ""
    for length in range(len(raw) + 1):
        now = paint(read(raw[:length], QUOTES, final=False).said)
        assert now.startswith(last), raw[:length]
        last = now
    assert shown(raw).startswith(last)


@by_the_clock
@pytest.mark.parametrize("piece", ["endless words are here. ", "![", "$", "(", "<", "[1]", "Smith ", "x@y.", "\n"])
def test_a_long_text_is_read_in_a_moment_at_every_paint(piece: str) -> None:
    read("What splits sentences is loaded. Once.", QUOTES)
    long = piece * (18_000 // len(piece))
    begun = time.process_time()
    read(long, QUOTES, final=False)
    assert time.process_time() - begun < 0.8
