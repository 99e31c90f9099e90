"""The models page: who writes, what the test finds, how to switch; and no key anywhere on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from rag.config import Settings, load_settings
from ui.findings import Check
from ui.known import known
from ui.models_page import checked, waiting
from ui.recipes import RECIPES, kind_of
from ui.settings_table import settings_table

PAGE = Path(__file__).parents[1] / "ui" / "models_page.py"
KEY = "sk-canary-0123456789"


def test_every_recipe_is_settings_that_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for recipe in RECIPES.values():
        Path(".env").write_text(recipe.lines)
        assert f"ASKPAPERS_LLM={load_settings().llm}\n" in f"{recipe.lines}\n"


def test_the_recipe_in_use_is_the_one_shown_first() -> None:
    for kind, recipe in RECIPES.items():
        given = dict(line.split("=", 1) for line in recipe.lines.splitlines())
        names = {"llm": "ASKPAPERS_LLM", "llm_base_url": "ASKPAPERS_LLM_BASE_URL"}
        assert kind_of(load_settings(**{name: given.get(setting) for name, setting in names.items()})) == kind


def test_the_settings_are_all_listed_and_of_a_key_only_that_it_is_set() -> None:
    settings = Settings(
        llm="local/x", llm_api_key=SecretStr(KEY), llm_base_url=f"http://user:{KEY}@127.0.0.1/v1", strict=True
    )
    rows = {row["cells"][0]["text"]: row["cells"][1]["text"] for row in settings_table(settings)["rows"]}
    assert len(rows) == len(Settings.model_fields)
    assert (rows["ASKPAPERS_LLM"], rows["ASKPAPERS_STRICT"]) == ("local/x", "true")
    assert (rows["ASKPAPERS_LLM_API_KEY"], rows["OPENAI_API_KEY"]) == ("set", "not set")
    assert "canary" not in str(settings_table(settings))


def test_a_check_is_shown_with_shape_words_and_what_mends_it() -> None:
    found = [Check("model", "warning", "it is away", "Start it."), Check("port", "warning", "is taken")]
    rows = checked(found, "What the test found")["rows"]
    assert [row["cells"] for row in rows] == [
        [{"text": "! look", "shade": "fair"}, "model", {"text": "it is away", "sub": "Start it."}]
    ]


def told(**settings: object) -> dict[str, Check]:
    return {check.name: check for check in known(load_settings(**settings))}


def test_what_is_set_and_what_is_lacking_is_known_before_anybody_is_asked() -> None:
    usual = told()
    assert {check.status for check in usual.values()} == {"ok"}
    assert (usual["model"].message, usual["chroma"].message) == ("none is asked", "embedded, in the library's folder")
    nowhere = "http://127.0.0.1:9"  # would be refused
    away = told(
        llm="local/x", llm_base_url=f"{nowhere}/v1", llm_api_key=KEY,
        embedding="local/y", embedding_base_url=f"{nowhere}/v1", embedding_api_key="", chroma=nowhere,
    )  # fmt: skip
    assert away["model"].message.startswith(f"local/x at {nowhere}/v1, ASKPAPERS_LLM_API_KEY is set")
    assert away["embedding"].message.startswith(f"local/y at {nowhere}/v1, ASKPAPERS_EMBEDDING_API_KEY is not set")
    assert away["chroma"].message.startswith(f"at {nowhere};")
    lacking = told(llm="openai/gpt-5", embedding="local/y")
    assert (lacking["model"].status, lacking["embedding"].status) == ("warning", "warning")
    assert lacking["model"].fix == "Set OPENAI_API_KEY, or another ASKPAPERS_LLM."
    wrong = told(llm="local/x", llm_base_url=f"http://user:{KEY}@127.0.0.1/v1")
    assert (wrong["model"].status, wrong["embedding"].status) == ("error", "ok")
    assert KEY not in f"{away}{wrong}"


def test_a_check_that_takes_long_keeps_nobody_from_clicking() -> None:
    def slow() -> Iterator[Check]:
        yield Check("first", "ok", "")
        time.sleep(0.8)
        yield Check("second", "ok", "")

    names = [check and check.name for check in waiting(slow)]
    assert names[0] == "first"
    assert names[-1] == "second"
    assert None in names


def test_what_a_check_raises_is_raised_where_it_is_waited_for() -> None:
    def broken() -> Iterator[Check]:
        raise ValueError("no")
        yield

    with pytest.raises(ValueError, match="no"):
        list(waiting(broken))


@pytest.mark.usefixtures("home")
def test_the_page_says_who_writes_and_where_the_lines_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASKPAPERS_LLM", "local/$x$")
    monkeypatch.setenv("ASKPAPERS_LLM_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    said = "\n".join(element.value for element in page.text)
    assert "written by local/$x$" in said
    assert f"file .env in {tmp_path}" in said
    assert page.code[-1].value == RECIPES["Another host"].lines
    page.segmented_control[0].set_value("OpenAI").run()
    assert page.code[-1].value == RECIPES["OpenAI"].lines
    assert "canary" not in str(page)
