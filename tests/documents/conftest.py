"""Makes the fakes importable as ``fakes.…`` whatever part of the tree is run."""

import sys
from pathlib import Path

_TESTS = str(Path(__file__).resolve().parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)
