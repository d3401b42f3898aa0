"""``inspection-gateway``: init, serve, enrol, revoke, mark-durable, import-bundle, openapi; packs in ``pack_command``.

Every verb takes ``--json``. Exit codes as on the station: 0 done, 1 a negative finding, 2 bad input, 3 missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import ssl
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from inspection_station import __version__
from inspection_station.gateway.agencies.command import AgencyCommands
from inspection_station.gateway.pack_command import PackCommands
from inspection_station.gateway.record_command import RecordCommand
from inspection_station.wording import counted

_DONE, _NEGATIVE, _USAGE, _MISSING = 0, 1, 2, 3
_STATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_GRACE_SECONDS = 5  # for requests under way when it is told to end: a station sends again what was cut off


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="inspection-gateway", description="Headquarters' side of the exchange")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)

    init = _verb(verbs, "init", _init, "make keys, an authority, and the database's tables")
    init.add_argument("--host", action="append", metavar="NAME", help="name or address stations use (repeatable)")
    init.add_argument("--training", action="store_true", help="a gateway for training records alone")

    serve = _verb(verbs, "serve", _serve, "answer stations until told to end")
    serve.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS")
    serve.add_argument("--port", type=int, default=8443)
    serve.add_argument("--workers", type=int, default=1)

    enrol = _verb(verbs, "enrol", _enrol, "a ticket that enrols one station once")
    enrol.add_argument("station", metavar="STATION")
    enrol.add_argument("--hours", type=float, default=24.0, help="how long the ticket works (default 24)")

    revoke = _verb(verbs, "revoke", _revoke, "shut a station out from now on")
    revoke.add_argument("station", metavar="STATION")

    durable = _verb(verbs, "mark-durable", _mark_durable, "a copy holds the log: stations may let go of it")
    durable.add_argument("--through", type=int, metavar="N", help="entries that the copy holds (default: all)")

    bundle = _verb(verbs, "import-bundle", _import_bundle, "take in a station's sealed bundle")
    bundle.add_argument("file", type=Path, metavar="FILE")
    bundle.add_argument("--answer", type=Path, metavar="FILE", help="write the return bundle here")
    bundle.add_argument("--packs", action="store_true", help="everything that is published goes into the answer too")

    PackCommands(_tell, _refuse).register(verbs, _verb)
    AgencyCommands(_tell, _refuse, _with_gateway).register(verbs, _verb)

    RecordCommand(_tell, _refuse, _with_gateway).register(verbs, _verb)
    _verb(verbs, "openapi", _openapi, "the service's description")
    return top


def _verb(verbs: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--folder", type=Path, metavar="DIR", help="the gateway's folder (default: $GATEWAY_FOLDER)")
    parser.add_argument("--database", metavar="URL", help="sqlite:///FILE or postgresql+psycopg://…")
    parser.add_argument("--json", action="store_true", help="JSON on standard output")
    parser.set_defaults(run=run)
    return parser


def _tell(options: argparse.Namespace, found: dict[str, Any], text: str) -> int:
    sys.stdout.write((json.dumps(found, ensure_ascii=False) if options.json else text) + "\n")
    return _DONE


def _refuse(options: argparse.Namespace, exit_code: int, code: str, what: str, do: str) -> int:
    if options.json:
        sys.stdout.write(json.dumps({"error": {"code": code, "what": what, "do": do}}) + "\n")
    sys.stderr.write(f"{code}: {what}. Do this: {do}.\n")
    return exit_code


def _init(options: argparse.Namespace) -> int:
    from inspection_station.gateway.authority import create_authority
    from inspection_station.gateway.database import Database
    from inspection_station.gateway.service import initialise
    from inspection_station.gateway.settings import place

    here = place(options.folder, options.database)
    hosts = options.host or ["localhost", "127.0.0.1"]
    try:
        here.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = create_authority(here.keys, hosts, datetime.now(UTC), here.passphrase)
        database = Database(here.database)
        settings = initialise(database, options.training)
    except FileExistsError:
        return _refuse(options, _NEGATIVE, "USE-03", "there is a gateway here already", "use another folder")
    except (ValueError, OSError) as error:
        return _refuse(options, _USAGE, "USE-03", str(error), "correct the folder or the database's address")
    database.close()
    found = {"gateway": settings.gateway_id, "authority": authority.fingerprint, "training": settings.training}
    return _tell(options, found, f"gateway {settings.gateway_id}, authority {authority.fingerprint}")


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from inspection_station.gateway.agencies.serving import agency_service
    from inspection_station.gateway.authority import KeysMissing
    from inspection_station.gateway.peer_certificate import StationProtocol
    from inspection_station.gateway.settings import DATABASE, FOLDER, place
    from inspection_station.log_setup import set_up_logging

    here = place(options.folder, options.database)
    try:
        gateway = here.open()
        agency_service(gateway, here.folder)  # what it says wrongly is told here, not by each worker
        gateway.database.close()
    except KeysMissing as error:
        return _refuse(options, _MISSING, "USE-03", str(error), "run «inspection-gateway init»")
    except (ValueError, TypeError) as error:
        return _refuse(options, _USAGE, "USE-03", str(error), "correct the database, the passphrase or agencies.toml")
    os.environ[FOLDER], os.environ[DATABASE] = str(here.folder), here.database
    set_up_logging(None)
    uvicorn.run(
        "inspection_station.gateway.worker:create",
        factory=True,
        host=options.bind,
        port=options.port,
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
    return _DONE


def _with_gateway(options: argparse.Namespace, act: Callable[[Any], int]) -> int:
    from sqlalchemy.exc import DBAPIError

    from inspection_station.gateway.authority import KeysMissing
    from inspection_station.gateway.settings import place

    try:
        gateway = place(options.folder, options.database).open()
        try:
            return act(gateway)
        finally:
            gateway.database.close()
    except KeysMissing as error:
        return _refuse(options, _MISSING, "USE-03", str(error), "run «inspection-gateway init»")
    except DBAPIError as error:
        what = f"the database does not answer ({type(error.orig).__name__})"
        return _refuse(options, _MISSING, "NET-03", what, "start the database, or correct its address")
    except (ValueError, TypeError) as error:
        return _refuse(options, _USAGE, "USE-03", str(error), "correct what was given")


def _enrol(options: argparse.Namespace) -> int:
    if not _STATION.fullmatch(options.station):
        do = "give up to 64 letters, digits, full stops, hyphens and underscores"
        return _refuse(options, _USAGE, "USE-03", "not a station's name", do)
    if not 0 < options.hours <= 24 * 30:
        return _refuse(options, _USAGE, "USE-03", "a ticket works for up to 30 days", "give fewer hours")

    def act(gateway: Any) -> int:
        ticket = gateway.ticket(options.station, timedelta(hours=options.hours))
        found = {"station": options.station, "ticket": ticket.text, "hours": options.hours}
        return _tell(options, found, ticket.text)

    return _with_gateway(options, act)


def _revoke(options: argparse.Namespace) -> int:
    from inspection_station.gateway.stations import revoke

    def act(gateway: Any) -> int:
        with gateway.database.writing() as connection:
            done = revoke(connection, options.station, datetime.now(UTC))
        if not done:
            return _refuse(options, _NEGATIVE, "USE-02", "no station of this name", "look at the name")
        return _tell(options, {"station": options.station, "revoked": True}, f"{options.station} is shut out")

    return _with_gateway(options, act)


def _mark_durable(options: argparse.Namespace) -> int:
    def act(gateway: Any) -> int:
        head = gateway.mark_durable(options.through)
        found = {"durable_through": head.durable_through, "size": head.size, "epoch": head.epoch}
        return _tell(options, found, f"{head.durable_through} of {head.size} entries are durable")

    return _with_gateway(options, act)


def _import_bundle(options: argparse.Namespace) -> int:
    if options.packs and options.answer is None:
        return _refuse(options, _USAGE, "USE-03", "packs go into an answer", "name its file with --answer")
    from inspection_station.gateway.bundles import import_bundle, write_return
    from inspection_station.gateway.pack_repository import RepositoryUnusable
    from inspection_station.gateway.stations import NotAdmitted
    from inspection_station.headquarters.wire import WireError

    def act(gateway: Any) -> int:
        try:
            taken = import_bundle(gateway, options.file)
            if options.answer is not None:
                write_return(gateway, taken, options.answer, packs=options.packs)
        except WireError as error:
            return _refuse(options, _USAGE, error.code, str(error), "ask the station for the bundle again")
        except NotAdmitted as error:
            return _refuse(options, _NEGATIVE, "SEC-03", str(error), "enrol the station, or ask who sent this")
        except RepositoryUnusable as error:
            return _refuse(options, _MISSING, "PCK-07", str(error), "run «inspection-gateway init-packs»")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return _refuse(options, _USAGE, "USE-03", f"the file cannot be used: {reason}", "name another file")
        verdicts = [verdict for one in taken.returned for verdict, _ in one.answer.verdicts]
        found = {
            "station": taken.station,
            "requests": taken.requests,
            "pictures": taken.pictures,
            "verdicts": {verdict.name.lower(): verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        }
        return _tell(options, found, f"{counted(len(verdicts), 'item')} from {taken.station}")

    return _with_gateway(options, act)


def _openapi(options: argparse.Namespace) -> int:
    from inspection_station.gateway.app import build_app

    return _with_gateway(options, lambda gateway: _tell(options, build_app(gateway).openapi(), "give --json"))
