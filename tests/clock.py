"""What is measured by the clock on the wall, beside whatever else the machine does: the best of three tries counts."""

from __future__ import annotations

import pytest

by_the_clock = pytest.mark.flaky(reruns=2)
in_a_browser = pytest.mark.flaky(reruns=1)  # a page may be drawn anew under the mouse, where the machine is busy
