"""What each worker process of the gateway starts from."""

from __future__ import annotations

from fastapi import FastAPI

from inspection_station.gateway.agencies.serving import agency_service
from inspection_station.gateway.app import build_app
from inspection_station.gateway.settings import place
from inspection_station.log_setup import set_up_logging


def create() -> FastAPI:
    """The application of the gateway that the environment names."""
    set_up_logging(None)
    here = place()
    gateway = here.open()
    return build_app(gateway, agency_service(gateway, here.folder))
