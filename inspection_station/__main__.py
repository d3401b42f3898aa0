"""``python -m inspection_station`` is the command line."""

import sys

from inspection_station.cli import main

sys.exit(main())
