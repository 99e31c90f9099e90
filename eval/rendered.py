"""Pages as one file each: nothing is fetched, all text is taken as text, and no script but ours runs."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

PAGES = Path(__file__).parent / "pages"


def rendered(template: str, **values: object) -> str:
    """A page of eval/pages, with its style and script in it."""
    pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    assets = {"style": _asset("page.css"), "script": _asset("filter.js")}
    return pages.get_template(template).render(**assets, **values)


def _asset(name: str) -> dict[str, str]:
    """A file of ours to put into the page, and the hash by which the page lets it and nothing else run."""
    text = (PAGES / name).read_text(encoding="utf-8")
    return {"text": Markup(text), "hash": b64encode(sha256(text.encode()).digest()).decode()}


def day(moment: str) -> str:
    """An ISO moment as people write it.

    >>> day("2025-03-09T08:05:00+00:00")
    '9 March 2025, 08:05 UTC'
    """
    return f"{(then := datetime.fromisoformat(moment)).day} {then:%B %Y, %H:%M} UTC"
