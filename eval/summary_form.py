"""The form of a summary, as far as anything is read of it: files may have been made by anybody."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class _Form(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Figure(_Form):
    value: float | None
    low: float | None
    high: float | None
    scored: int
    of: int


class _Figures(_Form):
    all: dict[str, _Figure]
    kind: dict[str, dict[str, _Figure]]


class _Asked(_Form):
    kind: str
    cluster: int | str
    status: Literal["answered", "abstained", "failed"]
    scores: tuple[float | None, ...]


class _Questions(_Form):
    count: int
    sha256: str


class _Library(_Form):
    papers: int


class _Versions(_Form):
    askpapers: str


class _Record(_Form):
    model: str
    library: _Library
    questions: _Questions
    versions: _Versions


class _Status(_Form):
    answered: int
    abstained: int
    failed: int


class _Times(_Form):
    started: str
    latency: dict[str, dict[str, float]]


class SummaryForm(_Form):
    """summary.json; a baseline is the same without times."""

    run: _Record
    status: _Status
    fallbacks: int
    figures: _Figures
    metrics: tuple[str, ...]
    questions: dict[str, _Asked]
    times: _Times = _Times(started="", latency={})

    @model_validator(mode="after")
    def _has_as_many_scores_as_metrics(self) -> SummaryForm:
        for asked in self.questions.values():
            if len(asked.scores) != len(self.metrics):
                raise ValueError(f"{len(asked.scores)} scores of {len(self.metrics)} metrics")
        return self
