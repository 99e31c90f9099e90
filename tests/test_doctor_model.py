"""Doctor finds what is wrong with a model's server, and names the line that mends it."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import inf
from pathlib import Path
from typing import Any

import httpx
import pytest
from beside import has

from eval import replies
from eval.replies import Body, Reply, Script, message, said
from eval.scripted import PLAIN, Server, scripted
from rag.config import Settings, load_settings
from rag.models import load_llm
from rag.transport import trusted
from ui.doctor_model import model_checks
from ui.findings import Check

READY = [replies.said("one two three four")]
LOADS = Reply(("Loading model",), status=503)
NO_PATH = Reply(("File Not Found",), status=404)
NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def _only_what_a_test_serves_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.elsewhere.PORTS", {})
    monkeypatch.setattr("ui.doctor_model.PAUSE", 0.01)


def settings(url: str, **more: Any) -> Settings:
    return load_settings(**({"llm": "local/scripted", "llm_base_url": url, "llm_timeout": 5.0} | more))


def found(url: str | None, **more: Any) -> dict[str, Check]:
    return {check.name: check for check in model_checks(settings(url or "", **more))}


def asked(script: Script, models: Script = PLAIN, **more: Any) -> dict[str, Check]:
    with scripted(script, models=models) as server:
        return found(server.url, **more)


def listing(*names: str, **more: object) -> list[Reply]:
    return [Reply(raw=json.dumps({"data": [{"id": name} | more for name in names] or None}).encode())]


def holds(check: Check, status: str, words: str, fix: str | None) -> None:
    assert (check.status, words in check.message, check.fix) == (status, True, fix), check


def test_checks_come_one_by_one_as_they_are_made() -> None:
    with scripted(READY) as server:
        made = model_checks(settings(server.url))
        assert not server.requests
        assert (next(made).name, server.requests) == ("asking", [])
        assert next(made).name == "models"
        assert [request.path for request in server.requests] == ["/v1/models"]
        assert [check.name for check in made] == ["model", "window"]


def test_a_model_that_answers_is_measured() -> None:
    check = asked(lambda _: replace(READY[0], between=0.02))["model"]
    assert check.status == "ok"
    assert "local/scripted at http://127.0.0.1" in check.message
    assert "tokens/s" in check.message


README = Path(__file__).parents[1] / "README.md"
RECIPES = re.findall(r"^```\n(.*?^ASKPAPERS_LLM=.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
SERVED = re.compile(r"--port (\d+)|# \S*127\.0\.0\.1:(\d+)|# port (\d+)")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: re.findall("^ASKPAPERS_LLM=(\\S+)", recipe, re.M)[0])
def test_a_recipe_of_the_readme_asks_where_its_server_listens(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line for line in recipe.splitlines() if not line.startswith("$ ")]
    (tmp_path / ".env").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    model = load_llm(load_settings())
    assert model
    url = httpx.URL(model.endpoint.base_url)
    assert url.path.endswith("/v1")
    ports = {port for found in SERVED.findall(recipe) for port in found if port}
    assert {str(url.port)} == ports or (url.scheme, ports) == ("https", set())
    assert recipe.count(str(model.room.context)) == 2 * (url.scheme == "http"), (
        "the server's window is the configured one"
    )


def test_there_is_a_recipe_for_each_kind_of_server() -> None:
    assert len(RECIPES) == 5


# The address


@pytest.mark.parametrize("path", ["", "/", "/api", "/v1/models"])
def test_a_path_that_is_not_the_servers_is_told_with_the_line_that_mends_it(path: str) -> None:
    with scripted(READY) as server:
        check = found(server.url.removesuffix("/v1") + path)["model"]
        holds(check, "warning", "answers are extractive", f"ASKPAPERS_LLM_BASE_URL={server.url}")


@pytest.mark.parametrize("path", ["/chat/completions", "/completions", "/embeddings"])
def test_f40_an_address_that_was_copied_whole_is_told_without_asking_and_asking_still_works(path: str) -> None:
    check = found(f"{NOBODY}{path}")["model"]
    holds(check, "warning", f"{path} ends in {path}, which is added to it", f"Set ASKPAPERS_LLM_BASE_URL={NOBODY}")


@pytest.mark.parametrize("url", [NOBODY.removeprefix("http://"), f'"{NOBODY}"'])
def test_an_address_with_a_slip_is_an_error_with_the_line_that_mends_it(url: str) -> None:
    holds(found(url)["model"], "error", f"ASKPAPERS_LLM_BASE_URL={url}: ", f"Set ASKPAPERS_LLM_BASE_URL={NOBODY}")


def test_https_where_the_server_speaks_http_is_told_and_the_key_stays_here() -> None:
    with scripted(READY) as server:
        check = found(server.url.replace("http://", "https://"), llm_api_key="sk-canary-77")["model"]
        holds(check, "warning", "TLS with", f"ASKPAPERS_LLM_BASE_URL={server.url}")
        assert not [request for request in server.requests if "authorization" in request.headers]


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of this machine, which trusts it."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("needs the openssl command")
    file = tmp_path / "both.pem"
    call = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    call += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(file)]
    signed = subprocess.run(call, check=True, capture_output=True).stdout
    file.write_bytes(file.read_bytes() + signed)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    trusted.cache_clear()
    yield file
    trusted.cache_clear()


@contextmanager
def by_tls(certificate: Path) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"data": [{"id": "scripted"}]}')

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"https://localhost:{server.server_address[1]}/v1"
        server.shutdown()


def test_http_where_the_server_speaks_https_is_told(certificate: Path) -> None:
    with by_tls(certificate) as url:
        check = found(url.replace("https://", "http://"))["model"]
        holds(check, "warning", "answers are extractive", f"ASKPAPERS_LLM_BASE_URL={url}")


def test_the_port_at_which_another_server_of_this_machine_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(READY) as server:
        monkeypatch.setattr("ui.elsewhere.PORTS", {server.server_address[1]: "Ollama"})
        check = found(NOBODY, llm_api_key="sk-canary-77")["model"]
        holds(check, "warning", f"A server answers at {server.url}", f"ASKPAPERS_LLM_BASE_URL={server.url}")
        assert not [request for request in server.requests if "authorization" in request.headers]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"llm_base_url": None}, "ASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8080/v1"),
        ({"llm": "openai/gpt-5", "llm_base_url": None, "openai_api_key": None}, "OPENAI_API_KEY"),
        ({}, "127.0.0.1:9"),
        ({"llm_base_url": "http://no-such-host.invalid/v1"}, "The host no-such-host.invalid is unknown"),
    ],
)
def test_f40_f43_what_is_missing_or_not_there_is_named_and_asking_still_works(more: dict[str, Any], words: str) -> None:
    check = found(NOBODY, **more)["model"]
    assert (check.status, words in f"{check.message} {check.fix}") == ("warning", True), check
    assert check.message.startswith("answers are extractive: ")
    assert check.fix


# The key


@pytest.mark.parametrize("models", [PLAIN, [Reply(("no",), status=401)]], ids=["names are public", "nothing is"])
@pytest.mark.parametrize(
    ("key", "words", "fix"),
    [
        ("", "wants a key (401)", "Set ASKPAPERS_LLM_API_KEY."),
        ("sk-canary-77", "refuses the key (401)", "Set ASKPAPERS_LLM_API_KEY to one that may use the model."),
    ],
)
def test_f41_a_key_that_is_missing_or_refused_is_named_by_its_setting_and_never_shown(
    models: Script, key: str, words: str, fix: str
) -> None:
    checks = asked([Reply(("no: sk-canary-77",), status=401)], models, llm_api_key=key)
    holds(checks["model"], "warning", words, fix)
    assert "canary" not in str(checks)


# The name


@pytest.mark.parametrize(
    ("llm", "names", "status", "words", "fix"),
    [
        ("local/a", ("a", "b"), "ok", "the server has: a, b", None),
        ("ollama/qwen3", ("llama3:latest", "qwen3:latest"), "ok", "llama3:latest, qwen3:latest", None),
        (
            "local/quen3",
            ("llama3", "qwen3"),
            "warning",
            "lists no 'quen3'; it has: ",
            "ASKPAPERS_LLM=local/qwen3",
        ),
        ("ollama/c", ("a",), "warning", "it has: a", "ASKPAPERS_LLM=ollama/a, or: ollama pull c"),
        ("local/c", (), "warning", "it has: none", "Load a model into the server."),
    ],
)
def test_the_servers_models_are_listed(
    llm: str, names: tuple[str, ...], status: str, words: str, fix: str | None
) -> None:
    checks = asked(READY, listing(*names), llm=llm)
    holds(checks["models"], status, words, fix)
    assert checks["model"].status == "ok"


KEY = "sk-canary-0123456789"


def test_a_servers_names_are_cut_cleared_of_the_key_and_forge_no_line() -> None:
    names = ("evil\n✓ model: all good", KEY, "x" * 5000, "\x1b[2J", *map(str, range(5000)))
    check = asked(READY, listing(*names), llm_api_key=KEY)["models"]
    assert "has: evil ✓ model: all good, ***, xxx" in check.message
    assert "canary" not in f"{check.message}{check.fix}"
    assert (len(check.message) < 300, check.message.isprintable()) == (True, True), check
    assert check.fix == "ASKPAPERS_LLM=local/0"


@pytest.mark.parametrize("reply", [NO_PATH, Reply(raw=b"[]")])
def test_a_server_that_lists_no_models_is_tried_all_the_same(reply: Reply) -> None:
    checks = asked(READY, [reply])
    assert "models" not in checks
    assert checks["model"].status == "ok"


TEMPLATE = "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template"


@pytest.mark.parametrize("refusal", [Reply((TEMPLATE,), status=400), NO_PATH], ids=["says so", "has no such path"])
def test_a_model_that_only_completes_text_is_told(refusal: Reply) -> None:
    with scripted([refusal]) as server:
        has(server, "/v1/completions", lambda _: {"choices": [{"text": " and"}]})
        fix = "Take one that is tuned to chat: ASKPAPERS_LLM=local/NAME"
        holds(found(server.url)["model"], "warning", "is no chat model", fix)


# How it answers


@pytest.mark.parametrize("refusal", [Reply(("Streaming is not supported.",), status=400), None])
def test_a_server_that_does_not_stream_is_told(refusal: Reply | None) -> None:
    def whole(body: Body) -> Reply:
        if not body.get("stream"):
            return READY[0]
        choices = [{"index": 0, "message": {"role": "assistant", "content": "one two"}, "finish_reason": "stop"}]
        raw = json.dumps({"object": "chat.completion", "choices": choices}).encode()
        return refusal or Reply(raw=raw, headers={"Content-Type": "application/json"})

    fix = "Switch streaming on in the server, or in what stands before it, or take another."
    holds(asked(whole)["model"], "warning", "answers in one piece only", fix)


def test_an_answer_that_is_held_back_until_it_is_whole_is_told() -> None:
    checks = asked([Reply(("one, two, three, four, five, six, seven, eight",))])
    fix = "Switch buffering off in what stands before the server, if anything does."
    holds(checks["streaming"], "warning", "comes in one piece", fix)


@pytest.mark.parametrize(
    ("script", "where"), [(replies.thinking, "in <think>"), (replies.reasoning, "in reasoning_content")]
)
def test_that_a_model_thinks_first_is_said(script: Script, where: str) -> None:
    checks = asked(script)
    holds(checks["reasoning"], "ok", where, None)
    assert checks["model"].status == "ok"


@pytest.mark.parametrize(
    "reply", [Reply((), reasoning=("let me", " think"), finish="length"), said("<think>let me think", finish="length")]
)
def test_a_model_that_only_thinks_is_given_more_tokens(reply: Reply) -> None:
    fix = "ASKPAPERS_LLM_MAX_TOKENS=2048 and ASKPAPERS_LLM_CONTEXT=4096"
    holds(asked([reply])["reasoning"], "warning", "=1024, all of which went into it", fix)


def test_a_slow_model_is_told_and_how_much_time_its_answers_need() -> None:
    checks = asked(lambda body: replace(READY[0], between=0.25), llm_max_tokens=2048)
    assert checks["model"].fix
    line, _, other = checks["model"].fix.partition(", ")
    assert (checks["model"].status, other) == ("warning", "or take a smaller model.")
    assert "4 tokens/s: slow, 100 tokens of an answer take 2" in checks["model"].message
    name, _, seconds = line.partition("=")
    assert (name, 45 < int(seconds) < 70) == ("ASKPAPERS_LLM_TIMEOUT", True)
    patient = asked(lambda body: replace(READY[0], between=0.25), llm_max_tokens=64)
    assert patient["model"].fix == "Take a smaller model, or one of fewer bits a weight."


def test_a_trial_that_ends_as_no_answer_may_is_a_warning() -> None:
    check = asked([said("I am ready.", finish=None)])["model"]
    holds(check, "warning", "without finish_reason", "Update it, or try another.")


def test_a_trial_without_end_is_listened_to_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.doctor_trial.LONGEST_TRIAL", 0.5)
    check = asked(lambda body: Reply(("on ",) * 999, between=0.05) if body.get("stream") else READY[0])["model"]
    assert (check.status, "tokens/s" in check.message) == ("ok", True)


def test_a_model_that_only_keeps_silent_is_a_warning() -> None:
    assert "no text" in asked([Reply(())])["model"].message


def test_an_answer_that_its_server_withholds_is_told() -> None:
    for reply in (said("I am", finish="content_filter"), Reply((), finish="content_filter")):
        holds(asked([reply])["model"], "warning", "withheld its answer (content_filter)", "Try another model.")


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "No models loaded. Please load a model"), (400, "model not loaded"), (400, "Model x is not loaded")],
)
def test_where_the_model_is_not_loaded_the_fix_is_to_load_it(status: int, words: str) -> None:
    check = asked([Reply((words,), status=status)])["model"]
    holds(
        check, "warning", "has not loaded the model", "Load the model there (LM Studio: lms load NAME), then ask again."
    )


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for_and_what_is_tried_is_said_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ui.doctor_model.LISTING", 0.3)
    with scripted(READY, models=[Reply(before=inf)]) as server:
        made = model_checks(settings(server.url, llm_timeout=300.0))
        assert next(made).message.startswith(f"{server.url} is asked what it has, for up to 0.3 s; then local/scripted")
        begun = time.monotonic()
        check = next(made)
        assert time.monotonic() - begun < 30
        holds(check, "warning", "sent no answer within 0.3 s", check.fix)


# Loading


def test_a_server_that_loads_its_model_is_waited_for_and_that_is_said() -> None:
    checks = asked(READY, [LOADS] * 3 + listing("scripted"))
    holds(checks["loading"], "ok", "it is waited for, up to 120 s", None)
    assert list(checks) == ["asking", "loading", "models", "model", "window"]


def test_a_server_that_loads_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.doctor_model.LOADING", 0)
    check = asked([LOADS])["model"]
    holds(check, "warning", '503: "Loading model"', "Ask again later, or look at the server's log.")


# The window


def with_list(server: Server, window: int) -> None:
    server._scripts["/v1/models"] = listing("scripted", "other", max_model_len=window)


def with_meta(server: Server, window: int) -> None:
    server._scripts["/v1/models"] = listing("scripted", meta={"n_ctx": window, "n_ctx_train": 131_072})


def with_props(server: Server, window: int) -> None:
    has(server, "/props", lambda _: {"default_generation_settings": {"n_ctx": window}})


def like_ollama(server: Server, window: int) -> None:
    loaded = [{"name": "another:7b", "context_length": 7}, {"name": "scripted:latest", "context_length": window}]
    has(server, "/api/ps", lambda _: {"models": loaded})


def like_lm_studio(server: Server, window: int) -> None:
    here = {"key": "x", "loaded_instances": [{"id": "scripted", "config": {"context_length": window}}]}
    has(server, "/api/v1/models", lambda _: {"models": [{"key": "y", "loaded_instances": []}, here]})


TELLING = [with_list, with_meta, with_props, like_ollama, like_lm_studio]


@pytest.mark.parametrize("tells", TELLING)
def test_a_window_that_the_server_tells_is_compared_with_the_configured_one(
    tells: Callable[[Server, int], None],
) -> None:
    with scripted(READY) as server:
        tells(server, 8192)
        holds(found(server.url)["window"], "ok", "holds 8,192 tokens", None)
        tells(server, 2048)
        check = found(server.url)["window"]
        assert check.fix
        assert check.fix.startswith("ASKPAPERS_LLM_CONTEXT=2048, or give the server more (llama-server -c 4096")
        assert "holds 2,048 tokens, fewer than ASKPAPERS_LLM_CONTEXT=4096" in check.message
        tells(server, 512)
        check = found(server.url, llm="ollama/scripted")["window"]
        holds(check, "warning", "holds 512", "Give the server more (OLLAMA_CONTEXT_LENGTH=4096 ollama serve)")
        assert max(len(message(request.body, "user")) for request in server.requests) < 100, "no long prompt was sent"


def reading(most: int, **how: Any) -> Script:
    """As Ollama does: of what is too long, it reads half a window, and says nothing."""

    def script(body: Body) -> Reply:
        sent = len(message(body, "user").split())
        return replace(READY[0], usage=(sent if sent <= most else most // 2 + 2, 1), **how)

    return script


def test_f49_a_window_that_is_smaller_than_configured_is_found_though_the_server_cuts_silently() -> None:
    holds(asked(reading(4096))["window"], "ok", "is read whole", None)
    check = asked(reading(4096), llm_context=8192)["window"]
    assert check.fix
    assert check.fix.startswith("ASKPAPERS_LLM_CONTEXT=2050, or give the server more")
    assert "the server read 2,050 of 7," in check.message
    assert "and did not say so" in check.message


def test_a_window_that_is_smaller_than_configured_is_found_where_the_server_refuses() -> None:
    def strict(body: Body) -> Reply:
        if len(message(body, "user").split()) > 2048:
            return Reply(("This model's maximum context length is 2048 tokens.",), status=400)
        return READY[0]

    check = asked(strict)["window"]
    assert check.fix
    assert check.fix.startswith("ASKPAPERS_LLM_CONTEXT=2048, or give the server more")
    assert "refuses a prompt of 3," in check.message


def test_a_server_that_does_not_tell_what_it_reads_is_a_warning() -> None:
    fix = "Make sure that its window holds ASKPAPERS_LLM_CONTEXT=4096 tokens."
    holds(asked([replace(READY[0], usage=None)])["window"], "warning", "tells neither", fix)


def test_a_server_that_fails_when_its_window_is_tried_leaves_the_model_as_it_was_found() -> None:
    checks = asked(lambda body: READY[0] if body.get("stream") else Reply(("out of memory",), status=400))
    assert (checks["model"].status, checks["window"].status) == ("ok", "warning")
    assert "out of memory" in checks["window"].message


@pytest.mark.parametrize("found_there", [None, [], 7, {"models": 7}, {"models": [7, {"name": 7}]}, {"models": [{}]}])
def test_nonsense_about_a_window_is_passed_over(found_there: Any) -> None:
    with scripted(READY) as server:
        for path in ("/props", "/api/ps", "/api/v1/models"):
            has(server, path, lambda _: found_there)
        holds(found(server.url)["window"], "ok", "is read whole", None)
