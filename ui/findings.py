"""What was found when looking whether everything is in place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `fix` is what to do about it, mostly a line of `.env`, or None."""

    name: str
    status: Status
    message: str
    fix: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """With the name under "check"."""
        return {"check": self.name} | {key: value for key, value in asdict(self).items() if key != "name"}
