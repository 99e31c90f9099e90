"""The key goes to its own host only, and is seen nowhere."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from asking import ANSWER, OK, SETTING, answer, chat, endpoint, refused
from canary import KEY, seen
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from eval.record import public
from eval.replies import Reply, said
from eval.scripted import scripted
from rag.address import checked_url
from rag.config import load_settings
from rag.endpoint import Endpoint, Timeouts
from rag.errors import (
    BadSetting,
    ModelError,
    ModelRejected,
    ModelUnreachable,
)
from rag.peer import QUOTED, Peer


class TestTheKey:
    def test_it_is_sent_and_nothing_else_that_the_environment_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with scripted([OK]) as server, scripted() as elsewhere:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
                monkeypatch.setenv(name, elsewhere.url)
            for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
                monkeypatch.setenv(name, "from-the-environment")
            monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Api-Key: from-the-environment")
            assert answer(server) == ANSWER
            assert elsewhere.connections == 0
            headers = server.requests[0].headers
        assert headers.pop("authorization") == f"Bearer {KEY}"
        assert "from-the-environment" not in str(headers)
        assert set(headers) == {"host", "accept", "accept-encoding", "content-type", "content-length", "user-agent"}

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a31_no_redirect_is_followed(self, status: int) -> None:
        with scripted() as elsewhere:
            said, requests = refused([Reply(status=status, headers={"Location": elsewhere.url})], ModelRejected)
            assert "127.0.0.1" in said
            assert requests == 1
            assert elsewhere.connections == 0

    @pytest.mark.parametrize("where", ["//evil.example/x", "http://[", "\x00", ""])
    def test_a31_wherever_a_redirect_points_it_is_said_in_one_line(self, where: str) -> None:
        headers = {"Location": where}
        assert Peer(httpx.URL("http://a/v1"), None, SETTING).refusal("/", 302, httpx.Headers(headers), b"", 0).args

    @pytest.mark.parametrize(
        "url", ["http://localhost:{port}/v1/models", "http://127.0.0.1:1/", "https://127.0.0.1:{port}/"]
    )
    def test_another_host_scheme_or_port_is_never_asked(self, url: str) -> None:
        with scripted() as server:
            url = url.format(port=server.server_address[1])
            with pytest.raises(ModelRejected, match=r"was not sent: only http://127\.0\.0\.1"):
                endpoint(server).call(lambda http: http.get(url))
            assert server.connections == 0

    @pytest.mark.parametrize(
        "reply",
        [
            Reply((f"Incorrect key: {KEY}",), status=401),
            Reply((f"Bearer {KEY}",), status=500),
            Reply(raw=b"data: " + KEY.encode() + b"\n\n"),
            Reply(raw=b'data: {"error": {"message": "' + KEY.encode() + b'"}}\n\n'),
            Reply(wire=KEY.encode() + b"\r\n"),
            Reply(wire=b""),
            Reply(status=302, headers={"Location": "http://evil.example/"}),
            said(ANSWER, cut_after=1),
            said(ANSWER, hang_after=1),
        ],
    )
    def test_a30_it_stands_in_no_message_traceback_or_log(self, reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with scripted([reply]) as server:
            asked = endpoint(server, Timeouts(first=5, between=0.3, again=(0.01,)))
            shown = self.everything_shown(asked, chat(server))
            assert f"Bearer {KEY}" in server.requests[0].headers.values()
        assert KEY not in shown
        assert KEY not in caplog.text

    def everything_shown(self, asked: Endpoint, work: Callable[[httpx.Client], Iterator[str]]) -> str:
        with pytest.raises(ModelError) as caught:
            list(asked.stream(work))
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        return "\n".join([*trace.format(), str(caught.value), repr(caught.value), repr(asked), str(vars(asked))])

    def test_a30_a_client_librarys_own_error_does_not_hold_it(self) -> None:
        with scripted([Reply(status=500)]) as server, endpoint(server).client() as http:
            request = http.build_request("POST", "/chat/completions", json={})
            with pytest.raises(ModelUnreachable):
                http.send(request)
            assert KEY not in str(request.headers.raw)

    @pytest.mark.parametrize("key", ["sk a", "sk\nx", "schlüssel", "a\x00b"])
    def test_a_key_that_can_be_none_is_refused_without_being_repeated(self, key: str) -> None:
        with pytest.raises(BadSetting, match=SETTING) as caught:
            Endpoint("http://127.0.0.1/v1", SecretStr(key))
        assert key not in str(caught.value)

    def test_blanks_around_a_key_are_dropped(self) -> None:
        with scripted([OK]) as server:
            Endpoint(server.url, SecretStr(f" {KEY}\n")).call(lambda http: http.get("/models"))
            assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"

    def test_a30_it_is_not_repeated_in_other_letters_of_a_redirects_host(self) -> None:
        headers = httpx.Headers({"Location": f"http://{KEY.upper()}.example/"})
        said = Peer(httpx.URL("http://a/v1"), SecretStr(KEY.title()), SETTING).refusal("/", 302, headers, b"", 0)
        assert "***.example" in str(said)

    @given(st.text(), st.text(min_size=1))
    def test_a_servers_words_are_quoted_bounded_printable_and_without_the_key(self, text: str, key: str) -> None:
        quoted = Peer(httpx.URL("http://a"), SecretStr(key), SETTING).quoted(text)
        assert quoted.isprintable()
        assert len(quoted) <= QUOTED + 2


class TestTheSearchForIt:
    def test_a30_a_file_that_holds_it_is_found_wherever_it_lies(self, tmp_path: Path) -> None:
        (tmp_path / "saved").mkdir()
        planted = tmp_path / "saved" / "settings.db"
        planted.write_bytes(b"\x00" * 70_000 + KEY.encode())
        (tmp_path / "other.txt").write_text("nothing")
        assert [*seen(tmp_path)] == [planted]
        planted.unlink()  # else it is found at the end of all tests

    def test_a30_it_is_configured_in_every_test_and_shown_by_no_settings(self) -> None:
        settings = load_settings()
        assert settings.llm_api_key
        assert settings.llm_api_key.get_secret_value() == KEY
        assert KEY not in f"{settings!r} {settings} {settings.model_dump_json()} {public(settings)}"


class TestBaseUrls:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8080/v1", "https://api.openai.com/v1", "http://[::1]:80", "HTTP://A"]
    )
    def test_an_address_is_kept_without_its_last_slash(self, url: str) -> None:
        assert checked_url(f" {url}/ ", "S") == url

    @pytest.mark.parametrize(
        "url", ["file:///etc/passwd", "ftp://a", "127.0.0.1:8080", "http://", "", "http://a:b", "http://a:99999", "//a"]
    )
    def test_a31_what_is_no_web_address_is_refused_with_its_value(self, url: str) -> None:
        with pytest.raises(BadSetting) as caught:
            checked_url(url, "ASKPAPERS_LLM_BASE_URL")
        assert f"ASKPAPERS_LLM_BASE_URL={url}" in str(caught.value)

    @pytest.mark.parametrize(
        ("url", "meant"),
        [
            ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ("localhost:8080/v1/", "http://localhost:8080/v1"),
            ("//[::1]:8080/v1", "http://[::1]:8080/v1"),
            ("gpu/v1", "http://gpu/v1"),
            ("openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
            ("http:/127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ('"http://127.0.0.1:8080/v1"', "http://127.0.0.1:8080/v1"),
            ("'127.0.0.1:8080/v1/chat/completions'", "http://127.0.0.1:8080/v1"),
            ("http://127.0.0.1: 8080/v1", "http://127.0.0.1:8080/v1"),
            ("http://127.0.0.1:8080/v1 /", "http://127.0.0.1:8080/v1"),
        ],
    )
    def test_an_address_with_a_slip_is_refused_with_the_line_that_mends_it(self, url: str, meant: str) -> None:
        with pytest.raises(BadSetting) as caught:
            checked_url(url, "S")
        assert str(caught.value) == f"S={url}: not an http or https address. Set S={meant}"

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a", "javascript:alert(1)", "http://sk-canary 7/v1"])
    def test_a31_no_line_is_made_of_what_is_no_address_or_may_be_a_key(self, url: str) -> None:
        with pytest.raises(BadSetting, match=r"One looks like http://127\.0\.0\.1:8080/v1$"):
            checked_url(url, "S")

    @pytest.mark.parametrize(
        "url", ["http://me:secret@a/v1", "me:secret@a", "http://a/v1?key=secret", "http://a/#secret"]
    )
    def test_a31_what_may_hold_a_secret_is_refused_without_it(self, url: str) -> None:
        with pytest.raises(BadSetting, match="S holds") as caught:
            checked_url(url, "S")
        assert "secret" not in str(caught.value)

    @given(st.text() | st.from_regex(r"https?://\S{1,20}"))
    def test_any_text_is_a_plain_web_address_or_refused(self, text: str) -> None:
        try:
            url = httpx.URL(checked_url(text, "S"))
        except BadSetting:
            return
        assert url.scheme in ("http", "https")
        assert url.host
        assert url.userinfo + url.query == b""
        assert url.fragment == ""

    def test_a_url_that_was_not_checked_is_checked(self) -> None:
        with pytest.raises(BadSetting, match="base_url=file:///x"):
            Endpoint("file:///x")
