"""Everything that can go wrong and is worth telling a person about.

AskpapersError
├── CallerMistake            exit code 2: the call was wrong
│   ├── BadSetting           a setting that can't be read
│   ├── QuestionRefused      empty or too long
│   └── UnknownPaper         an id or title that the library doesn't hold
├── LibraryError             exit code 1
│   ├── LibraryBusy          another process is writing
│   ├── LibraryTooNew        made by a newer version
│   ├── LibraryDamaged       the file is no library, or is broken
│   ├── VectorsLacking       not every paper has its vectors of an embedding
│   ├── LibraryGone          deleted while in use
│   ├── LibraryEmpty         nothing to ask
│   └── LibraryUnwritable    disk full, read-only, no permission
├── VectorRejected           exit code 1: an embedding gave NaN, infinity, zeros or another size
└── ModelError               the model could not be used; its text becomes the answer's `fallback`
    ├── ModelUnconfigured    a key or an address is missing
    ├── ModelRejected        refused: the key, the model's name, the request
    ├── ContextOverflow      the prompt is longer than the model reads
    ├── ModelUnreachable     no connection, overloaded or failing after retries, or left alone for a while
    ├── ModelTimeout         nothing came in time: no first token, or none after the last
    ├── ModelCut             the connection was cut in the middle of an answer
    └── ModelGarbled         what came is no answer: a web page, broken JSON, another protocol

A message says what is wrong, with the value, then the next step.
"""

from __future__ import annotations


class AskpapersError(Exception):
    """Its text is one line for people."""


class CallerMistake(AskpapersError):
    """The call was wrong; nothing was done."""


class BadSetting(CallerMistake):
    """A setting that can't be read."""


class QuestionRefused(CallerMistake):
    """An empty question, or one beyond the length that is read."""


class UnknownPaper(CallerMistake):
    """An id or title that the library doesn't hold."""


class LibraryError(AskpapersError):
    """The library can't do what was asked of it."""


class LibraryBusy(LibraryError):
    """Another process is writing."""


class LibraryTooNew(LibraryError):
    """The library was made by a newer version."""


class LibraryDamaged(LibraryError):
    """The library's file is broken or something else."""


class VectorsLacking(LibraryError):
    """Not every paper has its vectors of an embedding."""


class LibraryGone(LibraryError):
    """The library's folder vanished while in use."""


class LibraryEmpty(LibraryError):
    """The library holds no paper."""


class LibraryUnwritable(LibraryError):
    """Disk full, read-only, or not ours."""


class VectorRejected(AskpapersError):
    """An embedding that is not finite, is all zeros, or has another size than the library's."""


class ModelError(AskpapersError):
    """The model could not be used; its text says why and what to do: it becomes the answer's `fallback`."""


class ModelUnconfigured(ModelError):
    """A model is configured without its key or its address."""


class ModelRejected(ModelError):
    """The server refused: the key (401, 403), the model's name or the path (404), or the request as such."""


class ContextOverflow(ModelError):
    """The prompt is longer than the model reads."""


class ModelUnreachable(ModelError):
    """No connection, or 429 or 5xx to every try, or left alone for a while after failing: then it says how long."""


class ModelTimeout(ModelError):
    """Nothing came in time: no first token, or none after the last."""


class ModelCut(ModelError):
    """The connection was cut in the middle of an answer."""


class ModelGarbled(ModelError):
    """What came is no answer: a web page, broken JSON, another protocol."""


class ModelUntrue(ModelError):
    """Nothing that it said is borne out by the quotes."""
