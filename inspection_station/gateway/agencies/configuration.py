"""Where each agency's system is: ``agencies.toml`` in the gateway's folder. Without the file no system is asked.

Text form::

    training = false                              # must be what the gateway is
    [system.entry-exit]                           # names of headquarters.questions.AgencySystem
    url = "https://inspection.example/api"
    token_env = "ENTRY_EXIT_TOKEN"                # the bearer token comes from the environment, never from the file
    authority = "entry-exit-authority.pem"        # beside this file: who may vouch for the system
    certificate = "gateway-client.pem"            # beside this file: certificate and key of ours
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inspection_station.gateway.agencies.biometrics import ForeignerBiometricsHttp
from inspection_station.gateway.agencies.documents import LostDocumentsHttp, RmasHttp
from inspection_station.gateway.agencies.entry_exit import EntryExitHttp
from inspection_station.gateway.agencies.http import Address, AgencyHttp
from inspection_station.gateway.agencies.identity import EmergencyIdentityHttp, IdentityConfirmationHttp
from inspection_station.gateway.agencies.ports import Answering
from inspection_station.gateway.agencies.webapis import WebApisHttp
from inspection_station.headquarters.questions import AgencySystem

FILE = "agencies.toml"
_LARGEST = 64 << 10
_KEYS = {"url", "token_env", "authority", "certificate"}
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class AgenciesUnusable(ValueError):
    """The file does not say what it must. The text names system and key."""


_ADAPTERS: Mapping[AgencySystem, Callable[[AgencyHttp], Answering]] = {
    AgencySystem.ENTRY_EXIT: EntryExitHttp,
    AgencySystem.FOREIGNER_BIOMETRICS: ForeignerBiometricsHttp,
    AgencySystem.IDENTITY_CONFIRMATION: IdentityConfirmationHttp,
    AgencySystem.EMERGENCY_IDENTITY: EmergencyIdentityHttp,
    AgencySystem.WEBAPIS: WebApisHttp,
    AgencySystem.RMAS: RmasHttp,
    AgencySystem.LOST_ABROAD: lambda http: LostDocumentsHttp(AgencySystem.LOST_ABROAD, http),
    AgencySystem.LOST_AT_HOME: lambda http: LostDocumentsHttp(AgencySystem.LOST_AT_HOME, http),
}


def adapter(system: AgencySystem, address: Address) -> Answering:
    """The adapter of a system at an address."""
    return _ADAPTERS[system](AgencyHttp(address))


def load_systems(
    folder: Path, training: bool, environment: Mapping[str, str] = os.environ
) -> dict[AgencySystem, Answering]:
    """The systems that ``folder`` names, none without its file. Raises AgenciesUnusable, OSError."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return {}
    if len(data) > _LARGEST:
        raise AgenciesUnusable(f"{FILE}: too large")
    try:
        table = tomllib.loads(data.decode())
    except ValueError:
        raise AgenciesUnusable(f"{FILE}: not TOML") from None
    if table.get("training") is not training:
        raise AgenciesUnusable(f"{FILE}: training and live do not mix; say training = {str(training).lower()}")
    rows = table.get("system", {})
    if set(table) - {"training", "system"} or not isinstance(rows, dict):
        raise AgenciesUnusable(f"{FILE}: only training and [system.NAME] are known")
    known = {system.value: system for system in AgencySystem}
    found: dict[AgencySystem, Answering] = {}
    for name, row in rows.items():
        if name not in known:
            raise AgenciesUnusable(f"{FILE}: no system {name[:40]}; there are: {', '.join(known)}")
        found[known[name]] = adapter(known[name], _address(name, row, folder, environment))
    return found


def configuration(url: str, training: bool) -> str:
    """The file's text for systems that are all at ``url``, each under its own name: those of ``simulate-agencies``."""
    head = f"training = {str(training).lower()}\n"
    return head + "".join(f'\n[system.{system.value}]\nurl = "{url}/{system.value}"\n' for system in AgencySystem)


def _address(name: str, row: Any, folder: Path, environment: Mapping[str, str]) -> Address:
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        raise AgenciesUnusable(f"{FILE}: {name}: a table of texts is wanted")
    if wrong := sorted(set(row) - _KEYS):
        raise AgenciesUnusable(f"{FILE}: {name}: unknown key {wrong[0][:40]}")
    url, token = row.get("url", ""), ""
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        secure = False
    if not secure or not parts.hostname:
        raise AgenciesUnusable(f"{FILE}: {name}: url is https (http on this machine alone)")
    if "token_env" in row:
        token = environment.get(row["token_env"], "")
        if not token:
            raise AgenciesUnusable(f"{FILE}: {name}: the environment has no {row['token_env'][:40]}")
    files = {}
    for key in ("authority", "certificate"):
        files[key] = str(folder / row[key]) if key in row else ""
        if files[key] and not Path(files[key]).is_file():
            raise AgenciesUnusable(f"{FILE}: {name}: {key} names no file")
    return Address(url, token, files["authority"], files["certificate"])
