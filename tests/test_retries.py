"""A failing server is asked again a few times, a silent one is waited for so long, a dead one is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf

import pytest
from asking import ANSWER, HANGS, OK, QUICK, answer, chat, embed, endpoint, refused
from clock import by_the_clock
from hypothesis import given
from hypothesis import strategies as st

from eval.replies import Reply, said
from eval.scripted import Server, scripted
from rag.endpoint import Endpoint, Timeouts
from rag.errors import (
    ModelCut,
    ModelError,
    ModelTimeout,
    ModelUnreachable,
)
from rag.peer import asked_wait


class TestTryingAgain:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_f43_a_failing_server_is_asked_three_times_in_all(self, status: int) -> None:
        said, requests = refused([Reply(("overloaded",), status=status)], ModelUnreachable)
        assert f'{status}: "overloaded"' in said
        assert requests == 3

    def test_f43_embeddings_are_asked_for_three_times_too(self) -> None:
        with scripted(embeddings=[Reply(status=500)]) as server:
            with pytest.raises(ModelUnreachable):
                endpoint(server).call(embed(server))
            assert len(server.requests) == 3

    @pytest.mark.parametrize("broken", [Reply(status=503), Reply(wire=b"")])
    def test_f43_a_server_that_recovers_answers(self, broken: Reply) -> None:
        with scripted([broken, broken, OK]) as server:
            assert answer(server) == ANSWER
            assert len(server.requests) == 3

    @by_the_clock
    def test_f43_a_refused_connection_says_so_after_three_tries(self) -> None:
        with scripted() as server:
            pass
        started = time.monotonic()
        with pytest.raises(ModelUnreachable, match=r"refuses the connection\. Start its server"):
            answer(server, Timeouts(again=(0.2, 0.3)))
        assert 0.4 < time.monotonic() - started < 3

    def test_f43_an_unknown_host_says_so(self) -> None:
        with pytest.raises(ModelUnreachable, match=r"The host name\.invalid is unknown"):
            Endpoint("https://name.invalid/v1", timeouts=QUICK).call(lambda http: http.get("/models"))

    def test_f43_tls_to_a_plain_port_says_so_after_three_tries(self) -> None:
        with scripted() as server:
            wrong = Endpoint(server.url.replace("http", "https"), timeouts=QUICK)
            with pytest.raises(ModelUnreachable, match=r"TLS with https.*or is it http://"):
                wrong.call(lambda http: http.get("/models"))
            assert server.connections == 3
            assert not server.requests

    def test_f43_a_connection_closed_without_an_answer_is_tried_three_times(self) -> None:
        said, requests = refused([Reply(wire=b"")], ModelUnreachable)
        assert "closed the connection without an answer" in said
        assert requests == 3

    @by_the_clock
    def test_f42_a_short_retry_after_is_waited_for(self) -> None:
        with scripted([Reply(status=429, headers={"Retry-After": "1"}), OK]) as server:
            started = time.monotonic()
            assert answer(server) == ANSWER
            assert 1 <= time.monotonic() - started < 4

    @by_the_clock
    @pytest.mark.parametrize("as_date", [False, True])
    def test_f42_a_long_retry_after_is_given_up_at_once_and_named(self, as_date: bool) -> None:
        value = format_datetime(datetime.now(UTC) + timedelta(seconds=601), usegmt=True) if as_date else "600"
        started = time.monotonic()
        said, requests = refused([Reply(status=429, headers={"Retry-After": value})], ModelUnreachable)
        assert "asks to wait 60" in said
        assert requests == 1
        assert time.monotonic() - started < 3

    @pytest.mark.parametrize(
        "value", ["soon", "-5", "1e9", "nan", "", "Wed, 99 Nov 2099", "Wed, 21 Oct 2015 07:28:00 GMT"]
    )
    def test_f42_a_garbled_or_past_retry_after_is_ignored(self, value: str) -> None:
        with scripted([Reply(status=429, headers={"Retry-After": value}), OK]) as server:
            assert answer(server, QUICK) == ANSWER

    @given(st.text() | st.integers().map(str) | st.datetimes().map(format_datetime))
    def test_f42_whatever_retry_after_says_a_wait_is_a_number_of_seconds(self, value: str) -> None:
        assert 0 <= asked_wait(value, datetime.now(UTC)) < inf

    def test_f46_what_began_to_answer_is_not_asked_again(self) -> None:
        _, requests = refused([said(ANSWER, cut_after=2)], ModelCut)
        assert requests == 1


@by_the_clock
class TestSilence:
    def test_f44_no_first_byte_is_a_timeout_that_says_the_seconds_and_is_not_tried_again(self) -> None:
        started = time.monotonic()
        said, requests = refused([Reply(before=inf)], ModelTimeout, HANGS)
        assert "no first token within 0.6 s" in said
        assert requests == 1
        assert 0.6 <= time.monotonic() - started < 3

    def test_f44_silence_within_an_answer_is_a_timeout_and_keep_alives_are_silence(self) -> None:
        patient_at_first = Timeouts(first=5, between=0.3)
        with scripted([said(ANSWER, hang_after=2, keep_alive=0.05)]) as server:
            stream = endpoint(server, patient_at_first).stream(chat(server))
            pieces: list[str | None] = []
            with pytest.raises(ModelTimeout, match=r"fell silent for 0\.3 s"):
                pieces.extend(stream)
            assert server.closed.get(timeout=5)

    def test_f44_an_answer_that_comes_slowly_but_steadily_is_heard_to_its_end(self) -> None:
        with scripted([said("a b c d e f", between=0.25)]) as server:
            assert answer(server, Timeouts(first=5, between=1)) == "a b c d e f"

    def test_f44_an_answer_without_end_is_given_up_when_all_waiting_took_too_long(self) -> None:
        with scripted([said("on " * 99, between=0.1)]) as server:
            with pytest.raises(ModelTimeout, match=r"no end within 2 s"):
                answer(server, Timeouts(first=5, between=5, whole=2))
            assert server.closed.get(timeout=5)

    def test_f44_a_reader_of_ones_own_thread_times_out_too(self) -> None:
        soon = Timeouts(first=0.05, between=0.05)
        silent = scripted(models=[Reply(before=inf)])
        with silent as server, endpoint(server, soon).client() as http, pytest.raises(ModelTimeout, match="nothing"):
            http.get("/models")


class TestTheBreaker:
    @pytest.fixture
    def now(self) -> list[float]:
        return [1000.0]

    def watched(self, server: Server, now: list[float], timeouts: Timeouts = QUICK) -> Callable[[], str]:
        asked = Endpoint(server.url, timeouts=timeouts, clock=lambda: now[0])
        return lambda: "".join(filter(None, asked.stream(chat(server))))

    def fails(self, ask: Callable[[], str], times: int) -> None:
        for _ in range(times):
            with pytest.raises(ModelError):
                ask()

    def test_after_three_failures_in_a_row_it_is_not_asked_and_says_for_how_long(self, now: list[float]) -> None:
        with scripted([Reply(("busy",), status=503)]) as server:
            ask = self.watched(server, now)
            self.fails(ask, 3)
            now[0] += 3
            with pytest.raises(ModelUnreachable, match=r'not asked again for 27 s\. .*503: "busy"'):
                ask()
            assert len(server.requests) == 9

    def test_after_thirty_seconds_one_trial_that_succeeds_closes_it(self, now: list[float]) -> None:
        with scripted([*[Reply(status=503)] * 9, OK]) as server:
            ask = self.watched(server, now)
            self.fails(ask, 3)
            now[0] += 31
            assert [ask(), ask()] == [ANSWER, ANSWER]

    def test_a_trial_that_fails_opens_it_again(self, now: list[float]) -> None:
        with scripted([Reply(status=503)]) as server:
            ask = self.watched(server, now)
            self.fails(ask, 3)
            now[0] += 31
            self.fails(ask, 2)
            assert len(server.requests) == 12

    def test_only_one_tries_at_a_time(self, now: list[float]) -> None:
        with scripted([*[Reply(status=503)] * 9, said(ANSWER, hang_after=1)]) as server:
            asked = Endpoint(server.url, timeouts=QUICK, clock=lambda: now[0])
            self.fails(lambda: "".join(filter(None, asked.stream(chat(server)))), 3)
            now[0] += 31
            with closing(asked.stream(chat(server))) as trial:
                next(trial)
                with pytest.raises(ModelUnreachable, match="30 s"):
                    next(asked.stream(chat(server)))
            assert next(asked.stream(chat(server))) is not None  # the trial was given up: another may

    def test_silence_counts_as_failure(self, now: list[float]) -> None:
        with scripted([Reply(before=inf)]) as server:
            ask = self.watched(server, now, Timeouts(first=0.5))
            self.fails(ask, 4)
            assert len(server.requests) == 3

    @pytest.mark.parametrize("other", [Reply(status=401), OK, said(ANSWER, cut_after=1)])
    def test_any_answer_in_between_starts_the_count_anew(self, other: Reply, now: list[float]) -> None:
        failing = [Reply(status=503)] * 6
        with scripted([*failing, other, *failing, OK]) as server:
            ask = self.watched(server, now)
            self.fails(ask, 2)
            with suppress(ModelError):
                ask()
            self.fails(ask, 2)
            assert ask() == ANSWER
