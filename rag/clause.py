"""Which part of a question asks, where the rest describes what it is asked of. Pure."""

from __future__ import annotations

import re

_ASKS = (
    r"(?:so |and |but |then |roughly |exactly )?(?:(?:by|on|in|with|of|for|to|from|at) )?"
    r"(?:what(?:['’]?s)?|which|who(?:m|se)?|why|how|when|where|is|are|was|were|do|does|did|can|could|has|have|should"
    r"|will|would|name)\b"
)
_BEGINS = re.compile(rf"(?:[.?!;:]+|\s-{{1,2}}|\s?[–—]|,|\.\.\.)\s+(?={_ASKS})", re.IGNORECASE)
_WORK = r"work|paper|study|approach|method|model|system|project|one|network|framework|team|group|authors?"
_DESCRIBES = re.compile(
    rf"\b(?:in|by|of|from|for|with|at|behind) (?:the|that|an?|this|some) (?:\w+[ -]){{0,3}}?(?:{_WORK})s?\b.{{0,40}}?"
    r"\b(?:that|which|where|who|whose|with|using|trained)\b",
    re.IGNORECASE,
)
_LEAST = 3  # words


def asking(question: str) -> str:
    """Its last clause that asks, or what stands before "... the paper that"; all of it, where nothing is described.

    >>> asking("A big transformer starts from the weights of a smaller one. How much did that save?")
    'How much did that save?'
    >>> asking("What were the two pretext tasks in the work that has three encoders?")
    'What were the two pretext tasks'
    """
    last = _BEGINS.split(question)[-1].strip()
    if last != question.strip() and len(last.split()) >= _LEAST:
        return last
    described = _DESCRIBES.search(question)
    before = question[: described.start()].strip() if described else ""
    return before if len(before.split()) >= _LEAST else question
