"""Trust anchors, link certificates and revocation lists, and the way from a signer to an anchor (Doc 9303 part 12 §5,
§6).

An anchor is what somebody put into the directory on purpose: a self-signed country certificate, or one that stands in a
master list whose own signer leads to such a certificate. Everything else only connects.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Protocol

from inspection_station.documents.emrtd.certificates import Certificate, DistinguishedName, RevocationList
from inspection_station.documents.emrtd.cms import SignerIdentifier, SignerInfo
from inspection_station.documents.emrtd.defects import Defect, DocumentFacts
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown

_LONGEST_CHAIN = 8


class Trust(Enum):
    """Where the way from a signer ends. Only the first is trust; the second is a forgery's mark, the others
    ignorance.
    """

    ANCHORED = "anchored"
    FORGED = "forged"
    UNKNOWN_ALGORITHM = "unknown algorithm"
    NO_ANCHOR = "no anchor"


@dataclass(frozen=True, slots=True)
class TrustPath:
    """Outcome for one certificate. ``chain`` begins with its issuer and ends with the anchor."""

    trust: Trust
    chain: tuple[Certificate, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class TrustProblem:
    """A file, or part of one, that could not be used; ``file`` is its name without the directory."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class UsedList:
    """A signed list in use: what it is, how much it holds, when it was signed, the signer's fingerprint and the list's
    own (SHA-256).

    ``verified`` is False for one that somebody took by hand without its root.
    """

    kind: str
    file: str
    entries: int
    signed_at: datetime | None
    signer: str | None
    sha256: str
    verified: bool


@dataclass(frozen=True, slots=True)
class TrustVersion:
    """What a verdict was founded on: a digest over all of it, and the day of the newest list (or root) in it."""

    digest: str
    day: date | None

    def __str__(self) -> str:
        return self.digest[:12] + (f" of {self.day:%Y-%m-%d}" if self.day is not None else "")


