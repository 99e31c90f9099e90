"""Whether citations resolve, are verbatim, and are those that a right answer has. Pure.

Citation precision and recall follow ALCE (Gao et al. 2023), with gold papers and sentences in place of its judge model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby, pairwise

from eval.questions import Groups
from eval.ranking import folded, same
from eval.results import Cited

PART = 0.5  # share of a gold sentence's words that a quote cut out of it must hold to count as it
_MARK = re.compile(r"\[(\d+)\]")


def marks(text: str, verbatim: Iterable[str] = ()) -> list[int]:
    """The numbers cited in a text; brackets that stand in verbatim quotes are the papers' own.

    >>> marks("It halves the cost, as in [7] [1][2].", ["as in [7]"])
    [1, 2]
    """
    for quote in sorted(verbatim, key=len, reverse=True):
        text = text.replace(quote, " ")
    return [int(number) for number in _MARK.findall(text)]


def validity(used: Collection[int], numbers: Collection[int]) -> float:
    """Share of the numbers used that belong to a citation; 1 where none is used. Must be 1.

    >>> validity([1, 2, 99], [1, 2]), validity([], [])
    (0.6666666666666666, 1.0)
    """
    return sum(number in numbers for number in used) / len(used) if used else 1.0


def fidelity(citations: Sequence[Cited], abstracts: Mapping[str, str]) -> float:
    """Share of the quotes that equal `abstract[start:end]`, to the character; 1 where nothing is quoted. Must be 1.

    `abstracts`: by paper id, as the library has them; a paper that it hasn't makes the quote an invented one.
    """
    kept = [verbatim(citation, abstracts) for citation in citations]
    return sum(kept) / len(kept) if kept else 1.0


def verbatim(citation: Cited, abstracts: Mapping[str, str]) -> bool:
    """Whether the quote stands where it says."""
    abstract = abstracts.get(citation.paper.id)
    return abstract is not None and bool(citation.quote) and abstract[citation.start : citation.end] == citation.quote


def precision(cited: Sequence[Collection[str]], groups: Groups, invented: int = 0) -> float:
    """Share of the cited papers (each once, by its names) that are gold; 0 where none is cited.

    A number that resolves to nothing counts as one more paper that is not gold.

    >>> precision([{"a"}, {"x"}], (("a", "b"),)), precision([{"a"}], (("a",),), invented=1), precision([], (("a",),))
    (0.5, 0.5, 0.0)
    """
    of = len(cited) + invented
    return sum(any(same(names, group) for group in groups) for names in cited) / of if of else 0.0


def recall(cited: Sequence[Collection[str]], groups: Groups) -> float:
    """Share of the groups of which a paper is cited; 0 where none is cited.

    >>> recall([{"b"}], (("a", "b"), ("c",))), recall([], (("a",),))
    (0.5, 0.0)
    """
    return sum(any(same(names, group) for names in cited) for group in groups) / len(groups)


def evidence_precision(quotes: Sequence[str], groups: Groups, invented: int = 0) -> float:
    """Share of the quotes that hold, or are, a gold sentence; 0 where nothing is quoted.

    A lower bound: the gold sentences need not be all that would do.
    """
    of = len(quotes) + invented
    right = sum(any(holds(quote, sentence) for group in groups for sentence in group) for quote in quotes)
    return right / of if of else 0.0


def evidence_recall(texts: Sequence[str], groups: Groups) -> float:
    """Share of the groups of which a sentence stands in one of the texts, or is cut short by at most half.

    What is cut elsewhere changes nothing: neighbouring texts are given as one (see `joined`).

    >>> evidence_recall(["We train on 5M  pairs. It works."], (("We train on 5M pairs.",), ("It fails.", "It works.")))
    1.0
    >>> evidence_recall([], (("It works.",),))
    0.0
    """
    return sum(any(holds(text, one) for text in texts for one in group) for group in groups) / len(groups)


def holds(text: str, sentence: str) -> bool:
    """Whether a text holds a sentence, or is at least half of it; white space, case and punctuation aside.

    >>> holds("First. The *second* sentence. Third.", "The second sentence.")
    True
    >>> holds("second sentence", "The second sentence."), holds("The", "The second sentence.")
    (True, False)
    """
    whole, wanted = folded(text), folded(sentence)
    return wanted in whole or (whole in wanted and len(whole) >= PART * len(wanted))


def joined(citations: Iterable[Cited], abstracts: Mapping[str, str]) -> list[str]:
    """Quotes of one paper with nothing but white space between them, as one text."""
    ordered = sorted(citations, key=lambda citation: (citation.paper.id, citation.start))
    texts = []
    for paper, quotes in groupby(ordered, key=lambda citation: citation.paper.id):
        texts += _runs(list(quotes), abstracts.get(paper))
    return texts


def _runs(quotes: Sequence[Cited], abstract: str | None) -> list[str]:
    runs = [quotes[0].quote]
    for before, after in pairwise(quotes):
        if abstract is None or abstract[before.end : after.start].strip():
            runs.append(after.quote)
        else:
            runs[-1] += f" {after.quote}"
    return runs
