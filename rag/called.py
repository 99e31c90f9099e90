"""Which papers are called so: by a name that is theirs, or by their title."""

from __future__ import annotations

from typing import NamedTuple

from rag.question import names
from rag.retrieve import HybridRetriever
from rag.words import tokens

NEAREST = 3  # papers whose titles are compared
WHOLE = 2 / 3  # share of a title's words that stands for the title


class Called(NamedTuple):
    """Ids of the papers, and the words that nothing of them explains."""

    papers: tuple[str, ...]
    unexplained: tuple[str, ...]


def called(retriever: HybridRetriever, words: str) -> Called:
    """A title first: the names in it may be another's."""
    if titled := _titled(retriever, words):
        return Called(titled, ())
    named = _names(words)
    papers = tuple(dict.fromkeys(paper for name in named if (paper := retriever.owner(name))))
    known = [retriever.library.paper(paper) for paper in papers]
    held = {token for paper in known for token in tokens(f"{paper.title} {' '.join(paper.authors)}")}
    explained = {name for name in named if retriever.owner(name) or held.issuperset(tokens(name))}
    return Called(papers, tuple(word for word in words.split() if word not in explained))


def _titled(retriever: HybridRetriever, words: str) -> tuple[str, ...]:
    """The nearest paper whose title these words are, or most of it, or all before its colon."""
    said = set(tokens(words))
    if not said:
        return ()
    near = [passage.span.paper for passage in retriever.search(words, most=NEAREST)]
    return next(((paper.id,) for paper in near if _is_title(said, paper.title)), ())


def _is_title(said: set[str], title: str) -> bool:
    whole, short = set(tokens(title)), set(tokens(title.split(":")[0]))
    return said == short or (said <= whole and len(said) >= max(2, WHOLE * len(whole)))


def _names(words: str) -> tuple[str, ...]:
    """None of them begins the sentence; a word alone is taken for one."""
    return names(f"of {words}") or ((words,) if words and " " not in words else ())