class TrustStore:
    """Immutable once made. ``anchors`` are trusted for themselves, ``connecting`` (link certificates) only
    through them. ``pinned`` are the anchors that were put in one by one, to which alone a list may lead;
    ``unverified`` the encodings of those that came in a list taken by hand without its root.
    """

    def __init__(
        self,
        anchors: Iterable[Certificate] = (),
        *,
        connecting: Iterable[Certificate] = (),
        signers: Iterable[Certificate] = (),
        revocations: Iterable[RevocationList] = (),
        problems: Iterable[TrustProblem] = (),
        unverified: Iterable[Certificate] = (),
        pinned: Iterable[Certificate] = (),
        defects: Iterable[Defect] = (),
        lists: Iterable[UsedList] = (),
    ) -> None:
        self.anchors = tuple({c.raw: c for c in anchors}.values())
        self.connecting = tuple({c.raw: c for c in connecting}.values())
        self.signers = tuple(signers)
        self.revocations = tuple(revocations)
        self.problems = tuple(problems)
        self.pinned = tuple(pinned)
        self.defects = tuple(defects)
        self.lists = tuple(lists)
        self.unverified = frozenset(c.raw for c in unverified)
        self._anchored = frozenset(c.raw for c in self.anchors)
        self._by_key: dict[bytes, list[Certificate]] = defaultdict(list)
        self._by_name: dict[DistinguishedName, list[Certificate]] = defaultdict(list)
        for certificate in (*self.anchors, *self.connecting):
            self._by_key[certificate.key_id].append(certificate)
            self._by_name[certificate.subject].append(certificate)

    @staticmethod
    def from_directory(directory: Path) -> TrustStore:
        """Everything usable in a directory, as ``trust_files`` reads it. NotADirectoryError without one.

        A file that cannot be used is reported in ``problems`` and never keeps the others out.
        """
        from inspection_station.documents.emrtd.trust_files import read_directory

        return read_directory(directory)

    def current(self) -> TrustStore:
        """The store to use now: itself. ``trust_folder.TrustFolder`` gives a newer one after a change."""
        return self

    @cached_property
    def version(self) -> TrustVersion:
        """The same for the same contents, whatever the files are called."""
        found = hashlib.sha256()
        parts = [c.raw for c in (*self.anchors, *self.connecting, *self.signers)] + [r.tbs for r in self.revocations]
        parts += [one.sha256.encode() for one in self.lists] + list(self.unverified)
        for digest in sorted(hashlib.sha256(part).digest() for part in parts):
            found.update(digest)
        moments = [r.this_update for r in self.revocations] + [one.signed_at for one in self.lists if one.signed_at]
        moments = moments or [c.not_before for c in self.anchors]
        return TrustVersion(found.hexdigest(), max(moments).date() if moments else None)

    def defects_of(self, facts: DocumentFacts) -> tuple[Defect, ...]:
        """Known defects of a document."""
        return tuple(defect for defect in self.defects if defect.covers(facts))

    def signer_named(self, signer: SignerInfo | SignerIdentifier) -> Certificate | None:
        """A document signer's certificate that a security object names without carrying it."""
        return next((c for c in self.signers if signer.names(c)), None)

    def knows_country(self, country: str | None) -> bool:
        """Whether any anchor is that country's."""
        return country is not None and any(c.subject.country == country for c in self.anchors)

    def path_for(self, certificate: Certificate) -> TrustPath:
        """The way from a certificate to an anchor, signature by signature."""
        return self._path(certificate, frozenset({certificate.raw}), 0)

    def _path(self, certificate: Certificate, seen: frozenset[bytes], depth: int) -> TrustPath:
        by_key = self._by_key.get(certificate.authority_key or b"", [])
        by_name = [c for c in self._by_name.get(certificate.issuer, ()) if c not in by_key]
        worst = TrustPath(Trust.NO_ANCHOR, (), "no certificate at hand issued this signer")
        for issuer in (*by_key, *by_name):  # some signers name a key that is not their issuer's
            if issuer.raw in seen or depth >= _LONGEST_CHAIN or not (issuer.authority or issuer.self_issued):
                continue
            try:
                if not certificate.signed_by(issuer):
                    if issuer in by_key and worst.trust is Trust.NO_ANCHOR:
                        worst = TrustPath(Trust.FORGED, (), "its issuer's key is at hand and did not sign it")
                    continue
            except ChipFault as fault:
                kind = Trust.UNKNOWN_ALGORITHM if isinstance(fault, AlgorithmUnknown) else Trust.NO_ANCHOR
                worst = TrustPath(kind, (), f"its issuer's key cannot be used: {fault.detail}")
                continue
            if issuer.raw in self._anchored:
                by_hand = ", from a list taken by hand without its root" if issuer.raw in self.unverified else ""
                return TrustPath(Trust.ANCHORED, (issuer,), f"issued by {issuer.subject.shown}{by_hand}")
            further = self._path(issuer, seen | {issuer.raw}, depth + 1)
            if further.trust is Trust.ANCHORED:
                evidence = f"issued by {issuer.subject.shown}, linked to an anchor over {len(further.chain)}"
                return TrustPath(Trust.ANCHORED, (issuer, *further.chain), evidence)
            worst = TrustPath(Trust.NO_ANCHOR, (), "its issuer is at hand but leads to no anchor")
        return worst

    def revocation_list_of(self, issuer: Certificate) -> RevocationList | None:
        """The newest revocation list for what the issuer issued, under its own key or a later one of its state's."""
        found: RevocationList | None = None
        for candidate in self.revocations:
            newer = found is None or candidate.this_update > found.this_update
            if newer and candidate.covers(issuer) and self._signed_for(candidate, issuer):
                found = candidate
        return found

    def _signed_for(self, revocations: RevocationList, issuer: Certificate) -> bool:
        """Whether the issuer itself signed the list, or a root of the same state that the list names as its own."""
        if _holds(revocations, issuer):
            return True
        return any(
            other.subject.country == issuer.subject.country
            and _holds(revocations, other)
            and (other.raw in self._anchored or self.path_for(other).trust is Trust.ANCHORED)
            for other in self._by_name.get(revocations.issuer, ())
            if other.raw != issuer.raw
        )


class TrustSource(Protocol):
    """Where the trust store of a reading comes from."""

    def current(self) -> TrustStore: ...


def _holds(revocations: RevocationList, issuer: Certificate) -> bool:
    try:
        return revocations.signed_by(issuer)
    except ChipFault:
        return False  # a list whose signature cannot be checked counts as none
