"""Doctor says what is configured, whether it is there, and the one line that mends it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from beside import has

from eval import replies
from eval.replies import Reply, Script
from eval.scripted import PLAIN, scripted
from rag.config import load_settings
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.types import Paper
from rag.writer import chunk_of
from ui.doctor import checks
from ui.findings import Check


def found(home: Path, **settings: object) -> dict[str, Check]:
    return {check.name: check for check in checks(load_settings(home=home, **settings), ship=False)}


def asked(home: Path, script: Script, models: Script = PLAIN, **settings: object) -> dict[str, Check]:
    with scripted(script, models=models) as server:
        chosen = {"llm": "local/scripted", "llm_base_url": server.url, "llm_timeout": 5.0} | settings
        return found(home, **chosen)


def test_without_a_model_nothing_is_asked_for(shipped_home: Path) -> None:
    names = list(found(shipped_home))
    assert names == ["configuration", "encoder", "library", "index", "embedding", "port"]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://user:secret@127.0.0.1/v1", "ftp://127.0.0.1/v1", "nonsense"]
)
def test_a31_an_address_that_is_none_is_an_error_that_names_the_setting(shipped_home: Path, url: str) -> None:
    check = found(shipped_home, llm="local/x", llm_base_url=url)["model"]
    assert check.status == "error"
    assert "ASKPAPERS_LLM_BASE_URL" in check.message
    assert "secret" not in check.message


def test_what_is_ignored_in_the_environment_is_said(shipped_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://evil.example")
    assert "environment" not in found(shipped_home)
    check = asked(shipped_home, replies.good)["environment"]
    assert (check.status, "OPENAI_BASE_URL" in check.message) == ("warning", True)


@pytest.mark.parametrize("name", ["all_proxy", "OLLAMA_HOST"])
def test_whatever_other_programs_go_by_is_named(shipped_home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://evil.example")
    assert name in asked(shipped_home, replies.good)["environment"].message


def test_a_proxy_that_is_ignored_is_said_where_only_an_embedding_is_asked(
    shipped_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with scripted() as server:
        check = found(shipped_home, embedding="local/e", embedding_base_url=server.url)["environment"]
        assert (check.status, "HTTPS_PROXY" in check.message) == ("warning", True)
        assert "ASKPAPERS_LLM_BASE_URL" in (check.fix or "")


@pytest.mark.parametrize(
    ("path", "llm", "fix"),
    [
        ("/", "local/scripted", "ASKPAPERS_EMBEDDING_BASE_URL={url}, or set ASKPAPERS_EMBEDDING=bundled"),
        ("/v1/embeddings", "local/scripted", "ASKPAPERS_EMBEDDING_BASE_URL={url}, or set ASKPAPERS_EMBEDDING=bundled"),
        ("/v1", "local/e", "The server has: scripted. ASKPAPERS_EMBEDDING=local/NAME of one that embeds, or set "),
    ],
)
def test_an_embedding_at_the_wrong_path_or_of_the_wrong_name_is_mended_by_a_line(
    shipped_home: Path, path: str, llm: str, fix: str
) -> None:
    with scripted(embeddings=[Reply(("no such model",), status=404)]) as server:
        address = server.url.removesuffix("/v1") + path
        check = found(shipped_home, embedding=llm, embedding_base_url=address)["embedding"]
        assert (check.status, (check.fix or "").startswith(fix.format(url=server.url))) == ("warning", True), check


def test_an_embedding_asked_outside_of_v1_at_a_server_that_lists_models_there_too_is_mended_by_a_line(
    shipped_home: Path,
) -> None:
    with scripted() as server:
        has(server, "/models", lambda _: {"data": [{"id": "scripted"}]})
        has(server, "/embeddings", lambda _: [{"index": 0, "embedding": [[1, 2]]}])
        base = server.url.removesuffix("/v1")
        check = found(shipped_home, embedding="local/scripted", embedding_base_url=base)["embedding"]
    fix = f"ASKPAPERS_EMBEDDING_BASE_URL={server.url}, or set ASKPAPERS_EMBEDDING=bundled"
    assert (check.status, check.fix) == ("warning", fix)
    assert "sends no vectors as OpenAI does" in check.message


def test_an_embedding_that_is_served_by_any_name_is_told(shipped_home: Path) -> None:
    with scripted() as server:
        check = found(shipped_home, embedding="local/nope", embedding_base_url=server.url)["embedding"]
    assert (check.status, check.fix) == ("warning", "ASKPAPERS_EMBEDDING=local/scripted")
    assert "lists no 'nope', and gives vectors all the same; it has: scripted" in check.message


def test_an_embeddings_server_forges_no_line_by_the_names_of_its_models(shipped_home: Path) -> None:
    key, names = "sk-canary-0123456789", ["evil\n✓ all good", "sk-canary-0123456789", "x" * 5000]
    models = [Reply(raw=json.dumps({"data": [{"id": name} for name in names]}).encode())]
    with scripted(embeddings=[Reply(("no such model",), status=404)], models=models) as server:
        chosen = {"embedding": "local/e", "embedding_base_url": server.url, "embedding_api_key": key}
        fix = found(shipped_home, **chosen)["embedding"].fix or ""
    assert fix.startswith("The server has: evil ✓ all good, ***, xxx")
    assert (len(fix) < 400, fix.isprintable()) == (True, True)


@pytest.mark.parametrize("place", ["environment", "file"])
@pytest.mark.parametrize(
    ("name", "fix"),
    [("ASKPAPERS_QOUTES", "Did you mean ASKPAPERS_QUOTES?"), ("ASKPAPERS_XYZZY", ".env.example lists them all.")],
)
def test_a_setting_that_is_none_is_named_with_the_nearest_one(
    shipped_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str, fix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if place == "environment":
        monkeypatch.setenv(name, "1")
    else:
        (tmp_path / ".env").write_text(f"# ASKPAPERS_OTHER=1\nASKPAPERS_QUOTES=2\n{name}=1\n")
    check = found(shipped_home)["settings"]
    assert (check.status, check.message, check.fix) == ("warning", f"{name} is no setting: ignored", fix)


def test_an_index_behind_the_library_is_told_while_another_process_is_adding(own: Library) -> None:
    bread = Paper("bread", "On Bread", "We let it rise.")
    with own.writing() as writer:
        writer.put(bread, lambda paper: (chunk_of("passage", paper, 0, 15),))
        writer.commit(BundledEncoder().fingerprint, writer.lacking(BundledEncoder().fingerprint), np.ones((1, 384)))
        check = found(own.folder)["index"]
    assert (check.status, "behind the library" in check.message) == ("warning", True)
    assert found(own.folder)["index"].status == "ok"
