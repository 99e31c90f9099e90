"""Models behind https, with a certificate of this machine's own, as a university's server may have."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue

import pytest
from asking import QUICK, no_thread_stays
from canary import KEY
from clock import by_the_clock
from pydantic import SecretStr

from rag.endpoint import Endpoint
from rag.errors import (
    ModelUnreachable,
)
from rag.transport import trusted


class TestTls:
    """With a certificate of this machine's own, as a university's server may have."""

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("needs the openssl command")
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        call = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        call += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        call += ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(call, check=True, capture_output=True)
        return certificate

    @pytest.fixture
    def trusts_it(self, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusted.cache_clear()
        yield
        trusted.cache_clear()

    @contextmanager
    def serving(self, certificate: Path, reply: bytes) -> Iterator[tuple[str, Queue[float]]]:
        """Its base URL, and when each client that was answered went away."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_name("key.pem"))
        gone = Queue[float]()

        def serve(client: socket.socket) -> None:
            with suppress(OSError), context.wrap_socket(client, server_side=True) as tls:
                tls.recv(65536)
                tls.sendall(reply)
                with suppress(OSError):
                    tls.recv(65536)
                gone.put(time.monotonic())

        def accept() -> None:
            with suppress(OSError):
                while True:
                    serve(listener.accept()[0])

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=accept, daemon=True)
            thread.start()
            yield f"https://localhost:{listener.getsockname()[1]}/v1", gone
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(1)

    @pytest.mark.usefixtures("trusts_it")
    def test_a_certificate_that_this_machine_trusts_is_trusted(self, certificate: Path) -> None:
        with self.serving(certificate, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as (url, _):
            assert Endpoint(url, timeouts=QUICK).call(lambda http: http.get("/models").text) == "hi"

    def test_f43_another_certificate_is_not_and_the_reason_said(self, certificate: Path) -> None:
        with self.serving(certificate, b"") as (url, gone):
            with pytest.raises(ModelUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
                Endpoint(url, SecretStr(KEY), timeouts=QUICK).call(lambda http: http.get("/models"))
            assert gone.empty()

    @by_the_clock
    @pytest.mark.usefixtures("trusts_it")
    def test_closing_ends_a_hanging_request_over_tls_at_once(self, certificate: Path) -> None:
        with self.serving(certificate, b"") as (url, gone), no_thread_stays():
            stream = Endpoint(url, timeouts=QUICK).stream(lambda http: [http.get("/models")])
            assert [next(stream), next(stream)] == [None, None]
            stopped = time.monotonic()
            stream.close()
            assert gone.get(timeout=1) - stopped < 1
