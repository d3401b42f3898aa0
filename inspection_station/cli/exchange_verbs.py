"""``enrol``, ``sync``, ``outbox status``, ``bundle export|import|inspect``: the exchange with headquarters by hand.

``outbox status`` and ``bundle inspect`` read beside a running station; the others need the store to themselves.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.cli.exchange_advice import DO, RUNNING
from inspection_station.cli.store_place import add_place, place_of
from inspection_station.command_line.refusal import refuse
from inspection_station.given_file import open_given, read_given
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.storage.store import StationStore

_DONE, _NEGATIVE, _USAGE, _MISSING = 0, 1, 2, 3
_LONGEST_KEY = 4096  # bytes of an escrow key's file


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verbs."""
    enrol = _verb(verbs, "enrol", _enrol, "make this station known at headquarters")
    enrol.add_argument("address", metavar="ADDRESS", help="https://NAME:PORT of the gateway")
    enrol.add_argument("--ticket", metavar="TICKET", help="as «inspection-gateway enrol» gave it (default: asked for)")

    sync = _verb(verbs, "sync", _sync, "exchange with headquarters until told to end")
    sync.add_argument("--once", action="store_true", help="end when nothing more can be done now")
    sync.add_argument("--port-link", action="store_true", help="a port's link: originals go too, without a budget")

    outbox = verbs.add_parser("outbox", help="what waits to be sent")
    acts = outbox.add_subparsers(dest="act", metavar="ACT", required=True)
    _verb(acts, "status", _status, "what waits in each lane, and how the exchange stands")

    bundle = verbs.add_parser("bundle", help="the exchange by mail or stick")
    acts = bundle.add_subparsers(dest="act", metavar="ACT", required=True)
    export = _verb(acts, "export", _export, "everything that waits, in one sealed file")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--without-pictures", action="store_true", help="alerts and decisions alone")
    export.add_argument("--escrow", type=Path, metavar="KEY", help="a second public key that may open it")
    imported = _verb(acts, "import", _import, "headquarters' receipts and packs out of a return bundle")
    imported.add_argument("file", type=Path, metavar="FILE")
    inspect = acts.add_parser("inspect", help="what can be read of a bundle without a key")
    inspect.add_argument("file", type=Path, metavar="FILE")
    inspect.add_argument("--json", action="store_true", help="JSON on standard output")
    inspect.set_defaults(run=_inspect)


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text, description=text)
    add_place(parser)
    parser.set_defaults(run=run, act_name=name)
    return parser


