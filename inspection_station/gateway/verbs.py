"""One verb of ``inspection-gateway``: its common options, how it tells what it found, and why it refuses."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.command_line import refusal

if TYPE_CHECKING:
    from inspection_station.gateway.pack_repository import PackRepository
    from inspection_station.gateway.service import Gateway

DONE, NEGATIVE, USAGE, MISSING = 0, 1, 2, 3
PASSPHRASE = "PACK_PASSPHRASE"

Act = Callable[[argparse.Namespace], int]


def add_verb(verbs: Any, name: str, act: Act, text: str) -> argparse.ArgumentParser:
    """A sub-parser with ``--folder``, ``--database`` and ``--json``; what ``act`` raises becomes a refusal."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--folder", type=Path, metavar="DIR", help="the gateway's folder (default: $GATEWAY_FOLDER)")
    parser.add_argument("--database", metavar="URL", help="sqlite:///FILE or postgresql+psycopg://…")
    parser.add_argument("--json", action="store_true", help="JSON on standard output")
    parser.set_defaults(run=lambda options: _guarded(options, act))
    return parser


def tell(options: argparse.Namespace, found: dict[str, Any], text: str) -> int:
    """``found`` as JSON, else ``text``; at once, also where a verb goes on."""
    sys.stdout.write((json.dumps(found, ensure_ascii=False) if options.json else text) + "\n")
    sys.stdout.flush()
    return DONE


def refuse(options: argparse.Namespace, exit_code: int, code: str, what: str, do: str) -> int:
    """Tell why nothing was done; ``exit_code``."""
    return refusal.refuse(options.json, exit_code, code, what, do)


def with_gateway(options: argparse.Namespace, act: Callable[[Gateway], int]) -> int:
    """``act`` on the gateway of ``--folder`` and ``--database``. Raises what ``add_verb`` translates."""
    from inspection_station.gateway.settings import place

    gateway = place(options.folder, options.database).open()
    try:
        return act(gateway)
    finally:
        gateway.database.close()


def repository_of(options: argparse.Namespace) -> tuple[PackRepository, Path]:
    """The repository of data packs, and the folder of its online keys."""
    from inspection_station.gateway.pack_repository import PackRepository
    from inspection_station.gateway.settings import place

    here = place(options.folder, options.database)
    return PackRepository(here.packs), here.keys / "packs"


def signers_of(options: argparse.Namespace, keys: Path, kind: Any) -> Any:
    """Keys of the kind (``--key``, else in ``keys``), of snapshot and of timestamp. Raises PackKeyUnusable."""
    from inspection_station.gateway.pack_keys import load_key

    paths = (options.key or keys / f"{kind.value}.pem", keys / "snapshot.pem", keys / "timestamp.pem")
    return tuple(load_key(path, pack_passphrase()) for path in paths)


def pack_passphrase() -> bytes | None:
    """Of the keys of data packs."""
    text = os.environ.get(PASSPHRASE)
    return text.encode() if text else None


def _guarded(options: argparse.Namespace, act: Act) -> int:
    from sqlalchemy.exc import DBAPIError

    from inspection_station.gateway.authority import KeysMissing
    from inspection_station.gateway.pack_keys import PackKeyUnusable
    from inspection_station.gateway.pack_repository import RepositoryUnusable
    from inspection_station.gateway.stations import NotAdmitted
    from inspection_station.headquarters.packs import PackRefused
    from inspection_station.headquarters.wire import WireError

    try:
        return act(options)
    except PackKeyUnusable as error:
        return refuse(options, MISSING, "PCK-06", str(error), f"name the key, or set ${PASSPHRASE}")
    except RepositoryUnusable as error:
        return refuse(options, MISSING, "PCK-07", str(error), "run «inspection-gateway init-packs»")
    except KeysMissing as error:
        return refuse(options, MISSING, "USE-03", str(error), "run «inspection-gateway init»")
    except DBAPIError as error:
        what = f"the database does not answer ({type(error.orig).__name__})"
        return refuse(options, MISSING, "NET-03", what, "start the database, or correct its address")
    except NotAdmitted as error:
        return refuse(options, NEGATIVE, "SEC-03", str(error), "enrol the station, or ask who sent this")
    except PackRefused as error:
        return refuse(options, USAGE, error.code, str(error), "publish less in one pack")
    except WireError as error:
        return refuse(options, USAGE, error.code, str(error), "ask the station for the bundle again")
    except BrokenPipeError:
        raise  # nobody reads any more
    except (ValueError, TypeError) as error:
        return refuse(options, USAGE, "USE-03", str(error), "correct what was given")
    except OSError as error:
        what = f"a file cannot be used: {error.strerror or type(error).__name__}"
        return refuse(options, USAGE, "USE-03", what, "name another file")
