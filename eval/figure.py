"""One measured figure beside another of the same run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

COLUMNS = ("what", "median", "beside", "median", "ratio", "aim")


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
    def cells(self) -> tuple[str, ...]:
        """For a table with the columns of `COLUMNS`."""
        theirs = "" if self.theirs is None else _number(self.theirs, self.unit)
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.what, _number(self.ours, self.unit), self.beside, theirs, ratio, self.aim

    @property
    def ratio(self) -> float | None:
        """None where there is nothing to compare with."""
        return self.ours / self.theirs if self.theirs else None


def markdown(figures: Iterable[Figure]) -> str:
    """A table, in which what belongs to the line above it is set in."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(figure.cells for figure in figures)]
    return "\n".join(f"| {' | '.join(cell.replace('  ', '– ') for cell in row)} |" for row in rows)


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}".rstrip() if value >= 1000 else f"{value:.3g} {unit}".rstrip()
