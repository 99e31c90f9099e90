"""The settings as they are, as a table; of a key only whether there is one. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr

from rag.config import Settings
from ui.tables import Table, column, table


def settings_table(settings: Settings) -> Table:
    """A row a setting, in the order of `.env.example`."""
    rows = (
        {
            "cells": [
                {"text": field.validation_alias or f"ASKPAPERS_{name.upper()}", "sub": field.description},
                {"text": shown(getattr(settings, name)), "shade": "" if _differs(settings, name) else "soft"},
            ]
        }
        for name, field in Settings.model_fields.items()
    )
    return table("Settings", [column("setting"), column("now")], rows)


def shown(value: object) -> str:
    """Of what is secret, or holds what is, only that it is there."""
    if value is None:
        return "not set"
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    if isinstance(value, bool):
        return str(value).lower()
    return "set, and holds a password: not shown" if _holds_a_password(str(value)) else str(value)


def _holds_a_password(value: str) -> bool:
    """As an address may: http://user:password@host."""
    try:
        return "@" in urlsplit(value).netloc
    except ValueError:
        return "@" in value


def _differs(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name) != Settings.model_fields[name].default)
