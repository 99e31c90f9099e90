"""How many tokens a text has, and how many a prompt may have beside its answer."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.types import Message

MARGIN = 1.15  # others' tokenizers need more tokens than the one we count with
AROUND = 8  # tokens that a chat template puts around a message
LEAST = 4  # of the window, an answer gets at least the fourth part

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Room:
    """A context window, in tokens, and the most that an answer may take of it: a prompt comes first, up to 3/4."""

    context: int
    answer: int

    @classmethod
    def of(cls, settings: Settings) -> Room:
        """As configured."""
        return cls(settings.llm_context, settings.llm_max_tokens)

    @property
    def prompt(self) -> int:
        """Most tokens of a prompt."""
        return self.context - min(self.answer, self.context // LEAST)

    @property
    def halved(self) -> Room:
        """For a server that reads less than we were told."""
        return replace(self, context=self.context // 2)

    def beside(self, prompt: int) -> int:
        """Most tokens of the answer to a prompt of so many: some servers refuse what could exceed the window."""
        return min(self.answer, max(self.context // LEAST, self.context - prompt))


def size(prompt: Sequence[Message], count: Count) -> int:
    """Tokens of the whole prompt, with what a chat template adds to each message."""
    return sum(count(message.content) + AROUND for message in prompt)


def cautious(text: str) -> int:
    """As many tokens as a text may have for another tokenizer than ours."""
    return math.ceil(count_tokens(text) * MARGIN)


def count_tokens(text: str) -> int:
    """As OpenAI's newer models count; others differ by some tens of percent."""
    return len(_encoding().encode(text, disallowed_special=()))


@cache
def _encoding() -> Any:
    """From the tables that LlamaIndex carries: tiktoken would download them."""
    import llama_index.core
    import tiktoken

    tables = Path(llama_index.core.__file__).parent / "_static" / "tiktoken_cache"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(tables)
    return tiktoken.get_encoding("o200k_base")
