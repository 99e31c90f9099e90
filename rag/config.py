"""Settings: every knob, its default, meaning and unit, read from ASKPAPERS_* in the environment or in `.env`."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rag.errors import BadSetting
from rag.masked import masked

_SET_IN_FILE = re.compile(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=", re.MULTILINE)
EMBEDDED = "embedded"
_SPEC = re.compile(r"(?:openai|ollama|local)/\S+")
_AT_OLLAMA = re.compile(r"[\w.-]+:[\w.-]+")  # a name and a tag, as `ollama ls` shows them


class Settings(BaseSettings):
    """Immutable; `.env.example` lists the same fields in the same order."""

    model_config = SettingsConfigDict(env_prefix="ASKPAPERS_", env_file=".env", extra="ignore", frozen=True)

    llm: str = Field("extractive", description="who writes answers: extractive, openai/NAME, ollama/NAME or local/NAME")
    llm_base_url: str | None = Field(
        None, description="address of the server of local/NAME, ending in /v1; of ollama/NAME where it is another's"
    )
    llm_api_key: SecretStr | None = Field(None, description="key for that address; it is sent nowhere else")
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="key for openai/NAME; it is sent to OpenAI only"
    )
    llm_context: int = Field(
        4096, ge=1024, description="tokens that the model's context window holds, prompt and answer together"
    )
    llm_max_tokens: int = Field(1024, ge=64, description="most tokens of an answer, a model's reasoning included")
    llm_timeout: float | None = Field(
        None,
        gt=0,
        le=3600,
        description="seconds to the first token, ten times as many to the last; empty: 60 for OpenAI, 300 for others",
    )
    llm_parallel: int = Field(
        1,
        ge=1,
        le=1000,
        description="questions that the server of ollama/NAME or local/NAME is asked at once; more wait in line",
    )
    strict: bool = Field(False, description="true: what the quotes don't bear out is left out instead of marked")
    evidence: int = Field(12, ge=1, le=60, description="most sentences shown to a model")
    embedding: str = Field(
        "bundled", description="what finds papers by meaning: bundled, openai/NAME, ollama/NAME or local/NAME"
    )
    embedding_base_url: str | None = Field(
        None,
        description="address of its server, under the same rules",
    )
    embedding_api_key: SecretStr | None = Field(None, description="key for that address; it is sent nowhere else")
    home: Annotated[Path | None, NoDecode] = Field(
        None, description="folder of the library; empty: the platform's user-data folder"
    )
    chroma: str = Field(
        EMBEDDED, description="who finds the nearest vectors: embedded, or the address of a Chroma server"
    )
    host: str = Field(
        "127.0.0.1", description="address that the window listens on; 0.0.0.0: whoever reaches this machine may ask"
    )
    allow_changes: bool = Field(
        False,
        description="true: a window that others can reach may also add and remove papers and keep conversations",
    )
    port: int = Field(8501, ge=1, le=65535, description="TCP port of the window; the next free one is taken if in use")
    candidates: int = Field(50, ge=1, le=1000, description="passages looked at by meaning, and as many by words")
    words_weight: float = Field(0.5, ge=0, le=10, description="weight of matching words, where matching meaning has 1")
    passages: int = Field(6, ge=1, le=50, description="papers shown as the nearest, one passage each")
    quotes: int = Field(3, ge=1, le=10, description="most sentences quoted for a question about one paper")
    abstain_below: float = Field(
        0.2, ge=0, le=1, description="chance of being answered (0 to 1) under which the papers don't say"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _empty_means_default(cls, value: object, info: ValidationInfo) -> object:
        return cls.model_fields[str(info.field_name)].default if value == "" else value

    @field_validator("llm")
    @classmethod
    def _names_a_model(cls, value: str) -> str:
        if value != "extractive" and not _SPEC.fullmatch(value):
            raise ValueError(f"must be extractive, openai/NAME, ollama/NAME or local/NAME{_meant(value)}")
        return value

    @field_validator("embedding")
    @classmethod
    def _names_an_embedding(cls, value: str) -> str:
        if value != "bundled" and not _SPEC.fullmatch(value):
            raise ValueError(f"must be bundled, openai/NAME, ollama/NAME or local/NAME{_meant(value)}")
        return value

    @field_validator("host")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            return str(ip_address(value))
        except ValueError:
            raise ValueError("must be an IP address, 127.0.0.1 for this machine only") from None

    @property
    def library(self) -> Path:
        """The library's folder, absolute."""
        return (self.home or user_data_path("askpapers", appauthor=False)).expanduser().absolute()


def load_settings(**overrides: object) -> Settings:
    """The environment's settings, with `overrides` that are not None on top. Raises BadSetting."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadSetting("; ".join(map(_explain, error.errors()))) from None
    except (UnicodeDecodeError, OSError) as error:
        raise BadSetting(
            f".env in {Path.cwd()} can't be read: {error}. Save it as UTF-8, or mend its permissions."
        ) from None


def misspelt() -> dict[str, str | None]:
    """Names like a setting's, in the environment or in `.env`, that are none's; with the nearest real one."""
    fields = Settings.model_fields.items()
    real = [str(field.validation_alias or f"ASKPAPERS_{name.upper()}") for name, field in fields]
    file = Path(".env")
    listed = _SET_IN_FILE.findall(file.read_text(encoding="utf-8", errors="replace")) if file.is_file() else []
    given = sorted({name.upper() for name in (*os.environ, *listed) if name.upper().startswith("ASKPAPERS_")})
    return {name: _nearest(name, real) for name in given if name not in real}


def _nearest(name: str, real: list[str]) -> str | None:
    """Without what all of them begin with, by which every name would be near."""
    ends = {one.removeprefix("ASKPAPERS_"): one for one in real}
    found = get_close_matches(name.removeprefix("ASKPAPERS_"), ends, 1)
    return ends[found[0]] if found else None


def _meant(value: str) -> str:
    return f"; did you mean ollama/{value}?" if _AT_OLLAMA.fullmatch(value) and masked(value) == value else ""


def _explain(problem: object) -> str:
    loc, msg, value = problem["loc"][0], problem["msg"], problem["input"]  # type: ignore[index]
    what = msg.removeprefix("Value error, ")
    end = "" if what.endswith("?") else "."
    return f"ASKPAPERS_{str(loc).upper()}={masked(value)}: {what}{end} See .env.example"
