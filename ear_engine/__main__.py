"""``python -m ear_engine`` is ``ear-engine``."""

from __future__ import annotations

import sys

from ear_engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
