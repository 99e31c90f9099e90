"""Who may reach the window, under which name, and what it lets them do."""

from __future__ import annotations

import socket

import pytest

from rag.config import Settings, load_settings
from rag.errors import BadSetting
from ui.guard import is_unmistakable
from ui.permission import is_private, may_change
from ui.serve import address, listening, warning


@pytest.mark.parametrize(
    ("host", "allowed", "private", "changes"),
    [
        ("127.0.0.1", False, True, True),
        ("::1", False, True, True),
        ("0.0.0.0", False, False, False),
        ("::", False, False, False),
        ("192.168.1.5", False, False, False),
        ("192.168.1.5", True, False, True),
    ],
)
def test_a_window_that_others_can_reach_changes_nothing_unless_it_is_allowed(
    host: str, allowed: bool, private: bool, changes: bool
) -> None:
    settings = Settings(host=host, allow_changes=allowed)
    assert (is_private(settings), may_change(settings)) == (private, changes)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("192.168.1.5:8501", True),
        ("[fd00::2]:8501", True),
        ("localhost:8501", True),
        (socket.gethostname().upper(), True),
        (f"{socket.gethostname()}.local:80", True),
        ("evil.example:8501", False),
        (f"{socket.gethostname()}.evil.example", False),
        ("192.168.1.5.evil.example", False),
        ("user@evil.example", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_A24_a_name_that_another_site_could_take_is_none_of_ours(host: str, ours: bool) -> None:
    assert is_unmistakable(host) == ours


def test_a_host_that_is_no_address_is_a_mistake_with_its_value() -> None:
    with pytest.raises(BadSetting, match="ASKPAPERS_HOST=myname: must be an IP address"):
        load_settings(host="myname")


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(BadSetting, match=r"ASKPAPERS_HOST=192\.0\.2\.77 is no address of this machine"):
        listening("192.0.2.77", 8798)


@pytest.mark.parametrize(
    ("host", "where"), [("0.0.0.0", "http://127.0.0.1:8"), ("::1", "http://[::1]:8"), ("10.0.0.7", "http://10.0.0.7:8")]
)
def test_where_the_window_is_is_said_as_a_browser_takes_it(host: str, where: str) -> None:
    assert address(host, 8) == where


def test_what_others_may_do_is_said_at_the_start() -> None:
    assert "may ask, without a password" in warning(Settings(host="0.0.0.0"))
    assert "may ask, add and remove papers" in warning(Settings(host="0.0.0.0", allow_changes=True))
