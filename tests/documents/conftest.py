"""Makes the fakes importable as ``fakes.…`` whatever part of the tree is run; properties are not timed."""

import sys
from pathlib import Path

from hypothesis import settings

_TESTS = str(Path(__file__).resolve().parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)

# A busy machine is no fault of the code: speed is measured in the benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
