"""``inspection-gateway``: init, serve, enrol, revoke, mark-durable, import-bundle, openapi.

Packs are in ``pack_command``, a voyage's in ``voyage_command``, agencies in ``agencies.command``, records in
``record_command``.

Every verb takes ``--json``. Exit codes as on the station: 0 done, 1 a negative finding, 2 bad input, 3 missing.
"""

from __future__ import annotations

import argparse
import os
import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from inspection_station import __version__
from inspection_station.command_line.options import CommandLine
from inspection_station.command_line.program import carry_out, ended_in_order
from inspection_station.gateway import pack_command, record_command, voyage_command
from inspection_station.gateway.agencies import command as agency_command
from inspection_station.gateway.listening import NobodyListens, listen
from inspection_station.gateway.verbs import DONE, MISSING, NEGATIVE, USAGE, add_verb, refuse, tell, with_gateway
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.gateway.service import Gateway, GatewaySettings
    from inspection_station.gateway.settings import Place

_STATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_WORKERS = 64
_GRACE_SECONDS = 5  # for requests under way when it is told to end: a station sends again what was cut off


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code. Usage errors exit with 2 (argparse's own habit)."""
    return carry_out(_parser, arguments)


def _parser() -> argparse.ArgumentParser:
    top = CommandLine(prog="inspection-gateway", description="Headquarters' side of the exchange")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)

    init = add_verb(verbs, "init", _init, "make keys, an authority, and the database's tables")
    init.add_argument("--host", action="append", metavar="NAME", help="name or address stations use (repeatable)")
    init.add_argument("--training", action="store_true", help="a gateway for training records alone")

    serve = add_verb(verbs, "serve", _serve, "answer stations until told to end")
    serve.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS")
    serve.add_argument("--port", type=int, default=8443, metavar="N", help="default 8443; 0: any that is free")
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")

    enrol = add_verb(verbs, "enrol", _enrol, "a ticket that enrols one station once")
    enrol.add_argument("station", metavar="STATION")
    enrol.add_argument("--hours", type=float, default=24.0, help="how long the ticket works (default 24)")

    revoke = add_verb(verbs, "revoke", _revoke, "shut a station out from now on")
    revoke.add_argument("station", metavar="STATION")

    durable = add_verb(verbs, "mark-durable", _mark_durable, "a copy holds the log: stations may let go of it")
    durable.add_argument("--through", type=int, metavar="N", help="entries that the copy holds (default: all)")

    bundle = add_verb(verbs, "import-bundle", _import_bundle, "take in a station's sealed bundle")
    bundle.add_argument("file", type=Path, metavar="FILE")
    bundle.add_argument("--answer", type=Path, metavar="FILE", help="write the return bundle here")
    bundle.add_argument("--packs", action="store_true", help="everything that is published goes into the answer too")

    pack_command.register(verbs)
    voyage_command.register(verbs)
    agency_command.register(verbs)
    record_command.register(verbs)
    add_verb(verbs, "openapi", _openapi, "the service's description")
    return top


def _init(options: argparse.Namespace) -> int:
    from inspection_station.gateway.authority import create_authority, holds_keys
    from inspection_station.gateway.database import Database
    from inspection_station.gateway.service import initialise
    from inspection_station.gateway.settings import place

    here = place(options.folder, options.database)
    hosts = options.host or ["localhost", "127.0.0.1"]
    if holds_keys(here.keys):
        return refuse(options, NEGATIVE, "USE-03", "there is a gateway here already", "use another folder")
    here.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(here.database)
    try:  # keys come last: what went wrong before can be mended, and this run again
        settings = initialise(database, options.training)
        authority = create_authority(here.keys, hosts, datetime.now(UTC), here.passphrase)
    finally:
        database.close()
    found = {"gateway": settings.gateway_id, "authority": authority.fingerprint, "training": settings.training}
    return tell(options, found, f"gateway {settings.gateway_id}, authority {authority.fingerprint}")


