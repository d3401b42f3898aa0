"""Roles of the repository of packs: how long each is good, who signs for what, and how metadata become a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Targets

from inspection_station.headquarters.packs import PackKind, delta_path

ROOT_LIFE, ROLE_LIFE = timedelta(days=365), timedelta(days=90)
SNAPSHOT_LIFE, TIMESTAMP_LIFE = timedelta(days=14), timedelta(days=7)
DUE: Final = timedelta(days=30)  # signed anew, or told, so long before a role runs out
DELTAS_KEPT: Final = 8


def until(now: datetime, life: timedelta) -> datetime:
    """Without fractions: the library's form has none."""
    return (now + life).replace(microsecond=0)


def version_of(path: Path) -> int:
    """Of a file of metadata, from its name."""
    return int(path.name.split(".")[0])


def role_of(now: datetime) -> Targets:
    """A kind's role before anything was published."""
    return Targets(1, expires=until(now, ROLE_LIFE))


def delegations(kinds: Mapping[PackKind, CryptoSigner]) -> Delegations:
    """Which key signs for which kind, and for no other."""
    keys: dict[str, Key] = {signer.public_key.keyid: signer.public_key for signer in kinds.values()}
    roles = {
        kind.value: DelegatedRole(
            kind.value, [signer.public_key.keyid], 1, terminating=True, paths=[f"{kind.value}/*/*"]
        )
        for kind, signer in kinds.items()
    }
    return Delegations(keys, roles)


def signed(metadata: Metadata[Any], signers: Sequence[CryptoSigner]) -> bytes:
    """As a file, signed anew by these alone."""
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def forget_old_deltas(role: Targets, kind: PackKind, name: str, version: int) -> None:
    """No longer listed; a station that is further behind takes the snapshot."""
    for old in range(1, version - DELTAS_KEPT + 1):
        role.targets.pop(delta_path(kind, name, old), None)
