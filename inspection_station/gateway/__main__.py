"""``python -m inspection_station.gateway``."""

import sys

from inspection_station.gateway.command import main

if __name__ == "__main__":
    sys.exit(main())