def _serve(options: argparse.Namespace) -> int:
    from inspection_station.gateway.agencies.serving import agency_service
    from inspection_station.gateway.settings import DATABASE, FOLDER, place

    if not 1 <= options.workers <= _MOST_WORKERS:
        return refuse(options, USAGE, "USE-03", f"--workers lies between 1 and {_MOST_WORKERS}", "correct it")
    here = place(options.folder, options.database)
    here.bring_forward(datetime.now(UTC))
    gateway = here.open()
    agency_service(gateway, here.folder)  # what it says wrongly is told here, not by each worker
    gateway.database.close()
    try:
        taken = listen(options.bind, options.port)
    except NobodyListens as error:
        do = "end what uses it, or name another with --bind and --port"
        return refuse(options, MISSING, "USE-03", str(error), do)
    os.environ[FOLDER], os.environ[DATABASE] = str(here.folder), here.database
    with taken:
        return _answer(options, here, gateway.settings, taken)


def _answer(options: argparse.Namespace, here: Place, settings: GatewaySettings, taken: socket) -> int:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from inspection_station.gateway.peer_certificate import StationProtocol
    from inspection_station.log_setup import set_up_logging

    set_up_logging(None)
    config = uvicorn.Config(
        "inspection_station.gateway.worker:create",
        factory=True,
        workers=options.workers,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        http=StationProtocol,
        ws="none",
        lifespan="off",
        ssl_certfile=str(here.keys / "server.pem"),
        ssl_keyfile=str(here.keys / "server.key"),
        ssl_keyfile_password=None if here.passphrase is None else here.passphrase.decode(),
        ssl_ca_certs=str(here.keys / "authority.pem"),
        ssl_cert_reqs=ssl.CERT_OPTIONAL,  # enrolment comes without one; every other route asks for it
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
    )
    host, port = taken.getsockname()[:2]
    address = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    found = {"address": address, "gateway": settings.gateway_id, "training": settings.training}
    tell(options, {**found, "workers": options.workers}, address)
    with ended_in_order():
        if options.workers > 1:
            Multiprocess(config, sockets=[taken]).run()
        else:
            uvicorn.Server(config).run(sockets=[taken])
    return DONE


def _enrol(options: argparse.Namespace) -> int:
    if not _STATION.fullmatch(options.station):
        do = "give up to 64 letters, digits, full stops, hyphens and underscores"
        return refuse(options, USAGE, "USE-03", "not a station's name", do)
    if not 0 < options.hours <= 24 * 30:
        return refuse(options, USAGE, "USE-03", "a ticket works for up to 30 days", "give fewer hours")

    def act(gateway: Gateway) -> int:
        ticket = gateway.ticket(options.station, timedelta(hours=options.hours))
        found = {"station": options.station, "ticket": ticket.text, "hours": options.hours}
        return tell(options, found, ticket.text)

    return with_gateway(options, act)


def _revoke(options: argparse.Namespace) -> int:
    from inspection_station.gateway.stations import revoke

    def act(gateway: Gateway) -> int:
        with gateway.database.writing() as connection:
            done = revoke(connection, options.station, datetime.now(UTC))
        if not done:
            return refuse(options, NEGATIVE, "USE-02", "no station of this name", "look at the name")
        return tell(options, {"station": options.station, "revoked": True}, f"{options.station} is shut out")

    return with_gateway(options, act)


def _mark_durable(options: argparse.Namespace) -> int:
    def act(gateway: Gateway) -> int:
        head = gateway.mark_durable(options.through)
        found = {"durable_through": head.durable_through, "size": head.size, "epoch": head.epoch}
        return tell(options, found, f"{head.durable_through} of {head.size} entries are durable")

    return with_gateway(options, act)


def _import_bundle(options: argparse.Namespace) -> int:
    if options.packs and options.answer is None:
        return refuse(options, USAGE, "USE-03", "packs go into an answer", "name its file with --answer")
    from inspection_station.gateway.bundles import import_bundle, write_return

    def act(gateway: Gateway) -> int:
        taken = import_bundle(gateway, options.file)
        if options.answer is not None:
            write_return(gateway, taken, options.answer, packs=options.packs)
        verdicts = [verdict for one in taken.returned for verdict, _ in one.answer.verdicts]
        found = {
            "station": taken.station,
            "requests": taken.requests,
            "pictures": taken.pictures,
            "verdicts": {verdict.name.lower(): verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        }
        return tell(options, found, f"{counted(len(verdicts), 'item')} from {taken.station}")

    return with_gateway(options, act)


def _openapi(options: argparse.Namespace) -> int:
    from inspection_station.gateway.app import build_app

    return with_gateway(options, lambda gateway: tell(options, build_app(gateway).openapi(), "give --json"))
