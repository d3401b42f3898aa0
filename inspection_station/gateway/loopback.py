"""A training gateway on this machine's loopback, for the station that started it: ``python -m
inspection_station.gateway.loopback``.

It ends when its standard input ends, however its starter ended. Once it can be spoken to, or nearly, ``ready.json``
lies in its folder: its address, its id, and a ticket that enrols the station once.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import ssl
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

READY = "ready.json"
HOST = "127.0.0.1"
_TICKET_LIFE = timedelta(hours=1)

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends. Raises what keeps it from starting."""
    parser = argparse.ArgumentParser(prog="inspection_station.gateway.loopback", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--station", required=True)
    parser.add_argument("--agencies-port", type=int, help="play agencies' systems here, and ask them")
    options = parser.parse_args(arguments)

    from inspection_station.log_setup import set_up_logging

    set_up_logging(options.folder / "log")
    serve(options.folder, options.port, options.station, options.agencies_port)
    return 0


def serve(folder: Path, port: int, station: str, agencies_port: int | None) -> None:
    """See ``main``."""
    import uvicorn

    from inspection_station.gateway.agencies.serving import agency_service
    from inspection_station.gateway.app import build_app
    from inspection_station.gateway.peer_certificate import StationProtocol
    from inspection_station.gateway.settings import Place

    here = Place(folder, f"sqlite:///{folder.resolve() / 'gateway.db'}", None)
    _prepare(here)
    if agencies_port is not None:
        _configure_agencies(folder, agencies_port)
    gateway = here.open()
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(gateway, agency_service(gateway, folder)),
            host=HOST,
            port=port,
            http=StationProtocol,
            ws="none",
            lifespan="off",
            ssl_certfile=str(here.keys / "server.pem"),
            ssl_keyfile=str(here.keys / "server.key"),
            ssl_ca_certs=str(here.keys / "authority.pem"),
            ssl_cert_reqs=ssl.CERT_OPTIONAL,  # enrolment comes without one; every other route asks for it
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
    )
    _watch(server)
    if agencies_port is not None:
        threading.Thread(target=_play_agencies, args=(agencies_port,), daemon=True).start()
    ticket = gateway.ticket(station, _TICKET_LIFE)
    ready = {
        "process": os.getpid(),
        "address": f"https://{HOST}:{port}",
        "gateway": gateway.settings.gateway_id,
        "ticket": ticket.text,
    }
    whole = folder / (READY + ".unfinished")
    whole.write_text(json.dumps(ready), encoding="utf-8")
    whole.replace(folder / READY)
    server.run()
    gateway.database.close()


def _prepare(here: Any) -> None:
    """Keys and tables on the first start, the schema forward and a fresh server certificate on later ones."""
    from inspection_station.gateway.authority import create_authority, holds_keys
    from inspection_station.gateway.database import Database
    from inspection_station.gateway.service import initialise

    now, hosts = datetime.now(UTC), [HOST, "localhost"]
    here.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not holds_keys(here.keys):
        create_authority(here.keys, hosts, now, None)
    database = Database(here.database)
    try:
        initialise(database, True)
    finally:
        database.close()
    here.bring_forward(now)


def _watch(server: Any) -> None:
    """End the server when whoever started it is gone."""

    def until_it_ends() -> None:
        while sys.stdin.buffer.read(1 << 12):
            pass
        server.should_exit = True

    threading.Thread(target=until_it_ends, daemon=True).start()


def _configure_agencies(folder: Path, port: int) -> None:
    from inspection_station.gateway.agencies.configuration import FILE, configuration

    (folder / FILE).write_text(configuration(f"http://{HOST}:{port}", True), encoding="utf-8")


def _play_agencies(port: int) -> None:
    """The played systems beside the gateway, ready some seconds later: what is asked before is «not checked»."""
    import uvicorn

    from inspection_station.gateway.agencies.simulator.app import build_simulators
    from inspection_station.gateway.agencies.simulator.faults import Faults

    try:
        played = build_simulators(datetime.now(UTC), Faults([], 0.0))
        played.faces.load()
        config = uvicorn.Config(
            played.app, host=HOST, port=port, lifespan="off", ws="none", access_log=False, log_level="warning"
        )
        uvicorn.Server(config).run()
    except (Exception, SystemExit) as fault:  # the gateway goes on: its stations are told «not checked»
        log.warning("agencies' systems could not be played", extra={"fault": type(fault).__name__})


if __name__ == "__main__":
    sys.exit(main())
