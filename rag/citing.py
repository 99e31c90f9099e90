"""How models cite, refer, link and think aloud, as patterns; and up to where a growing text is settled. Pure."""

from __future__ import annotations

import re

_LABEL = r"(?i:(?:source|quote|evidence|reference|ref|citation|passage|excerpt|document|doc)s?\.?\s*)"
_TO = r"(?:-|\u2013|\u2014|to)"
_LIST = rf"\d{{1,3}}(?:\s*(?:[,;&]|and|{_TO})\s*(?:and\s+)?{_LABEL}?#?\d{{1,3}})*"
_CITED = rf"\s*{_LABEL}?#?{_LIST}"
_BRACKET = rf"[\[［]\^?{_CITED}(?:†[^\]］\n]{{0,80}})?\s*[\]］]"
_BRACKETS = rf"(?:{_BRACKET}[\s,;]*)+"
_RAISES = r"(?:(?<=[A-Za-z]{3})|(?<=[.,;:!?%\"'”\]\s]))"  # not x^2, 10⁶ or m²
_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DIGITS = str.maketrans(_SUPERSCRIPT, "0123456789")
_NAME = r"[A-Z][\w'’-]+"
_YEAR = r"(?:19|20)\d\d[a-z]?"
_REST = r"[^\s<>\[\]()\"”]+"
_ADDRESS = (
    rf"(?i:(?:(?<![a-z])[a-z][a-z0-9+.-]{{1,10}}://|www\.|\b(?:doi|arxiv)(?:\.org/|:\s?|\s(?=\d))|\b10\.\d{{4,9}}/"
    rf"|(?<![\w@.-])(?:[a-z0-9-]{{1,63}}\.){{1,4}}[a-z]{{2,8}}/){_REST}"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov)(?![\w@-])"
    r"|(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,8}(?!\w))"
)
_KINDS = {
    "literal": r"```.*?(?:```|\Z)|`[^`\n]{1,400}`|\$\$.{1,400}?\$\$|\$(?![\s$])[^$\n]{0,200}?(?<![\s\\])\$(?!\d)"
    rf"|\\\(.{{1,400}}?\\\)|\\\[(?!{_CITED}\s*\\\]).{{1,400}}?\\\]",
    "mark": rf"\((?i:(?:see|from|{_LABEL}):?\s*)?{_BRACKETS}\)|\[{_BRACKETS}\]|{_BRACKET}\s*[-\u2013\u2014]\s*"
    rf"{_BRACKET}|{_BRACKET}(?:\([^)\s]*\))?|\\\[{_CITED}\s*\\\]|【{_CITED}(?:†[^】\n]{{0,80}})?\s*】"
    rf"|{_RAISES}(?:\^\[?\d{{1,2}}\]?(?![\d{{])|<sup>\[?{_CITED}\s*\]?</sup>|[{_SUPERSCRIPT}]{{1,2}}(?![{_SUPERSCRIPT}]))",
    "aside": rf"\({_CITED}\s*\)",
    "reference": rf"[(\[](?:see |cf\. |e\.g\.,? )?{_NAME}(?:\s+(?:et al\.?|and|&|{_NAME})){{0,8}},?\s+{_YEAR}"
    r"(?:;[^()\[\]]{0,200})?[)\]]",
    "narrated": rf"\b(?:{_NAME}\s+(?:et\s+al\.?|(?:and|&)\s+{_NAME})|[A-Z][a-z'’-]+),?\s+[(\[]{_YEAR}[)\]]",
    "image": r"!\[[^\]\n]{0,300}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,300}\])",
    "link": r"\[(?P<words>[^\]\n]{1,200})\]\((?P<target>[^)\n]{0,2000})\)",
    "address": rf"\((?:see |at )?{_ADDRESS}\)|{_ADDRESS}",
    "dress": r"\*\*|(?m:^#{1,6}\s+)",
}
PARTS = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.DOTALL)
_THOUGHT = re.compile(
    r"<(think(?:ing)?|thought|reasoning)>.*?(?:</\1>|\Z)|\[THINK\].*?(?:\[/THINK\]|\Z)"
    r"|<\|channel\|>(?!final).*?(?:(?=<\|channel\|>final)|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_ORPHAN = re.compile(r"\A.*(?:</(?:think(?:ing)?|thought|reasoning)>|\[/THINK\])", re.DOTALL | re.IGNORECASE)
_TEMPLATE = re.compile(r"<\|channel\|>final|<\|start\|>assistant|<\|\w{1,20}\|>|</s>\s*\Z")
_BIBLIOGRAPHY = re.compile(
    r"(?:^\W{0,9}(?:references|sources|bibliography|citations|works cited)\W*?(?:\n|\Z|(?=\[?1\b))"
    r"|(?:(?<=[.!?)\]]\s)|(?<=\n))\W{0,9}(?:references|sources|bibliography|citations|works cited)\*{0,2}:).*",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_DEFINITION = re.compile(r"^[ \t]*\[(\d{1,3})\]:[ \t]*<?((?:\w{1,10}://|www\.)[^\s>]+)[^\n]*\n?", re.MULTILINE)
# At the end of what came so far, the beginning of something that only its end explains; none longer than _LONGEST.
_OPENINGS = (
    r"`[^`\n]{0,400}",
    r"\$[^$\n]{0,200}",
    r"\\(?:\((?:(?!\\\)).){0,400}|\[(?:(?!\\\]).){0,400})?",
    r"!?\[[^\]\n]{0,200}(?:\](?:\([^)\n]{0,300})?)?",
    rf"\[(?:{_BRACKET}[\s,;]{{0,3}}){{1,12}}(?:\[[^\]\n]{{0,20}})?",
    r"(?<=\])\s?[-\u2013\u2014]\s?(?:\[[^\]\n]{0,20})?",
    r"【[^】\n]{0,80}",
    r"\([^()\n]{0,260}|\([\w\s,;&#.-]{1,80}\)\s*",
    r"<[^>\n]{0,24}|<sup>[^<\n]{0,30}(?:</?\w{0,3})?",
    r"(?i:(?:^|(?<=[.!?)\]]\s))\W{0,9}(?:r\w{0,9}|s\w{0,6}|b\w{0,11}|c\w{0,8}|works?(?: c\w{0,4})?)\W{0,9})",
    r"(?i:(?<!\w)(?:(?:https?:|www\.|doi|arxiv)\S{0,400}|(?:doi|arxiv):?\s\S{0,400}|h|ht|htt|https?|w|ww|www|d|do|a|ar|arx"
    r"|arxi))",
    r"[^\sA-Za-z,;'’-]\S{0,400}",
    r"\s{1,500}",
)
_LONGEST = 600  # characters
_OPEN = re.compile(rf"(?:{'|'.join(_OPENINGS)})\Z", re.DOTALL | re.MULTILINE)


def prose(raw: str) -> str:
    """What is left without thoughts and a list of references; links are put where they are used."""
    return _BIBLIOGRAPHY.sub("", _linked(without_thoughts(raw)))


def without_thoughts(raw: str) -> str:
    """Nor the tokens of a chat template; a server may keep the tag that opens a thought for itself."""
    return _TEMPLATE.sub("", _ORPHAN.sub("", _THOUGHT.sub("", raw))).lstrip()


def _linked(text: str) -> str:
    """[the code][1] and, further down, [1]: http://... as [the code](http://...)."""
    targets = dict(_DEFINITION.findall(text))
    plain = _DEFINITION.sub("", text)
    for number, target in targets.items():
        plain = plain.replace(f"][{number}]", f"]({target})")
    return plain


def settled(text: str) -> int:
    """Up to where it means the same whatever follows."""
    fence = text.rfind("```") if text.count("```") % 2 else len(text)
    ends = (match.start() for match in _OPEN.finditer(text, max(0, len(text) - _LONGEST)))
    return min(fence, next(ends, len(text)))


def numbers(mark: str) -> list[int]:
    """1-3 means 1, 2, 3; a range that would be longer than any evidence is its two ends."""
    digits = re.sub(r"†[^\]］】]*", "", mark.partition("](")[0]).translate(_DIGITS)
    found: list[int] = []
    for first, last in re.findall(rf"(\d+)(?:[\s\]］]*{_TO}\s*\D*?(\d+))?", digits):
        ends = int(first), int(last or first)
        found += range(ends[0], ends[1] + 1) if 0 <= ends[1] - ends[0] < 100 else ends
    return found
