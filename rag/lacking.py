"""What a question asks for that the papers read do not give: a name, an attribute, a count; and in what words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from rag.attributes import uncounted, unmet
from rag.question import bare_name, names, parts_of_name, subject
from rag.types import Paper
from rag.vocabulary import IN_PASSING, MAKERS, METRICS
from rag.words import plain, tokens

Knows = Callable[[str], bool]
_AGAINST = re.compile(
    r"\b(?:beat(?:s|en)?|outperform\w*|surpass\w*|exceed\w*|\w+er than|worse than|compare[sd]? (?:to|with|against)"
    r"|versus|vs)\W+([^?!,;()]+)",
    re.IGNORECASE,
)
_OF_A_MAKER = re.compile(r"['’]s?$")
_QUANTITY = re.compile(r"\d[\d.,]*(?:[a-z]{1,2}|%|\+)?", re.IGNORECASE)


def unknown(question: str, knows: Knows) -> tuple[str, ...]:
    """Names that no paper of the collection mentions; in small letters too, where by its place it is the subject."""
    asked = (*names(question), bare_name(question), subject(question))
    return tuple(dict.fromkeys(name for name in _telling(question, asked) if not knows(name)))


def rivals(question: str) -> tuple[str, ...]:
    """Names that something is compared with: an abstract must mention these, however common they are."""
    found = _AGAINST.search(question)
    beside = (_OF_A_MAKER.sub("", name) for name in names(f"of {found[1]}")) if found else ()
    return tuple(name for name in beside if not _QUANTITY.fullmatch(name) and name not in MAKERS.split())


def _telling(question: str, asked: Iterable[str | None]) -> Iterator[str]:
    """Of these names, the ones that an abstract must mention to be about them."""
    beside = rivals(question)
    return (name for name in asked if name and (name in beside or not _is_common(name)))


def _is_common(name: str) -> bool:
    """A word of the field, a maker or a quantity, as 10B, that an abstract need not mention to be about it."""
    return bool(_QUANTITY.fullmatch(name)) or all(
        part in METRICS or part in IN_PASSING for part in parts_of_name(name) or (name,)
    )


def foreign(question: str, body: str, knows: Knows) -> tuple[str, ...]:
    """Names that only other papers mention."""
    asked = _telling(question, names(question))
    return tuple(name for name in asked if knows(name) and not bears(body, name))


def bears(body: str, name: str) -> bool:
    """Whether a text mentions the name, or those that it is made of.

    What is written in capitals alone is no part of a word in small letters: PRE, and "present".
    """
    one, body = _joined(name[:-1] if name.endswith("s") and name[:-1].isupper() else name), _joined(body)
    parts = parts_of_name(name)
    whole = one in body if one.isupper() else plain(one) in plain(body)
    return whole or (bool(parts) and all(bears(body, part) for part in parts))


def bears_all(paper: Paper, asked: Sequence[str]) -> bool:
    """Whether its title or abstract mentions each of the names."""
    return all(bears(f"{paper.title} {paper.abstract}", name) for name in asked)


def _joined(text: str) -> str:
    """ULIP-2 and ULIP2 are one."""
    return text.replace("-", "")


def missing(question: str, abstract: str) -> str | None:
    """What of the question the abstract doesn't offer: "training settings", "number of attention heads"."""
    if attributes := unmet(question, abstract):
        return attributes[0]
    noun = uncounted(question, abstract)
    return f"number of {noun}" if noun else None


def reason(
    question: str,
    titles: Sequence[str],
    sentences: Sequence[str],
    knows: Knows,
    resembling: Callable[[str], str | None],
) -> str | None:
    """In a sentence or two; None where nothing in particular is missing."""
    if strange := unknown(question, knows):
        alike = [near for name in strange if (near := resembling(name))]
        return unmentioned(strange) + (f" Did you mean {listed(alike)}?" if alike else "")
    if not _is_about(question, titles, sentences):
        return None
    if lacked := missing(question, " ".join(sentences)):
        return f"“{titles[0]}” is here, but its abstract gives no {lacked}."
    strange = foreign(question, " ".join((*titles, *sentences)), knows)
    return f"“{titles[0]}” is here, but its abstract does not mention {listed(strange)}." if strange else None


def unmentioned(unknown: Sequence[str]) -> str:
    """A sentence for names that are known to be unknown."""
    return f"No abstract here mentions {listed(unknown)}."


def _is_about(question: str, titles: Sequence[str], sentences: Sequence[str]) -> bool:
    """Whether it asks about one paper, by a name or by words of its title."""
    own = any(bears(" ".join((*titles, *sentences)), name) for name in names(question))
    return len(titles) == 1 and (own or len(set(tokens(question)) & set(tokens(titles[0]))) > 1)


def listed(words: Sequence[str], last: str = "or") -> str:
    """In a row, the last after a word of its own: a, b or c."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
