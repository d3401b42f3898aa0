"""What a trust directory gave, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspection_station.documents.emrtd.trust_store import TrustStore


def tell_trust(trust: TrustStore) -> None:
    """What could not be used, and that nothing could, on standard error."""
    for problem in trust.problems:
        print(f"trust: {problem.file}: {problem.reason}", file=sys.stderr)
    if not trust.anchors:
        print("trust: no country certificate there: no signer can be verified", file=sys.stderr)


def trust_in_json(trust: TrustStore | None) -> dict[str, Any] | None:
    """``{"anchors": 2, "revocation_lists": 1, "problems": [{"file", "reason"}]}``; None without a directory."""
    if trust is None:
        return None
    return {
        "anchors": len(trust.anchors),
        "revocation_lists": len(trust.revocations),
        "problems": [{"file": problem.file, "reason": problem.reason} for problem in trust.problems],
    }
