"""The gateway's verbs about agencies' systems: simulate-agencies, agencies, forward, fetch-lists."""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Tell = Callable[[argparse.Namespace, dict[str, Any], str], int]
Refuse = Callable[[argparse.Namespace, int, str, str, str], int]
Verb = Callable[..., argparse.ArgumentParser]

_DONE, _NEGATIVE, _USAGE, _MISSING = 0, 1, 2, 3
_PORT = 8700
_PAUSE = 5.0  # seconds between two turns of «forward»
_WITHIN = 60.0


class AgencyCommands:
    """Adds the verbs; ``tell`` and ``refuse`` are the command's own."""

    def __init__(self, tell: Tell, refuse: Refuse, with_gateway: Callable[..., int]) -> None:
        self._tell = tell
        self._refuse = refuse
        self._with_gateway = with_gateway

    def register(self, verbs: Any, verb: Verb) -> None:
        """Add the sub-parsers."""
        played = verb(verbs, "simulate-agencies", self._simulate, "play agencies' systems until ended")
        played.add_argument("--port", type=int, default=_PORT, help=f"default {_PORT}")
        played.add_argument(
            "--fault", action="append", default=[], metavar="NAME", help="FAULT or SYSTEM:FAULT (again)"
        )
        played.add_argument("--slow-seconds", type=float, default=8.0, metavar="N", help="how slow «slow» is")
        played.add_argument("--fingers", type=int, default=2, metavar="N", help="persons whose fingers are enrolled")
        played.add_argument(
            "--configure", action="store_true", help="write agencies.toml into the gateway's folder, for these systems"
        )
        verb(verbs, "agencies", self._agencies, "how each agency's system stands, and what waits for it")
        forward = verb(verbs, "forward", self._forward, "send records and pictures up to agencies until ended")
        forward.add_argument("--once", action="store_true", help="one turn, then end")
        fetch = verb(verbs, "fetch-lists", self._fetch, "get lists and manifests, as files for publish-pack")
        fetch.add_argument("target", type=Path, metavar="DIR")

    def _simulate(self, options: argparse.Namespace) -> int:
        import uvicorn

        from inspection_station.gateway.agencies.simulator.app import build_simulators
        from inspection_station.gateway.agencies.simulator.faults import Faults, UnknownFault
        from inspection_station.log_setup import set_up_logging

        if not 0 < options.port < 1 << 16 or options.slow_seconds < 0 or not 0 <= options.fingers <= 12:
            return self._refuse(options, _USAGE, "USE-03", "a port, a time or a count is out of range", "correct it")
        try:
            faults = Faults(options.fault, options.slow_seconds)
        except UnknownFault as error:
            return self._refuse(options, _USAGE, "USE-03", str(error), "name a fault that there is")
        url = f"http://127.0.0.1:{options.port}"
        if options.configure:
            refused = self._configure(options, url)
            if refused != _DONE:
                return refused
        place = socket.socket()
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("127.0.0.1", options.port))
            place.listen(128)
        except OSError:
            place.close()
            what = "nothing can listen on this port"
            return self._refuse(options, _MISSING, "USE-03", what, "end what uses it, or name another with --port")
        now = datetime.now(UTC)
        played = build_simulators(now, faults)
        played.fingers.enrol_listed(options.fingers, now)
        played.faces.load()
        systems = {system.value: f"{url}/{system.value}" for system in played.systems}
        found = {"systems": systems, "faults": dict(faults.told()), "fingers": len(played.fingers.gallery)}
        set_up_logging(None)
        self._tell(options, found, "\n".join(systems.values()))
        sys.stdout.flush()
        config = uvicorn.Config(
            played.app, lifespan="off", access_log=False, ws="none", log_level="warning", server_header=False
        )
        uvicorn.Server(config).run(sockets=[place])
        return _DONE

    def _configure(self, options: argparse.Namespace, url: str) -> int:
        from inspection_station.gateway.agencies.configuration import FILE, configuration
        from inspection_station.gateway.settings import place

        def write(gateway: Any) -> int:
            if not gateway.settings.training:
                what = "played systems belong to a training gateway"
                return self._refuse(options, _NEGATIVE, "USE-03", what, "use a gateway made with --training")
            path = place(options.folder, options.database).folder / FILE
            path.write_text(configuration(url, True), encoding="utf-8")
            return _DONE

        return self._with_gateway(options, write)

    def _agencies(self, options: argparse.Namespace) -> int:
        from inspection_station.headquarters.questions import AgencySystem

        def tell(gateway: Any, service: Any) -> int:
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
            return self._tell(options, {"systems": rows}, "\n".join(lines))

        return self._with_service(options, tell)

    def _forward(self, options: argparse.Namespace) -> int:
        def forward(gateway: Any, service: Any) -> int:
            if not service.agencies.systems:
                what = "no agency's system is configured"
                return self._refuse(options, _MISSING, "AGY-04", what, "write agencies.toml (docs/agencies.md)")
            if not options.once:
                while True:
                    service.forwarding.turn_quietly()
                    time.sleep(_PAUSE)
            done = service.forwarding.turn()
            found = {"noted": done.noted, "sent": done.sent, "known": done.known, "put_off": done.put_off}
            found["waiting"] = sum(service.forwarding.waiting().values())
            return self._tell(options, found, f"{done.sent} sent, {found['waiting']} waiting")

        return self._with_service(options, forward)

    def _fetch(self, options: argparse.Namespace) -> int:
        from inspection_station.gateway.agencies.fetching import fetch_lists

        def fetch(gateway: Any, service: Any) -> int:
            if not service.agencies.systems:
                what = "no agency's system is configured"
                return self._refuse(options, _MISSING, "AGY-04", what, "write agencies.toml (docs/agencies.md)")
            options.target.mkdir(parents=True, exist_ok=True, mode=0o700)
            files, faults = fetch_lists(service.agencies.systems, options.target, _WITHIN)
            found = {"files": files, "not_answered": faults}
            self._tell(options, found, "\n".join(f"{row['file']}: {row['entries']}" for row in files))
            return _NEGATIVE if faults else _DONE

        return self._with_service(options, fetch)

    def _with_service(self, options: argparse.Namespace, act: Callable[[Any, Any], int]) -> int:
        from inspection_station.gateway.agencies.serving import agency_service
        from inspection_station.gateway.settings import place

        def run(gateway: Any) -> int:
            try:
                return act(gateway, agency_service(gateway, place(options.folder, options.database).folder))
            except OSError as error:
                what = f"a file cannot be used: {error.strerror or type(error).__name__}"
                return self._refuse(options, _USAGE, "USE-03", what, "name another file")

        return self._with_gateway(options, run)
