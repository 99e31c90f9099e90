"""What is measured by the clock on the wall, beside whatever else the machine does: the best of three tries counts."""

from __future__ import annotations

import pytest

by_the_clock = pytest.mark.flaky(reruns=2)
