"""BibTeX of the papers that a question names or is about; what is not here gets none."""

from __future__ import annotations

from collections.abc import Sequence

from rag.called import Called, called
from rag.errands import beyond
from rag.question import names
from rag.reference import bibtex
from rag.retrieve import HybridRetriever
from rag.types import Draft, Scope, Standalone
from rag.words import tokens

DESCRIBED = 2  # words from which on they may describe a paper


def entries(asked: str, question: Standalone, retriever: HybridRetriever, scope: Scope) -> Draft | None:
    """None where no entry is asked for; whoever is to be cited must be known, where BibTeX is not spoken of."""
    surely, perhaps = beyond("entry", asked), beyond("citation", asked)
    words = perhaps if surely is None else surely
    if words is None:
        return None
    if not words:
        return _of(question.papers, retriever, scope)
    found = called(retriever, words)
    if surely is None and not set(found.unexplained) <= set(names(f"of {words}")):
        return None
    return _told(words, found if found.papers else _described(retriever, words), retriever, scope)


def _of(papers: Sequence[str], retriever: HybridRetriever, scope: Scope) -> Draft:
    if not papers:
        return Draft("Of which paper? Ask for the BibTeX of its name or title.")
    within = retriever.library.within(scope)
    known = [retriever.library.paper(paper) for paper in papers]
    outside = [f"“{paper.title}” lies outside the chosen scope." for paper in known if paper.id not in within]
    return Draft("\n\n".join([*outside, *(bibtex(paper) for paper in known if paper.id in within)]))


def _told(words: str, found: Called, retriever: HybridRetriever, scope: Scope) -> Draft:
    """The entries, and which names are nobody's here."""
    missing = [name for name in names(f"of {words}") if name in found.unexplained] if found.papers else [words]
    unknown = "".join(f"No paper here is called “{name}”. " for name in missing)
    if found.papers:
        told = _of(found.papers, retriever, scope).text
        return Draft(f"{unknown.strip()}\n\n{told}".strip())
    near = () if names(f"of {words}") else retriever.search(words, scope, 1)  # what is near a name is not by that name
    return Draft(" ".join([unknown.strip(), *(f"The nearest is “{passage.span.paper.title}”." for passage in near)]))


def _described(retriever: HybridRetriever, words: str) -> Called:
    """The nearest paper, where it says all of these words, and none is a name."""
    said = set(tokens(words))
    near = next((passage.span.paper for passage in retriever.search(words, most=1)), None)
    if (
        near
        and len(said) >= DESCRIBED
        and not names(f"of {words}")
        and said <= set(tokens(f"{near.title} {near.abstract}"))
    ):
        return Called((near.id,), ())
    return Called((), tuple(words.split()))
