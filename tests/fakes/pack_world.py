"""A repository of packs with its keys, and a station's vault, for tests. Every person here is invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from inspection_station.gateway.pack_repository import PackRepository, Published
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.packs_source import FolderSource, PackSource
from inspection_station.headquarters.packs_update import PackReport, update_packs
from inspection_station.headquarters.packs_vault import PackVault

STORE_KEY = bytes(range(32))
HOUR = timedelta(hours=1)


def signer() -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.generate())


def now() -> datetime:
    return datetime.now(UTC)


class Publisher:
    """Headquarters' side."""

    def __init__(self, folder: Path, kinds: tuple[PackKind, ...] = tuple(PackKind), at: datetime | None = None) -> None:
        self.folder = folder
        self.repository = PackRepository(folder)
        self.roots = [signer(), signer(), signer()]
        self.kinds = {kind: signer() for kind in kinds}
        self.targets, self.snapshot, self.timestamp = signer(), signer(), signer()
        self.root = self.repository.create(
            self.roots, self.targets, self.kinds, self.snapshot, self.timestamp, at or now()
        )

    def publish(
        self,
        content: Mapping[str, bytes],
        kind: PackKind = PackKind.CONTROL_LIST,
        name: str = "wanted",
        at: datetime | None = None,
        stale: timedelta = 24 * HOUR,
        valid: timedelta = 72 * HOUR,
    ) -> Published:
        moment = at or now()
        signers = (self.kinds[kind], self.snapshot, self.timestamp)
        return self.repository.publish(kind, name, content, moment + stale, moment + valid, signers, moment)


def vault_in(folder: Path, publisher: Publisher | None = None) -> PackVault:
    vault = PackVault(folder, STORE_KEY)
    if publisher is not None:
        vault.trust({"root": publisher.root})
    return vault


def updated(vault: PackVault, source: Path | PackSource, work: Path, at: datetime | None = None) -> PackReport:
    chosen = FolderSource(source) if isinstance(source, Path) else source
    return update_packs(vault, chosen, work, at or now())


def control_list(*numbers: str, list_id: str = "lost-documents", version: str = "2026-11-23.1") -> str:
    """A list of lost documents as JSON."""
    issued = now() - HOUR
    return json.dumps(
        [
            {
                "list_id": list_id,
                "kind": "lost document",
                "version": version,
                "issued_at": issued.isoformat(),
                "stale_after": (issued + 48 * HOUR).isoformat(),
                "entries": [
                    {"entry_id": number, "documents": [{"number": number, "issuing_state": "UTO"}]}
                    for number in numbers
                ],
            }
        ]
    )
