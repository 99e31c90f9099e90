"""What a setting was given, as it may be shown: a key that was pasted into the wrong one is not repeated."""

from __future__ import annotations

import re

_KEY = re.compile(r"\b(?:sk-|eyJ)\S+|(?<![\w/:.-])[\w-]{20,}(?![\w/:.-])")
FIRST = 5  # characters that are enough to know it again


def masked(value: object) -> str:
    """The value; of each part that looks like a key, its first characters and an ellipsis."""
    return _KEY.sub(lambda found: f"{found[0][:FIRST]}…", str(value))
