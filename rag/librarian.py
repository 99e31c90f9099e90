"""What a librarian is asked rather than the papers: how many there are, what they are about, an entry, a greeting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import accumulate

from rag.extract import draft
from rag.question import names
from rag.retrieve import HybridRetriever
from rag.types import Draft, Paper, Standalone, Statement
from rag.words import STOP_WORDS, plain, tokens

LISTED = 10  # papers named in one answer
COMMON = 12  # words that tell what a collection is about

_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you|thx|help|who are you"
    r"|what can (?:you|i) (?:do|ask))(?: (?:there|all|everyone|a lot|so much|very much|you|here))?\W*$",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"^\W*how (?:many|big|large)(?: (?:is|are|the|this|your))* (?:papers?|abstracts|articles|collection|library)"
    r"(?: (?:are|do|does|is|have|there|here|you|we|in|the|this|your|it|library|collection|hold|contain|total))*\W*$",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"^\W*(?:what(?:'s| is| are)?|describe|tell me|show me)(?: (?:in|about|is|are|the|topics|of))*"
    r" (?:this|the|your) (?:collection|library)(?: (?:about|contain|cover|hold)s?)?\W*$"
    r"|^\W*(?:list|show) (?:all|the|all the|every) (?:papers|titles)\W*$",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^\W*(?:which|what|list|show)(?: (?:me|of|the|these|all|any|papers?|ones?|works?|methods?|models?|that))*"
    r" (?:ha(?:s|ve)|with|releases?|publish(?:es)?|provides?|shares?|offers?|come with)"
    r"(?: (?:the|their|its|source|public|open|available))* (?:code|github|repos?|repositor(?:y|ies)|implementations?)"
    r"(?: (?:publicly|freely|available|online|public|released))*\W*$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\bhttps?://|github\.com|gitlab\.com|huggingface\.co", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?:[{}]|$)")
_ENTRY = re.compile(r"\b(?:bib ?tex|bibliography entry|citation entry)\b(?: entry)?(?: (?:for|of))?", re.IGNORECASE)

Reply = Callable[[Standalone, HybridRetriever], Draft | None]


def reply(question: Standalone, retriever: HybridRetriever) -> Draft | None:
    """What the library itself answers; None where the papers are asked."""
    return next((found for answer in REPLIES if (found := answer(question, retriever))), None)


def _greeted(question: Standalone, retriever: HybridRetriever) -> Draft | None:
    if not _GREETING.search(question.asked):
        return None
    return Draft(
        f"Ask me what the {len(retriever.library):,} papers here say: about one paper, a detail, several compared, or "
        "which do something. Every sentence of an answer is quoted from an abstract; what none says, I don't know."
    )


def _counted(question: Standalone, retriever: HybridRetriever) -> Draft | None:
    if not _COUNT.search(question.asked):
        return None
    return Draft(f"{_size(retriever)}.")


def _described(question: Standalone, retriever: HybridRetriever) -> Draft | None:
    if not _CONTENTS.search(question.asked):
        return None
    words = Counter(word for paper in retriever.library.papers() for word in set(_content(paper.title)))
    common = ", ".join(f"{word} ({count:,})" for word, count in words.most_common(COMMON))
    return Draft(
        f"{_size(retriever)}. Most frequent in their titles: {common}. Ask which papers are about one of these."
    )


def _with_code(question: Standalone, retriever: HybridRetriever) -> Draft | None:
    """The papers whose abstract gives an address, each with the sentence that does."""
    if question.papers or not _CODE.search(question.asked):
        return None
    giving = [paper.id for paper in retriever.library.papers() if _ADDRESS.search(paper.abstract)]
    if not giving:
        return None
    best = (retriever.quotes("Where is the code? A link: https://github.com", paper, 1) for paper in giving[:LISTED])
    told = draft(tuple(quote for quotes in best for quote in quotes))
    shown = f" Here are {LISTED}." if len(giving) > LISTED else ""
    return _under(f"{len(giving):,} of the {len(retriever.library):,} abstracts give an address.{shown}", told)


def _entries(question: Standalone, retriever: HybridRetriever) -> Draft | None:
    """BibTeX of the papers that the question names, or is about."""
    if not _ENTRY.search(question.asked):
        return None
    named = question.papers or [paper for name in names(question.text) if (paper := retriever.owner(name))]
    rest = _ENTRY.sub(" ", question.text)
    if not named and not tokens(rest):
        return Draft("Of which paper? Ask for the BibTeX of its name or title.")
    papers = [*dict.fromkeys(named)] or [passage.span.paper.id for passage in retriever.search(rest, most=1)]
    return Draft("\n\n".join(bibtex(retriever.library.paper(paper)) for paper in papers))


REPLIES: tuple[Reply, ...] = (_greeted, _counted, _described, _with_code, _entries)


def bibtex(paper: Paper) -> str:
    """An entry with what is known of the paper."""
    from bibtexparser.entrypoint import write_string  # seldom needed, and slow to import
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field

    known = {
        "title": paper.title,
        "author": " and ".join(paper.authors),
        "year": paper.year,
        "journal": paper.venue,
        "doi": paper.doi,
        "eprint": paper.arxiv,
        "url": paper.url,
    }
    fields = [Field(name, _braced(str(value))) for name, value in known.items() if value]
    return write_string(Library([Entry("article" if paper.venue else "misc", _key(paper), fields)])).strip()


def _braced(value: str) -> str:
    """Braces must pair, and none be escaped, or the entry swallows what follows it."""
    depths = list(accumulate((char == "{") - (char == "}") for char in value))
    paired = min(depths, default=0) == 0 == depths[-1] and not _ESCAPED.search(value)
    return value if paired else re.sub(r"[{}\\]", "", value)


def _key(paper: Paper) -> str:
    family = paper.authors[0].split(",")[0].split()[-1] if paper.authors and paper.authors[0].split() else ""
    word = next(iter(_content(paper.title)), "paper")
    return re.sub(r"\W", "", plain(f"{family}{paper.year or ''}{word}")) or "paper"


def _size(retriever: HybridRetriever) -> str:
    years = sorted(paper.year for paper in retriever.library.papers() if paper.year)
    when = f", of the years {years[0]} to {years[-1]}" if years else ""
    return f"The library holds {len(retriever.library):,} papers{when}"


def _content(title: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_][\w-]{3,}", plain(title)) if word not in STOP_WORDS]


def _under(lead: str, told: Draft) -> Draft:
    """The quotes, with a sentence of our own before them."""
    first = Statement(lead, (), "supported", 1.0, ("", lead))
    rest = [
        Statement(s.text, s.citations, s.support, s.score, ("\n\n", *s.pieces[1:]) if not place else s.pieces)
        for place, s in enumerate(told.statements)
    ]
    statements = (first, *rest)
    return Draft("".join(statement.painted for statement in statements), statements, told.citations)
