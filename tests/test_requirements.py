"""What is declared is what was tried."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BOUND = re.compile(r"([\w-]+)>=([\d.]+)")


def test_every_lower_bound_is_the_version_that_the_tests_ran_with() -> None:
    fixed = (ROOT / ".ci/constraints.txt").read_text().lower().replace("_", "-")
    pinned = dict(line.split("==") for line in fixed.split())
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, builds = declared["project"], " ".join(declared["build-system"]["requires"])
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    bounds = dict(_BOUND.findall("\n".join(wanted).lower()))
    assert {name: _numbers(bound) for name, bound in bounds.items()} == {n: _numbers(pinned[n]) for n in bounds}
    assert len(bounds) == len(wanted)
    assert {name for name, _ in _BOUND.findall(builds)} <= set(pinned)


def _numbers(version: str) -> list[int]:
    """Without zeros at the end: 9 is 9.0."""
    return [int(number) for number in re.sub(r"(?:\.0)+$", "", version).split(".")]
