"""All played systems in one application, each under its own name; each has an OpenAPI document of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import FastAPI
from starlette.types import ASGIApp

from inspection_station.gateway.agencies.simulator.biometric_apps import (
    emergency_identity,
    foreigner_biometrics,
    identity_confirmation,
)
from inspection_station.gateway.agencies.simulator.faults import Faults, WithFaults
from inspection_station.gateway.agencies.simulator.kept import Kept
from inspection_station.gateway.agencies.simulator.lists_apps import entry_exit, lost_documents, rmas, webapis
from inspection_station.gateway.agencies.simulator.world import Faces, Fingers, Sources, sources
from inspection_station.headquarters.questions import AgencySystem


@dataclass(frozen=True)
class Simulators:
    """The played systems, what they know, what they were sent, and what is wrong with them."""

    app: ASGIApp
    systems: dict[AgencySystem, FastAPI]
    faults: Faults
    known: Sources
    fingers: Fingers
    faces: Faces
    kept: dict[AgencySystem, Kept]


def build_simulators(now: datetime, faults: Faults | None = None) -> Simulators:
    """Everything but fingers (``Fingers.enrol_listed`` draws them) and faces, loaded at the first question."""
    wrong = faults if faults is not None else Faults()
    known, fingers, faces = sources(now), Fingers(), Faces(now)
    kept = {system: Kept() for system in AgencySystem}
    systems = {
        AgencySystem.ENTRY_EXIT: entry_exit(known, kept[AgencySystem.ENTRY_EXIT]),
        AgencySystem.FOREIGNER_BIOMETRICS: foreigner_biometrics(fingers, kept[AgencySystem.FOREIGNER_BIOMETRICS]),
        AgencySystem.IDENTITY_CONFIRMATION: identity_confirmation(faces, kept[AgencySystem.IDENTITY_CONFIRMATION], now),
        AgencySystem.EMERGENCY_IDENTITY: emergency_identity(faces, kept[AgencySystem.EMERGENCY_IDENTITY], now),
        AgencySystem.WEBAPIS: webapis(known, kept[AgencySystem.WEBAPIS]),
        AgencySystem.RMAS: rmas(known),
        AgencySystem.LOST_ABROAD: lost_documents("遺失護照（海外）", known.lost_abroad),
        AgencySystem.LOST_AT_HOME: lost_documents("遺失護照（國內）", known.lost_at_home),
    }
    whole = FastAPI(title="Agencies' systems, played", docs_url=None, redoc_url=None, openapi_url=None)
    for system, app in systems.items():
        whole.mount(f"/{system.value}", app)
    return Simulators(WithFaults(whole, wrong), systems, wrong, known, fingers, faces, kept)
