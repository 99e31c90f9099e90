"""BibTeX to records: bibtexparser reads the entries, pylatexenc their LaTeX."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import BlockMiddleware, RemoveEnclosingMiddleware, ResolveStringReferencesMiddleware
from bibtexparser.middlewares.names import split_multiple_persons_names
from bibtexparser.model import Block, Entry, ParsingFailedBlock, String
from pylatexenc.latex2text import (  # type: ignore[import-untyped]
    LatexNodes2Text,
    MacroTextSpec,
    SpecialsTextSpec,
    get_default_latex_context_db,
)
from pylatexenc.latexwalker import get_default_latex_context_db as get_walker_context  # type: ignore[import-untyped]
from pylatexenc.macrospec import MacroSpec  # type: ignore[import-untyped]

from ingest.record import known, text

for _library in ("bibtexparser", "pylatexenc"):
    logging.getLogger(_library).addHandler(logging.NullHandler())  # what they complain of is in the refusals

_MARKS = re.compile(r"[\\{}$%&~]|--|``|''")
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|[oOlLij])\s+")
# What pylatexenc doesn't know, and reference managers write.
_MACROS = {
    "textless": "<", "textgreater": ">", "textbar": "|", "textbackslash": "\\", "textunderscore": "_",
    "textbraceleft": "{", "textbraceright": "}", "textendash": "\u2013", "textemdash": "\u2014", "textquotedbl": '"',
    "textquoteleft": "\u2018", "textquoteright": "\u2019", "textquotedblleft": "\u201c",
    "textquotedblright": "\u201d", "textsuperscript": "^%s", "textsubscript": "_%s", "url": "%s", "href": "%(2)s",
    "par": " ", "newline": " ",
    **dict.fromkeys(("em", "it", "bf", "sl", "sc", "rm", "tt", "sf", "itshape", "bfseries", "-", "/", "@"), ""),
}  # fmt: skip
_ARGUMENTS = {"href": "{{", "textsuperscript": "{", "textsubscript": "{"}


def entries(bibtex: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Where each entry stands ("" is the whole), and its fields, or what is wrong with it."""
    stack = [_Kept(), ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware()]
    try:
        blocks = parse_string(bibtex, parse_stack=stack).blocks
    except Exception as error:  # it raises what it calls its own bugs
        yield "", _one_line(error)
        return
    for block in blocks:
        if isinstance(block, Entry):
            yield f"@{block.entry_type}{{{text(block.key)[:60]}}}", _fields(block)
        elif isinstance(block, ParsingFailedBlock):
            yield f"line {(block.start_line or 0) + 1}", _one_line(block.error)


def _one_line(error: Exception) -> str:
    said = getattr(error, "abort_reason", None) or str(error)  # str() of an aborted block's error is empty
    return " ".join(text(said).split()).rstrip(". ")[:200]


class _Kept(BlockMiddleware):
    """A key or a field that is given twice is no reason to lose a paper, nor is a macro."""

    def transform_failed_block(self, failed_block: ParsingFailedBlock, library: Library) -> Block | None:
        twice = failed_block.ignore_error_block
        if isinstance(twice, Entry):
            twice.key += f", line {(twice.start_line or 0) + 1}"
            return twice
        return None if isinstance(twice, String) else failed_block


def _fields(entry: Entry) -> dict[str, Any]:
    """Only those that say something of a paper; of a field given twice, the first."""
    return {field.key: _value(known(field.key), str(field.value)) for field in reversed(entry.fields) if field.value}


def _value(name: str | None, value: str) -> Any:
    if name in {"title", "abstract", "venue"}:
        return " ".join(plain(value).split())
    if name == "authors":
        return [plain(person) for person in split_multiple_persons_names(value)]
    return address(value)


def address(value: str) -> str:
    """A URL, DOI or identifier without LaTeX's escapes; `%` and `~` are its own."""
    return re.sub(r"\\url\b|\\(?=[_%&#~])|[{}]", "", value.replace(r"\textasciitilde", "~")).strip()


def plain(latex: str) -> str:
    """Accents, dashes and escapes decoded, guarding braces and commands gone; maths and what is unknown as written."""
    if not _MARKS.search(latex):
        return latex
    try:
        # In LaTeX a bare % begins a comment; in the abstracts that people export it is a per cent sign.
        latex = _LETTER.sub(r"{\\\1}", _BARE_PERCENT.sub(r"\\%", latex))  # S\o ren
        return str(_DECODER.latex_to_text(latex, latex_context=_CONTEXT))
    except Exception:  # it raises all sorts of things, RecursionError too: better undecoded than lost
        return re.sub(r"[{}]", "", latex)


def _unknown(node: Any, l2tobj: Any) -> str:
    """A command before braces only dresses them; any other stays as it is written (pylatexenc drops it, unsaid).

    The second parameter is filled by its name.
    """
    if node.nodeargd and node.nodeargd.argnlist:
        return str(l2tobj.nodelist_to_text(node.nodeargd.argnlist))
    behind = node.pos + node.len
    return "" if node.parsing_state.s[behind : behind + 1] == "{" else str(node.latex_verbatim())


def _decoder() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, simplify_repl=words) for name, words in _MACROS.items()]
    specials = [SpecialsTextSpec("&", "&"), SpecialsTextSpec("~", " ")]  # "R&D" is no table
    context.add_context_category("ours", prepend=True, macros=macros, specials=specials)
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_unknown))
    spaces = {"between-macro-and-chars": False, "between-latex-constructs": True}  # "n \times n" keeps its own
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", strict_latex_spaces=spaces)


_DECODER = _decoder()
_CONTEXT = get_walker_context()
_CONTEXT.add_context_category("ours", prepend=True, macros=[MacroSpec(*pair) for pair in _ARGUMENTS.items()])
