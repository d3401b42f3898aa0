"""Records held against the newest lists at once, by the verbs ``screen`` and ``publish-pack``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspection_station.gateway.service import Gateway
    from inspection_station.gateway.whitelists import Whitelists


def screened(gateway: Gateway, whitelists: Whitelists) -> dict[str, Any]:
    """Screen to the end; where somebody was found, publish anew the whitelists that change by it."""
    if gateway.screening is None:
        raise ValueError("the gateway has no packs")
    done = gateway.screening.run()
    published = whitelists.refresh() if done.found else ()
    return {
        "records": done.records,
        "searched": done.searched,
        "late_hits": done.found,
        "unreadable": done.unreadable,
        "whitelists": [one.label.told() for one in published],
    }


def screened_if_begun(options: argparse.Namespace) -> dict[str, Any] | None:
    """Screen after a list was published. None where that cannot be done here and now: packs may be made on another
    machine than the gateway's, and a gateway that serves screens by itself.
    """
    from sqlalchemy.exc import DBAPIError

    from inspection_station.gateway.authority import KeysMissing
    from inspection_station.gateway.settings import place

    here = place(options.folder, options.database)
    try:
        gateway = here.open()
        try:
            return screened(gateway, here.whitelists(gateway))
        finally:
            gateway.database.close()
    except (KeysMissing, ValueError, TypeError, DBAPIError):
        return None
