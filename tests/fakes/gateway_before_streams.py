"""``inspection-gateway`` as it was before streams: pictures come a part a request, there is no route for streams.

Run as a program of its own; the arguments are those of ``inspection-gateway``.
"""

from __future__ import annotations

import sys
from typing import Any

from fastapi import APIRouter

from inspection_station.gateway import app
from inspection_station.gateway.command import main

_whole = app.pictures_router


def _before_streams(*given: Any) -> APIRouter:
    router = _whole(*given)
    router.routes = [route for route in router.routes if getattr(route, "path", "") != "/v1/pictures"]
    return router


if __name__ == "__main__":
    app.pictures_router = _before_streams
    sys.exit(main())
