"""What agencies are told of a sealed record, read out of its envelope without the station's classes: a record of a
later program still goes up, with what is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inspection_station.gateway.agencies.ports import RecordUp
from inspection_station.inspection.codec import MalformedPlain, parse_json
from inspection_station.inspection.papers import Announced

_DIGEST = 64  # hex digits


@dataclass(frozen=True, slots=True)
class SealedBlob:
    """A picture that the record names."""

    purpose: str
    sha256: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record as agencies are told of it."""

    sha256: bytes
    scenario: str
    document_number: str = field(repr=False)
    issuing_state: str
    blobs: tuple[SealedBlob, ...]
    plain: Mapping[str, object] = field(repr=False)
    unannounced_on: str = ""
    """The voyage on whose manifest the traveller was looked for and not found."""

    def discrepancy(self) -> dict[str, object]:
        """What the voyages' system is told of a traveller who is not on the manifest (``contracts.Discrepancy``)."""
        return {
            "sha256": self.sha256.hex(),
            "kind": "not on manifest",
            "document_number": self.document_number,
            "seen_at": self.plain.get("decided_at"),
            "station": self.plain.get("station"),
        }

    def for_agency(self, record_id: str) -> RecordUp:
        """As the port has it."""
        return RecordUp(record_id, self.sha256, self.plain)


def read_sealed(body: bytes, sha256: bytes) -> SealedRecord | None:
    """The record in an envelope; None where the envelope does not say what every envelope says."""
    try:
        envelope = parse_json(body)
    except MalformedPlain:
        return None
    record = envelope.get("record") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or not isinstance(record, dict):
        return None
    decision, zone = record.get("decision"), record.get("mrz") or {}
    if not isinstance(decision, dict) or not isinstance(zone, dict):
        return None
    plain = {
        "station": envelope.get("station"),
        "sequence": envelope.get("sequence"),
        "scenario": record.get("scenario"),
        "disposition": decision.get("disposition"),
        "reasons": decision.get("reasons", []),
        "decided_at": record.get("decided_at"),
        "officer_id": decision.get("officer_id"),
        "person_class": record.get("person_class"),
        "mrz": zone.get("lines", []),
        "supersedes": record.get("supersedes"),
    }
    return SealedRecord(
        sha256,
        _text(record.get("scenario")),
        _text(zone.get("document_number")),
        _text(zone.get("issuing_state")),
        tuple(blob for kept in record.get("blobs") or () if (blob := _blob(kept)) is not None),
        plain,
        _unannounced_on(record),
    )


def _unannounced_on(record: Mapping[str, Any]) -> str:
    lists = record.get("watchlist")
    manifest = lists.get("manifest") if isinstance(lists, dict) else None
    if not isinstance(manifest, dict) or manifest.get("status") != Announced.NO.value:
        return ""
    return _text(manifest.get("voyage"))


def _blob(kept: Any) -> SealedBlob | None:
    inner = kept.get("blob") if isinstance(kept, dict) else None
    if not isinstance(inner, dict):
        return None
    digest = _text(inner.get("sha256"))
    if len(digest) != _DIGEST:
        return None
    try:
        return SealedBlob(_text(kept.get("purpose")), bytes.fromhex(digest), _text(inner.get("media_type")))
    except ValueError:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
