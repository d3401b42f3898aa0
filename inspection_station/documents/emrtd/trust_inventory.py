"""What a trust store holds, in plain values: for people, and for scripts that watch it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.passive_authentication import noon
from inspection_station.documents.emrtd.trust_store import TrustStore


def inventory(store: TrustStore) -> list[dict[str, Any]]:
    """Every anchor, by country and end of validity."""
    ordered = sorted(store.anchors, key=lambda c: (c.subject.country or "", c.not_after, c.fingerprint))
    return [
        {
            "country": certificate.subject.country,
            "subject": certificate.subject.shown,
            "not_before": certificate.not_before.date().isoformat(),
            "not_after": certificate.not_after.date().isoformat(),
            "key": key_of(certificate),
            "sha256": certificate.fingerprint,
            "verified": certificate.raw not in store.unverified,
        }
        for certificate in ordered
    ]


def key_of(certificate: Certificate) -> str:
    """The key's description, or why it cannot be used."""
    try:
        return certificate.public_key.description
    except ChipFault as fault:
        return f"not usable: {fault.detail}"


def trust_report(store: TrustStore, at: date) -> dict[str, Any]:
    """Counts, in all and by country, on the day ``at``; what could not be used, and why."""
    anchors = Counter(c.subject.country or "" for c in store.anchors)
    lists = Counter(r.issuer.country or "" for r in store.revocations)
    unusable = [
        {"file": c.fingerprint[:12], "reason": key_of(c)} for c in store.anchors if key_of(c).startswith("not usable")
    ]
    return {
        "version": str(store.version),
        "anchors": len(store.anchors),
        "unverified": len(store.unverified),
        "expired": sum(1 for c in store.anchors if c.not_after < noon(at)),
        "links": len(store.connecting),
        "signers": len(store.signers),
        "revocation_lists": len(store.revocations),
        "defects": len(store.defects),
        "lists": [
            {
                "kind": one.kind,
                "file": one.file,
                "entries": one.entries,
                "signed": one.signed_at.isoformat() if one.signed_at is not None else None,
                "verified": one.verified,
            }
            for one in store.lists
        ],
        "countries": {
            country: {"anchors": anchors[country], "revocation_lists": lists[country]}
            for country in sorted(anchors | lists)
        },
        "problems": [{"file": p.file, "reason": p.reason} for p in store.problems] + unusable,
    }
