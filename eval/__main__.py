"""The evaluation's own door: python -m eval run is askpapers eval run."""

from __future__ import annotations

import sys

from ui.cli import run

if __name__ == "__main__":
    sys.exit(run(["eval", *sys.argv[1:]]))
