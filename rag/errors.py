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
│   ├── LibraryGone          deleted while in use
│   ├── LibraryEmpty         nothing to ask
│   └── LibraryUnwritable    disk full, read-only, no permission
└── VectorRejected           exit code 1: an embedding gave NaN, infinity, zeros or another size

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


class LibraryGone(LibraryError):
    """The library's folder vanished while in use."""


class LibraryEmpty(LibraryError):
    """The library holds no paper."""


class LibraryUnwritable(LibraryError):
    """Disk full, read-only, or not ours."""


class VectorRejected(AskpapersError):
    """An embedding that is not finite, is all zeros, or has another size than the library's."""
