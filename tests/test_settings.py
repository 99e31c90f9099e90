"""Settings and their documentation are one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.chroma_server import load_server
from rag.config import Settings, load_settings
from rag.errors import BadSetting
from rag.models import load_embedding, load_llm

EXAMPLE = Path(__file__).parents[1] / ".env.example"


def test_env_example_lists_every_setting_with_its_default_and_meaning() -> None:
    listed = EXAMPLE.read_text()
    blocks = [
        f"# {field.description[0].upper()}{field.description[1:]}.\n"
        f"{field.validation_alias or f'ASKPAPERS_{name.upper()}'}={_shown(field.default)}\n"
        for name, field in Settings.model_fields.items()
        if field.description
    ]
    assert listed.split("\n\n", 1)[1] == "\n".join(blocks)
    assert len(blocks) == len(Settings.model_fields)


def _shown(default: object) -> str:
    return "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)


def test_the_example_as_it_stands_means_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ASKPAPERS_HOME")
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    with_example = Settings(_env_file=tmp_path / ".env")
    assert with_example == Settings(_env_file=None)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(Settings(), "port", 1)  # noqa: B010 - the type checker would stop us first


@pytest.mark.parametrize(("name", "value"), [("port", 0), ("quotes", "many"), ("llm", "gpt-4"), ("embedding", "bert")])
def test_a_bad_setting_is_named_with_its_value(name: str, value: object) -> None:
    with pytest.raises(BadSetting, match=f"ASKPAPERS_{name.upper()}={value}"):
        load_settings(**{name: value})


def loaded(**settings: str) -> None:
    for load in (load_llm, load_embedding, load_server):
        load(load_settings(**settings))


@pytest.mark.parametrize("key", ["sk-CANARY-0123456789", "0a1b2c3d4e5f6a7b8c9d0e1f-CANARY", "hf_abCANARYdefghijklmnop"])
@pytest.mark.parametrize("setting", ["llm", "embedding", "port", "llm_base_url", "embedding_base_url", "chroma"])
def test_a_key_in_the_wrong_setting_is_not_repeated(setting: str, key: str) -> None:
    models = {"llm": "local/x", "llm_base_url": "http://127.0.0.1:9/v1", "embedding": "local/x"}
    models["embedding_base_url"] = models["llm_base_url"]
    with pytest.raises(BadSetting) as raised:
        loaded(**(models | {setting: key}))
    assert f"ASKPAPERS_{setting.upper()}={key[:5]}…: " in str(raised.value)
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize("setting", ["llm", "embedding"])
def test_a_model_named_as_ollama_does_is_met_with_the_name_that_was_meant(setting: str) -> None:
    with pytest.raises(BadSetting, match=r"=qwen3:4b: must be .*; did you mean ollama/qwen3:4b\?"):
        load_settings(**{setting: "qwen3:4b"})


def test_an_env_file_that_is_no_utf_8_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"ASKPAPERS_PORT=8600\n# caf\xe9\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadSetting, match=f"^.env in {tmp_path} can't be read: .* Save it as UTF-8"):
        load_settings()


@pytest.mark.parametrize("name", ["LLM", "STRICT", "LLM_CONTEXT", "LLM_TIMEOUT", "EMBEDDING", "PORT"])
def test_a_setting_left_empty_means_its_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ASKPAPERS_{name}", "")
    assert load_settings() == Settings()
    assert getattr(load_settings(), name.lower()) == Settings.model_fields[name.lower()].default


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e12", "0", "-1"])
def test_a_timeout_that_no_clock_can_wait_for_is_refused(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPAPERS_LLM_TIMEOUT", seconds)
    with pytest.raises(BadSetting, match="ASKPAPERS_LLM_TIMEOUT="):
        load_settings()
