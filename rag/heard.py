"""What a model has sent so far, and whether the exchange went as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rag.models import Token

LONGEST = 20_000  # characters of a reply that are read
LONGEST_THOUGHTS = 400_000  # characters that may come before it
CUT_SHORT = 0.6  # share of our count of a prompt's tokens under which not all was read; Ollama then keeps half a window
SURE = 200  # tokens of a prompt from which on counts can be compared


@dataclass
class Heard:
    """Grows token by token; `usage` holds the server's counts, empty until it tells them."""

    redacted: Callable[[str], str] = str  # takes out what nobody may see
    parts: list[str] = field(default_factory=list)
    length: int = 0
    thoughts: int = 0
    finish: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None  # why it is listened to no longer

    @property
    def raw(self) -> str:
        """The reply as it came, `redacted`; half of a sign, without its other half, is none."""
        return self.redacted("".join(self.parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    @property
    def is_overlong(self) -> bool:
        """Whether no more of it is read."""
        return self.length > LONGEST or self.thoughts > LONGEST_THOUGHTS

    @property
    def is_ended(self) -> bool:
        """Whether the server said so, by itself or at the limit of tokens: a stream that just ends was cut."""
        return self.finish in {"stop", "length"}

    def add(self, token: Token) -> None:
        """Takes it up."""
        self.parts.append(token.text)
        self.length += len(token.text)
        self.thoughts += len(token.thought)
        self.finish = token.finish or self.finish
        if token.prompt_tokens is not None and token.completion_tokens is not None:
            self.usage = {"prompt_tokens": token.prompt_tokens, "completion_tokens": token.completion_tokens}

    def is_of_part(self, sent: int) -> bool:
        """Whether the server read only a part of a prompt of `sent` tokens, by our count."""
        return sent > SURE and 0 < self.usage.get("prompt_tokens", 0) < CUT_SHORT * sent
