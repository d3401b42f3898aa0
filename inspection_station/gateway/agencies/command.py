"""The gateway's verbs about agencies' systems: simulate-agencies, agencies, forward, fetch-lists."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from inspection_station.command_line.program import ended_in_order
from inspection_station.gateway.listening import NobodyListens, listen
from inspection_station.gateway.verbs import (
    DONE,
    MISSING,
    NEGATIVE,
    USAGE,
    add_verb,
    refuse,
    tell,
    with_gateway,
)

if TYPE_CHECKING:
    from inspection_station.gateway.agencies.serving import AgencyService
    from inspection_station.gateway.agencies.simulator.faults import Faults
    from inspection_station.gateway.service import Gateway


_PORT = 8700
_PAUSE = 5.0  # seconds between two turns of «forward»
_WITHIN = 60.0
_SLOWEST = 3600.0


def register(verbs: Any) -> None:
    """Add the sub-parsers."""
    played = add_verb(verbs, "simulate-agencies", _simulate, "play agencies' systems until ended")
    played.add_argument("--port", type=int, default=_PORT, metavar="N", help=f"default {_PORT}; 0: any")
    played.add_argument("--fault", action="append", default=[], metavar="NAME", help="FAULT or SYSTEM:FAULT (again)")
    played.add_argument("--slow-seconds", type=float, default=8.0, metavar="N", help="how slow «slow» is")
    played.add_argument("--fingers", type=int, default=2, metavar="N", help="persons whose fingers are enrolled")
    played.add_argument(
        "--configure", action="store_true", help="write agencies.toml into the gateway's folder, for these systems"
    )
    add_verb(verbs, "agencies", _agencies, "how each agency's system stands, and what waits for it")
    forward = add_verb(verbs, "forward", _forward, "send records and pictures up to agencies until ended")
    forward.add_argument("--once", action="store_true", help="one turn, then end")
    fetch = add_verb(verbs, "fetch-lists", _fetch, "get lists and manifests, as files for publish-pack")
    fetch.add_argument("target", type=Path, metavar="DIR")


def _simulate(options: argparse.Namespace) -> int:
    from inspection_station.gateway.agencies.simulator.faults import Faults, UnknownFault

    if not 0 <= options.slow_seconds <= _SLOWEST or not 0 <= options.fingers <= 12:
        return refuse(options, USAGE, "USE-03", "a time or a count is out of range", "correct it")
    try:
        faults = Faults(options.fault, options.slow_seconds)
    except UnknownFault as error:
        return refuse(options, USAGE, "USE-03", str(error), "name a fault that there is")
    try:
        place = listen("127.0.0.1", options.port)
    except NobodyListens as error:
        return refuse(options, MISSING, "USE-03", str(error), "end what uses it, or name another with --port")
    with place:
        return _play(options, place, faults)


def _play(options: argparse.Namespace, place: socket, faults: Faults) -> int:
    import uvicorn

    from inspection_station.gateway.agencies.simulator.app import build_simulators
    from inspection_station.log_setup import set_up_logging

    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    if options.configure and (refused := _configure(options, url)) != DONE:
        return refused
    now = datetime.now(UTC)
    played = build_simulators(now, faults)
    played.fingers.enrol_listed(options.fingers, now)
    played.faces.load()
    systems = {system.value: f"{url}/{system.value}" for system in played.systems}
    found = {"systems": systems, "faults": dict(faults.told()), "fingers": len(played.fingers.gallery)}
    set_up_logging(None)
    tell(options, found, "\n".join(systems.values()))
    config = uvicorn.Config(
        played.app, lifespan="off", access_log=False, ws="none", log_level="warning", server_header=False
    )
    with ended_in_order():
        uvicorn.Server(config).run(sockets=[place])
    return DONE


def _configure(options: argparse.Namespace, url: str) -> int:
    from inspection_station.gateway.agencies.configuration import FILE, configuration
    from inspection_station.gateway.settings import place

    def write(gateway: Gateway) -> int:
        if not gateway.settings.training:
            what = "played systems belong to a training gateway"
            return refuse(options, NEGATIVE, "USE-03", what, "use a gateway made with --training")
        path = place(options.folder, options.database).folder / FILE
        path.write_text(configuration(url, True), encoding="utf-8")
        return DONE

    return with_gateway(options, write)


def _agencies(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.questions import AgencySystem

    def stand(gateway: Gateway, service: AgencyService) -> int:
        states, waiting = service.agencies.resting.states(), service.forwarding.waiting()
        rows = []
        for system in AgencySystem:
            state = states.get(system)
            rows.append(
                {
                    "system": system.value,
                    "configured": system in service.agencies.systems,
                    "answered_at": None if state is None else state.answered_at,
                    "failures": 0 if state is None else state.failures,
                    "resting_until": None if state is None else state.resting_until,
                    "fault": "" if state is None else state.fault,
                    "waiting": waiting.get(system.value, 0),
                }
            )
        lines = [
            f"{row['system']:<24}{'' if row['configured'] else 'not configured':<16}"
            f"{row['waiting']:>8} waiting  {row['fault']}"
            for row in rows
        ]
        return tell(options, {"systems": rows}, "\n".join(lines))

    return _with_service(options, stand)


def _forward(options: argparse.Namespace) -> int:
    def forward(gateway: Gateway, service: AgencyService) -> int:
        if not service.agencies.systems:
            what = "no agency's system is configured"
            return refuse(options, MISSING, "AGY-04", what, "write agencies.toml (docs/agencies.md)")
        if not options.once:
            while True:
                service.forwarding.turn_quietly()
                time.sleep(_PAUSE)
        done = service.forwarding.turn()
        found = {"noted": done.noted, "sent": done.sent, "known": done.known, "put_off": done.put_off}
        found["waiting"] = sum(service.forwarding.waiting().values())
        return tell(options, found, f"{done.sent} sent, {found['waiting']} waiting")

    return _with_service(options, forward)


def _fetch(options: argparse.Namespace) -> int:
    from inspection_station.gateway.agencies.fetching import fetch_lists

    def fetch(gateway: Gateway, service: AgencyService) -> int:
        if not service.agencies.systems:
            what = "no agency's system is configured"
            return refuse(options, MISSING, "AGY-04", what, "write agencies.toml (docs/agencies.md)")
        options.target.mkdir(parents=True, exist_ok=True, mode=0o700)
        files, faults = fetch_lists(service.agencies.systems, options.target, _WITHIN)
        found = {"files": files, "not_answered": faults}
        tell(options, found, "\n".join(f"{row['file']}: {row['entries']}" for row in files))
        return NEGATIVE if faults else DONE

    return _with_service(options, fetch)


def _with_service(options: argparse.Namespace, act: Callable[[Gateway, AgencyService], int]) -> int:
    from inspection_station.gateway.agencies.serving import agency_service
    from inspection_station.gateway.settings import place

    folder = place(options.folder, options.database).folder
    return with_gateway(options, lambda gateway: act(gateway, agency_service(gateway, folder)))
