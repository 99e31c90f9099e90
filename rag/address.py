"""A server's address as a person wrote it: taken if it can be asked, else refused with the line that mends it."""

from __future__ import annotations

import re

import httpx

from rag.errors import BadSetting
from rag.masked import masked

_STRAY = re.compile(r"[\s\"'`<>“”‘’]+")  # quotes of a shell or a mail, blanks of a copy
_SCHEME = re.compile(r"^(https?):/*(?=[^/])", re.IGNORECASE)
_HOST = re.compile(r"/*(\[[\da-f:]+\]|[\w.-]+)(?::\d+)?(?:/|$)", re.IGNORECASE)
_ADDED = re.compile(r"/(?:chat/completions|completions|embeddings)$")  # by whoever asks


def checked_url(url: str, setting: str, example: str = "http://127.0.0.1:8080/v1") -> str:
    """A base URL as it may be asked, without a slash at its end; /v1 is not added. Raises BadSetting.

    What may hold a secret (before an @, in a query) is not repeated in the message.
    """
    url = url.strip()
    if "@" in url:
        raise BadSetting(f"{setting} holds an @: a user name or password has no place in it. Take it out.")
    if "?" in url or "#" in url:
        raise BadSetting(f"{setting} holds a ? or #. Give the address alone, such as {example}")
    if not _is_usable(url):
        meant = _meant(url)
        step = f"Set {setting}={meant}" if meant else f"One looks like {example}"
        raise BadSetting(f"{setting}={masked(url)}: not an http or https address. {step}")
    return url.rstrip("/")


def base_of(url: str) -> str:
    """Without the path that is added to a base URL, where a whole one was copied."""
    return _ADDED.sub("", url)


def _is_usable(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    is_port = parsed.port is None or 0 < parsed.port < 65536
    return parsed.scheme in ("http", "https") and bool(parsed.host) and is_port and not _STRAY.search(url)


def _meant(url: str) -> str | None:
    """Without stray signs and with a scheme: a name of the internet's is asked by https, as it may be sent a key."""
    meant = _SCHEME.sub(r"\1://", _STRAY.sub("", url))
    if "://" not in meant and (host := _HOST.match(meant)):
        is_far = "." in host[1] and any(map(str.isalpha, host[1]))
        meant = f"{'https' if is_far else 'http'}://{meant.lstrip('/')}"
    meant = base_of(meant.rstrip("/"))
    return meant if _is_usable(meant) and masked(url) == url else None
