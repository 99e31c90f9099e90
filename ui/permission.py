"""What a window that others can reach may do: answer questions, and change nothing unless its owner said so. Pure."""

from __future__ import annotations

from ipaddress import ip_address

from rag.config import Settings

READ_ONLY = (
    "This window can be reached from other machines, so that it only answers questions. Its owner may allow more: "
    "ASKPAPERS_ALLOW_CHANGES=true"
)


def is_private(settings: Settings) -> bool:
    """Whether the window listens to this machine alone."""
    return ip_address(settings.host).is_loopback


def may_change(settings: Settings) -> bool:
    """Whether papers may be added and removed, and conversations kept, from the window."""
    return is_private(settings) or settings.allow_changes