def _enrol(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.client import enrol_over_https
    from inspection_station.headquarters.enrolment import StationKeys, Ticket, enrolment_for

    def act(store: StationStore, station: str, training: bool) -> int:
        ticket, keys = Ticket.parse(options.ticket if options.ticket is not None else _asked_for()), StationKeys.new()
        enrolled = enrol_over_https(options.address, ticket, enrolment_for(ticket, station, training, keys))
        store.outbox.enrol(enrolled.identity(keys, options.address))
        return _tell(options, {"station": station, "gateway": enrolled.gateway}, f"enrolled at {enrolled.gateway}")

    return _with_store(options, act)


def _asked_for() -> str:
    """A line of standard input; the question goes to standard error, for standard output belongs to the result."""
    sys.stderr.write("ticket: ")
    sys.stderr.flush()
    return sys.stdin.readline()


def _sync(options: argparse.Namespace) -> int:
    import time

    from inspection_station.headquarters.loop import Conversation
    from inspection_station.headquarters.plan import Rules
    from inspection_station.storage.clock import SystemClock

    def act(store: StationStore, station: str, training: bool) -> int:
        clock = SystemClock()
        conversation = Conversation(station, store.outbox, clock, Rules(port_link=options.port_link))
        conversation.late_hits = store.late_hits
        if options.once:
            conversation.hasten()  # who asks by hand does not mean «unless that was done a minute ago»
        confirmed = 0
        try:
            while True:
                progress = conversation.step()
                confirmed += progress.confirmed
                if progress.rest_until is None:
                    continue
                if options.once:
                    break
                time.sleep(max(0.1, min(5.0, (progress.rest_until - clock.now()).total_seconds())))
        finally:
            conversation.close()
        return _told_outcome(options, store, confirmed, progress.fault)

    return _with_store(options, act)


def _told_outcome(options: argparse.Namespace, store: StationStore, confirmed: int, fault: str) -> int:
    from inspection_station.storage.values import Lane

    backlog = store.outbox.backlog()
    waiting = sum(lane.messages for lane in backlog)
    found = {
        "confirmed": confirmed,
        "waiting": waiting,
        "held": sum(lane.held for lane in backlog),
        "late_hits": len(store.late_hits.unseen()),
        "fault": fault or None,
    }
    _tell(options, found, f"{confirmed} confirmed, {waiting} wait")
    if (originals := backlog[Lane.ORIGINALS].messages) and not fault:
        sys.stderr.write(f"{originals} of them are originals, which a port's link alone carries: --port-link\n")
    if fault:
        sys.stderr.write(f"{fault}: the exchange stopped. Do this: {DO.get(fault, 'run this again')}.\n")
        return _MISSING
    return _DONE if not waiting else _NEGATIVE


def _status(options: argparse.Namespace) -> int:
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.outbox import backlog
    from inspection_station.storage.reader import StoreReader
    from inspection_station.storage.receipts import exchange_state
    from inspection_station.storage.values import Lane

    def act() -> int:
        folder, keys, _ = place_of(options)
        reader = StoreReader.open(folder, keys, clock=SystemClock())
        try:
            lanes, state = reader.ask(backlog), reader.ask(exchange_state)
            oldest = reader.outbox_status().oldest_seconds
        finally:
            reader.close()
        found = {
            "lanes": [
                {
                    "lane": lane.lane,
                    "name": Lane(lane.lane).name.lower().replace("_", " "),
                    "waiting": lane.messages,
                    "bytes": lane.bytes,
                    "held": lane.held,
                }
                for lane in lanes
            ],
            "oldest_seconds": oldest,
            "last_contact": None if state.last_contact is None else state.last_contact.isoformat(),
            "fault": state.fault or None,
            "not_before": None if state.not_before is None else state.not_before.isoformat(),
            "log": {"epoch": state.head.epoch, "size": state.head.size, "durable": state.head.durable_through},
            "budget": {"voyage": state.voyage, "limit": state.budget_bytes, "used": state.used_bytes},
        }
        rows = [
            f"{Lane(lane.lane).name.lower():<16}{lane.messages:>8} waiting {lane.bytes:>12} bytes" for lane in lanes
        ]
        return _tell(options, found, "\n".join(rows))

    return _guarded(options, act)


def _export(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.bundle_exchange import export_bundle
    from inspection_station.headquarters.recipients import require_public
    from inspection_station.storage.clock import SystemClock

    def act(store: StationStore, station: str, training: bool) -> int:
        escrow = None if options.escrow is None else read_given(options.escrow, _LONGEST_KEY)
        if escrow is not None:
            require_public(escrow)
        made = export_bundle(
            options.file,
            station,
            store.outbox,
            SystemClock(),
            escrow,
            pictures=not options.without_pictures,
            late_hits=store.late_hits,
        )
        found = {"messages": made.messages, "pictures": made.pictures, "unreadable": made.unreadable}
        return _tell(options, found, f"{counted(made.messages, 'message')} and {counted(made.pictures, 'picture')}")

    return _with_store(options, act)


def _import(options: argparse.Namespace) -> int:
    from inspection_station.cli.pack_verbs import DO as PACK_DO
    from inspection_station.cli.pack_verbs import packs_of_bundle, refused_packs, told_packs
    from inspection_station.headquarters.bundle_exchange import import_return
    from inspection_station.headquarters.packs import PackRefused
    from inspection_station.headquarters.plan import Rules
    from inspection_station.storage.clock import SystemClock

    def act(store: StationStore, station: str, training: bool) -> int:
        with open_given(options.file):  # tells first that there is no such file
            pass
        done = import_return(
            options.file, store.outbox, SystemClock(), Rules(), station=station, late_hits=store.late_hits
        )
        found = {
            "confirmed": done.confirmed,
            "held": done.held,
            "stale": done.stale,
            "late_hits": done.late_hits,
        }
        text = f"{done.confirmed} confirmed, {counted(done.stale, 'answer')} overtaken"
        identity = store.outbox.identity()
        try:
            packs = None if identity is None else packs_of_bundle(options, identity)
        except PackRefused as fault:  # the receipts count all the same
            _tell(options, {**found, "packs": {"fault": fault.fault.value, "code": fault.code}}, text)
            sys.stderr.write(f"{fault.code}: the packs in it: {fault}. Do this: {PACK_DO[fault.code]}.\n")
            return _NEGATIVE
        if packs is None:
            return _tell(options, {**found, "packs": None}, text)
        _tell(
            options, {**found, "packs": told_packs(packs)}, f"{text}, {counted(len(packs.installed), 'pack')} installed"
        )
        return refused_packs(packs)

    return _with_store(options, act)


def _inspect(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.sealed_bundle import read_header

    def act() -> int:
        header = read_header(options.file)
        found = {
            "direction": header.direction,
            "sender": header.sender,
            "recipients": [key_id.hex() for key_id, _ in header.recipients],
            "bytes": options.file.stat().st_size,
        }
        return _tell(options, found, f"{header.direction}, from {header.sender}, {found['bytes']} bytes")

    return _guarded(options, act)


def _tell(options: argparse.Namespace, found: dict[str, Any], text: str) -> int:
    print(json.dumps(found, ensure_ascii=False) if options.json else text)
    return _DONE


def _with_store(options: argparse.Namespace, act: Callable[[StationStore, str, bool], int]) -> int:
    """Open the store for writing and act. The station's id is the profile's."""
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.store import StationStore

    def opened() -> int:
        folder, keys, station = place_of(options)
        store = StationStore.open(folder, keys, station_id=station, clock=SystemClock())
        try:
            return act(store, station, keys.training)
        finally:
            store.close()

    return _guarded(options, opened)


def _guarded(options: argparse.Namespace, act: Callable[[], int]) -> int:
    from inspection_station.headquarters.enrolment import BadTicket
    from inspection_station.headquarters.exchange import NotEnrolled
    from inspection_station.headquarters.ports import LinkFault
    from inspection_station.headquarters.wire import WireError
    from inspection_station.station_profile import ProfileError
    from inspection_station.storage.errors import AlreadyOpen, StoreUnavailable

    try:
        return act()
    except ProfileError as error:
        return refuse(options.json, _USAGE, "PRO-01", str(error))
    except AlreadyOpen:
        do = RUNNING.get(getattr(options, "act_name", ""), "")
        return refuse(options.json, _MISSING, "STO-04", "the station is running", do)
    except StoreUnavailable as fault:
        return refuse(options.json, _MISSING, fault.code, fault.detail)
    except (LinkFault, NotEnrolled) as fault:
        return refuse(options.json, _MISSING, fault.code, str(fault), DO[fault.code])
    except (WireError, BadTicket) as fault:
        return refuse(options.json, _USAGE, fault.code, str(fault), DO[fault.code])
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return refuse(options.json, _USAGE, "USE-01", f"the file cannot be used: {reason}", "name another file")
