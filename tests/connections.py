"""Whom a process connects to: watched from inside, and held to this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

WATCHED = Path(__file__).with_name("watched")
_HOST = re.compile(r"[ (]b?'([^']*)'")


@contextmanager
def only_this_machine() -> Iterator[dict[str, str]]:
    """The environment for a process to be watched; at the end, it has asked and called nobody but this machine."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "connections"
        file.touch()
        paths = os.pathsep.join(filter(None, (str(WATCHED), os.environ.get("PYTHONPATH"))))
        yield os.environ | {"PYTHONPATH": paths, "ASKED_WHOM": str(file)}
        hosts = {found[1] for line in file.read_text().splitlines() if (found := _HOST.search(line))}
        foreign = {host for host in hosts if not is_here(host)}
        assert not foreign, foreign


def is_here(host: str) -> bool:
    """A loopback address or name, any address of one's own to listen on, or a socket in the file system."""
    if host in {"localhost", ""} or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False
