"""Agencies' systems as a gateway process uses them: put together from its folder and its database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inspection_station.gateway.agencies.asking import Agencies
from inspection_station.gateway.agencies.configuration import load_systems
from inspection_station.gateway.agencies.forwarding import Forwarding
from inspection_station.gateway.agencies.ports import Answering
from inspection_station.gateway.service import Gateway
from inspection_station.headquarters.questions import AgencySystem


@dataclass(frozen=True, slots=True)
class AgencyService:
    """Questions of stations, and what goes up."""

    agencies: Agencies
    forwarding: Forwarding


def no_agencies(gateway: Gateway) -> AgencyService:
    """A gateway that reaches no system."""
    return _service(gateway, {})


def agency_service(gateway: Gateway, folder: Path) -> AgencyService:
    """The systems that ``folder`` names, none without its file. Raises AgenciesUnusable, OSError."""
    return _service(gateway, load_systems(folder, gateway.settings.training))


def _service(gateway: Gateway, systems: Mapping[AgencySystem, Answering]) -> AgencyService:
    label = b"questions/1" + gateway.authority.receipts.private_bytes_raw()
    agencies = Agencies(gateway.database, systems, gateway.now, hashlib.sha256(label).digest())
    forwarding = Forwarding(gateway.database, gateway.pictures, systems, agencies.resting, gateway.now)
    return AgencyService(agencies, forwarding)
