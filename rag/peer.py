"""The server that is asked: its address, its key, and what its refusals mean to people."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import SecretStr

from rag.errors import BadSetting, ContextOverflow, ModelError, ModelGarbled, ModelRejected, ModelUnreachable

QUOTED = 200  # characters of a server's own words in a message of ours
SECRET = 12  # characters of a key from which on it can be no word of an answer
_TOO_LONG = re.compile(
    r"context.{0,20}(length|size|window)|too many tokens|(prompt|input).{0,20}too long|longer than the maximum"
    r"|tokens?\b.{0,60}exceed|exceed.{0,60}tokens?\b|tokens?\b.{0,40}must be <=|must have less than.{0,20}tokens?\b"
    r"|reduce the length of|too large to process|batch size.{0,40}(maximum|exceed|larger)",
    re.IGNORECASE | re.DOTALL,
)
_NOT_LOADED = re.compile(r"no models? (is |are )?loaded|model.{0,60} (is )?not loaded|load a model", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a model is asked, and with what; `setting` is the one that holds the key."""

    url: httpx.URL
    key: SecretStr | None
    setting: str

    @property
    def name(self) -> str:
        """Scheme, host and port, without the path."""
        return f"{self.url.scheme}://{self.url.netloc.decode('ascii')}"

    def is_at(self, url: httpx.URL) -> bool:
        """Same scheme, host and port."""
        return (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port)

    def headers(self, given: httpx.Headers) -> dict[str, str]:
        """Those of a request: what the body is and what is wanted back, and the key, which goes nowhere else.

        Nothing else of `given` is sent: a client library may have taken it from the environment (organisations,
        projects, keys), or tells about this machine. Nothing compressed is asked for: a few kB could become GBs.
        """
        kept = {name: given[name] for name in ("accept", "content-type") if name in given}
        key = {"authorization": f"Bearer {self.key.get_secret_value()}"} if self.key else {}
        return kept | {"accept-encoding": "identity", "user-agent": "askpapers"} | key

    def quoted(self, text: str) -> str:
        """A server's own words for a message: one line, printable, cut, without the key; "no details" if blank."""
        line = self.line(text)
        return f'"{line[:QUOTED]}"' if line else "no details"

    def line(self, text: str) -> str:
        """What it sent on one line, printable, without the key."""
        return " ".join("".join(sign if sign.isprintable() else " " for sign in self._hidden(text)).split())

    def redacted(self, text: str) -> str:
        """A model's words without the key, should it come back in them; a short one may be a word ("ollama")."""
        return self._hidden(text) if self.key and len(self.key.get_secret_value()) >= SECRET else text

    def _hidden(self, text: str) -> str:
        key = self.key.get_secret_value() if self.key else ""
        return re.sub(re.escape(key), "***", text, flags=re.IGNORECASE) if key else text

    def refusal(self, path: str, status: int, headers: httpx.Headers, body: bytes, wait: float) -> ModelError:
        """What a status of 300 or more means; ModelUnreachable, naming the `wait`, where asking again may help."""
        text = body.decode("utf-8", "replace")
        said = f"{status}: {self.quoted(_message(text))}"
        if status < 400 and (location := headers.get("location")):
            return self._redirected(location)
        if status in (401, 403):
            return self._key_refused(status)
        if status < 429 and _NOT_LOADED.search(text):
            hint = "Load the model there (LM Studio: lms load NAME), then ask again."
            return ModelRejected(f"{self.name} has not loaded the model ({said}). {hint}")
        if status == 404:
            hint = "Check the model's name, and the base URL: it mostly ends in /v1."
            return ModelRejected(f"{self.name} knows no such model or path ({path}, {said}). {hint}")
        if status == 413 or (status != 429 and _TOO_LONG.search(text)):
            return self._too_long(said)
        if status in (408, 429) or status >= 500:
            return self._failing(status, said, wait)
        return ModelRejected(f"{self.name} refuses the request ({said}). Check the model's name and options.")

    def report(self, message: str, details: str) -> ModelError:
        """What an error means that a server tells of after it began to answer with 200."""
        if _TOO_LONG.search(message + details):
            return self._too_long(self.quoted(message))
        return ModelGarbled(f"{self.name} broke off its answer ({self.quoted(message)}). Look at the server's log.")

    def no_stream(self, beginning: bytes) -> ModelError:
        """What it means that a stream was asked for, and what came begins with a brace or a tag."""
        if beginning.startswith(b"<"):
            return self.garbled("a web page")
        text = beginning.decode("utf-8", "replace")
        if _TOO_LONG.search(text):
            return self._too_long(self.quoted(_message(text)))
        hint = "Look at the server's log, or take a server that streams."
        return ModelGarbled(f"{self.name} sent one piece instead of a stream ({self.quoted(_message(text))}). {hint}")

    def garbled(self, what: str) -> ModelGarbled:
        """Something else than an answer."""
        hint = "Check the base URL: it mostly ends in /v1."
        return ModelGarbled(f"{self.name} sent {what} instead of an answer. {hint}")

    def _too_long(self, said: str) -> ContextOverflow:
        hint = "Give the model less to read, or the server a larger context."
        return ContextOverflow(f"The prompt is too long for the model at {self.name} ({said}). {hint}")

    def _redirected(self, location: str) -> ModelRejected:
        try:
            host = self.url.join(location).host
        except httpx.InvalidURL:
            host = "an address that can't be read"
        hint = "Nothing was sent there, nor the key. If that is where the model is, make it the base URL."
        return ModelRejected(f"{self.name} points elsewhere, to {self.quoted(host)}. {hint}")

    def _key_refused(self, status: int) -> ModelRejected:
        if self.key is None:
            return ModelRejected(f"{self.name} wants a key ({status}). Set {self.setting}.")
        hint = f"Set {self.setting} to one that may use the model."
        return ModelRejected(f"{self.name} refuses the key ({status}). {hint}")

    def _failing(self, status: int, said: str, wait: float) -> ModelUnreachable:
        what = "is asked too often" if status == 429 else "fails"
        when = f"It asks to wait {wait:.0f} s." if wait else "Ask again later, or look at the server's log."
        return ModelUnreachable(f"{self.name} {what} ({said}). {when}")

    def unreachable(self, error: httpx.TransportError) -> ModelUnreachable:
        """Why there is no connection, and what may mend it."""
        causes = tuple(chain(error))
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return ModelUnreachable(f"The host {self.url.host} is unknown. Check the base URL and the network.")
        for cause in causes:
            if isinstance(cause, ssl.SSLError):
                why = self.quoted(cause.reason or str(cause))
                return ModelUnreachable(f"TLS with {self.name} fails ({why}). Check its certificate; or is it http://?")
        if isinstance(error, httpx.ConnectTimeout):
            return ModelUnreachable(f"{self.name} accepts no connection in time. Check that its server runs.")
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            return ModelUnreachable(f"{self.name} refuses the connection. Start its server, or mend the base URL.")
        if isinstance(error, httpx.ConnectError):
            return ModelUnreachable(f"{self.name} can't be reached ({self.quoted(str(error))}). Check the network.")
        return ModelUnreachable(f"{self.name} closed the connection without an answer. Look at the server's log.")


def checked_key(key: SecretStr | None, setting: str) -> SecretStr | None:
    """The key without blanks around it, None if that leaves nothing. Raises BadSetting, without the value."""
    value = key.get_secret_value().strip() if key else ""
    if not all("!" <= sign <= "~" for sign in value):
        raise BadSetting(f"{setting} holds a sign that no key has: a blank, a line break or a letter beyond ASCII.")
    return SecretStr(value) if value else None


def asked_wait(value: str | None, now: datetime) -> float:
    """Seconds that a Retry-After header asks for, as a number or a date; 0 if there is none, or it can't be read."""
    value = (value or "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    with suppress(ValueError, OverflowError):
        date = parsedate_to_datetime(value)
        return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())
    return 0.0


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what caused it, what caused that."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _message(text: str) -> str:
    """The words of an error's body: `error.message`, `error`, `message` or `detail` of JSON, else the text itself."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text  # a web page tells a reader nothing
    for name in ("error", "message", "detail"):
        found = (found.get(name) or found) if isinstance(found, dict) else found
    return found if isinstance(found, str) else json.dumps(found)
