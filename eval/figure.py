"""One measured figure beside another of the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A median, and what it is measured against: `ratio` is ours over theirs."""

    what: str
    ours: float
    unit: str
    beside: str = ""
    theirs: float | None = None
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """None where there is nothing to compare with."""
        return self.ours / self.theirs if self.theirs else None
