"""Whoever stops reading, stops the server, and leaves nothing behind."""

from __future__ import annotations

import _thread
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from math import inf
from pathlib import Path

import httpx
import pytest
from asking import ANSWER, OK, answer, chat, endpoint, no_thread_stays
from canary import KEY
from clock import by_the_clock

from eval.replies import Reply, endless, said
from eval.scripted import scripted
from rag.endpoint import Endpoint, Timeouts
from rag.errors import ModelCut, ModelError
from rag.stream import AnswerStream
from rag.types import Answer


@by_the_clock
class TestCtrlC:
    @pytest.mark.parametrize(
        "reply", [Reply(before=inf), said(ANSWER, hang_after=2)], ids=["before the first byte", "within the answer"]
    )
    def test_it_ends_the_command_and_its_request_within_a_second_without_a_traceback(
        self, reply: Reply, shipped_home: Path
    ) -> None:
        with scripted([reply]) as server:
            command = [sys.executable, "-c", "from ui.cli import main; main()", "ask", "What is MetaCLIP?"]
            asking = subprocess.Popen(
                [*command, "--llm", "local/scripted", "--library", str(shipped_home)],
                env=os.environ | {"ASKPAPERS_LLM_BASE_URL": server.url},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            while not server.requests:
                assert asking.poll() is None
                time.sleep(0.02)
            stopped = time.monotonic()
            asking.send_signal(signal.SIGINT)
            assert server.closed.get(timeout=5) - stopped < 1
            out, err = asking.communicate(timeout=10)
        assert (asking.returncode, err.count("\n")) == (130, 1)
        assert err == "askpapers: Stopped.\n"
        assert KEY not in out + err


@by_the_clock
class TestStopping:
    @pytest.mark.parametrize(
        "reply",
        [Reply(before=inf), said(ANSWER, hang_after=0), said(ANSWER, hang_after=2), said("word " * 999, between=0.05)],
        ids=["before the first byte", "before the first token", "within the answer", "while it comes"],
    )
    def test_closing_ends_the_request_on_the_servers_side_at_once(self, reply: Reply) -> None:
        with scripted([reply]) as server, no_thread_stays():
            stream = endpoint(server).stream(chat(server))
            while not server.requests:  # a client library may have to be imported first
                next(stream)
            for _ in range(4):
                next(stream)
            stopped = time.monotonic()
            stream.close()
            assert time.monotonic() - stopped < 0.5
            assert server.closed.get(timeout=1) - stopped < 1

    def test_closing_waits_for_no_step_but_the_one_under_way(self) -> None:
        steps = Counter[str]()

        def work() -> Generator[str | Answer]:
            while True:
                time.sleep(0.02)
                steps["done"] += 1
                yield ""

        for _ in range(5):
            stream = AnswerStream(work())
            with ThreadPoolExecutor(1) as other:
                reading = other.submit(list, stream)
                time.sleep(0.1)
                before = steps["done"]
                stream.close()
                assert steps["done"] - before <= 1
                assert isinstance(reading.exception(timeout=5), ModelCut)

    def test_stopping_while_waiting_to_try_again_acts_at_once(self) -> None:
        with scripted([Reply(status=429, headers={"Retry-After": "15"})]) as server, no_thread_stays():
            stream = endpoint(server, Timeouts(first=30)).stream(chat(server))
            assert next(stream) is None
            stream.close()
        assert len(server.requests) == 1

    @pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
    def test_an_exception_thrown_into_the_stream_ends_the_request(self, error: type[BaseException]) -> None:
        with scripted([said(ANSWER, hang_after=1)]) as server, no_thread_stays():
            stream = endpoint(server).stream(chat(server))
            next(stream)
            with pytest.raises(error):
                stream.throw(error)
            assert server.closed.get(timeout=5)

    def test_ctrl_c_during_a_call_ends_the_request(self) -> None:
        with scripted(models=[Reply(before=inf)]) as server, no_thread_stays():
            threading.Timer(0.3, _thread.interrupt_main).start()
            with pytest.raises(KeyboardInterrupt):
                endpoint(server).call(lambda http: http.get("/models"))
            assert server.closed.get(timeout=5)

    def test_ctrl_c_while_a_stream_is_read_ends_the_request(self) -> None:
        with scripted([said(ANSWER, hang_after=2)]) as server, no_thread_stays():
            stream = endpoint(server).stream(chat(server))
            next(stream)
            threading.Timer(0.1, _thread.interrupt_main).start()
            with pytest.raises(KeyboardInterrupt):
                list(stream)
            assert server.closed.get(timeout=5)

    def test_a_forgotten_stream_ends_with_its_reader(self) -> None:
        with scripted([said(ANSWER, hang_after=2)]) as server, no_thread_stays():
            for _ in endpoint(server).stream(chat(server)):
                break
            assert server.closed.get(timeout=5)

    def test_f53_an_endless_answer_waits_for_its_reader_and_ends_with_him(self) -> None:
        with scripted(endless) as server, no_thread_stays():
            with closing(endpoint(server).stream(chat(server))) as stream:
                next(stream)
                time.sleep(0.3)  # what is fetched ahead fills up
            assert server.closed.get(timeout=5)

    def test_no_thread_stays_after_answers_and_faults(self) -> None:
        replies = [OK, Reply(status=401), Reply(status=500), said(ANSWER, cut_after=1), Reply(raw=b"data: x\n\n")]
        with no_thread_stays():
            for reply in replies:
                with scripted([reply]) as server, suppress(ModelError):
                    answer(server)

    def test_stopping_within_a_tls_handshake_acts_at_once(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener, no_thread_stays():
            slow = Endpoint(f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
            stream = slow.stream(lambda http: [http.get("/models")])
            next(stream)
            client, _ = listener.accept()
            stream.close()
            with client:
                client.settimeout(1)
                while client.recv(65536):  # the hello, then the end
                    pass

    def test_a_connection_that_comes_too_late_is_closed_unused(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            slow = Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
            is_stopped = threading.Event()

            def work(http: httpx.Client) -> list[httpx.Response]:
                is_stopped.wait()
                return [http.get("/models")]

            stream = slow.stream(work)
            next(stream)
            stream.close()
            is_stopped.set()
            client, _ = listener.accept()
            with client:
                client.settimeout(1)
                assert client.recv(65536) == b""
