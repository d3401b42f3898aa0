"""Trust anchors, link certificates and revocation lists, and the way from a signer to an anchor (Doc 9303 part 12 §5,
§6).

An anchor is what somebody put into the directory on purpose: a self-signed country certificate, or one that stands in a
master list whose own signer leads to such a certificate. Everything else only connects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from inspection_station.documents.emrtd.certificates import (
    Certificate,
    DistinguishedName,
    RevocationList,
    parse_certificate,
    parse_revocation_list,
    pem_blocks,
)
from inspection_station.documents.emrtd.cms import SignerInfo
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.master_list import MasterList, parse_master_list
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown

MAX_FILE = 32 * 1024 * 1024
UNVERIFIED_LIST = ".unverified.ml"
"""Ending of a master list that somebody took by hand although its signer leads to no root."""
_LONGEST_CHAIN = 8
_CERTIFICATE_SUFFIXES = frozenset({".cer", ".crt", ".der", ".pem"})


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


@dataclass(slots=True)
class _Contents:
    roots: list[Certificate] = field(default_factory=list)
    listed: list[Certificate] = field(default_factory=list)
    unverified: list[Certificate] = field(default_factory=list)
    connecting: list[Certificate] = field(default_factory=list)
    signers: list[Certificate] = field(default_factory=list)
    revocations: list[RevocationList] = field(default_factory=list)
    problems: list[TrustProblem] = field(default_factory=list)


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
    ) -> None:
        self.anchors = tuple({c.raw: c for c in anchors}.values())
        self.connecting = tuple({c.raw: c for c in connecting}.values())
        self.signers = tuple(signers)
        self.revocations = tuple(revocations)
        self.problems = tuple(problems)
        self.pinned = tuple(pinned)
        self.unverified = frozenset(c.raw for c in unverified)
        self._anchored = frozenset(c.raw for c in self.anchors)
        self._by_key: dict[bytes, list[Certificate]] = defaultdict(list)
        self._by_name: dict[DistinguishedName, list[Certificate]] = defaultdict(list)
        for certificate in (*self.anchors, *self.connecting):
            self._by_key[certificate.key_id].append(certificate)
            self._by_name[certificate.subject].append(certificate)

    @staticmethod
    def from_directory(directory: Path) -> TrustStore:
        """Everything usable in a directory: ``*.cer *.crt *.der *.pem``, ``*.crl``, ``*.ml``.
        NotADirectoryError without one.

        A file that cannot be used is reported in ``problems`` and never keeps the others out.
        """
        if not directory.is_dir():
            raise NotADirectoryError("the trust directory does not exist")
        contents = _Contents()
        lists: list[tuple[str, MasterList]] = []
        for path in sorted(directory.iterdir()):
            try:
                _load(path, contents, lists)
            except (ChipFault, OSError) as fault:
                reason = fault.detail if isinstance(fault, ChipFault) else (fault.strerror or "cannot be read")
                contents.problems.append(TrustProblem(path.name, reason))
        pinned = TrustStore(contents.roots, connecting=contents.connecting)
        for name, found in lists:
            carried = TrustStore(contents.roots, connecting=(*contents.connecting, *found.carried))
            contents.problems.extend(TrustProblem(name, reason) for reason in found.unusable)
            if (
                pinned.path_for(found.signer).trust is Trust.ANCHORED
                or carried.path_for(found.signer).trust is Trust.ANCHORED
            ):
                contents.listed.extend(found.certificates)
            elif name.endswith(UNVERIFIED_LIST):
                contents.unverified.extend(found.certificates)
            else:
                contents.problems.append(
                    TrustProblem(name, "the list's signer leads to no certificate of this directory")
                )
        verified = {certificate.raw for certificate in (*contents.roots, *contents.listed)}
        return TrustStore(
            (*contents.roots, *contents.listed, *contents.unverified),
            connecting=contents.connecting,
            signers=contents.signers,
            revocations=contents.revocations,
            problems=contents.problems,
            pinned=contents.roots,
            unverified=(c for c in contents.unverified if c.raw not in verified),
        )

    def signer_named(self, signer: SignerInfo) -> Certificate | None:
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
        candidates = by_key or self._by_name.get(certificate.issuer, [])
        worst = TrustPath(Trust.NO_ANCHOR, (), "no certificate at hand issued this signer")
        for issuer in candidates:
            if issuer.raw in seen or depth >= _LONGEST_CHAIN or not (issuer.authority or issuer.self_issued):
                continue
            try:
                if not certificate.signed_by(issuer):
                    if by_key and worst.trust is Trust.NO_ANCHOR:
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
        """The newest revocation list that the issuer's key signed."""
        found: RevocationList | None = None
        for candidate in self.revocations:
            named = candidate.issuer == issuer.subject or candidate.authority_key == issuer.key_id
            newer = found is None or candidate.this_update > found.this_update
            if named and newer and _holds(candidate, issuer):
                found = candidate
        return found


def _holds(revocations: RevocationList, issuer: Certificate) -> bool:
    try:
        return revocations.signed_by(issuer)
    except ChipFault:
        return False  # a list whose signature cannot be checked counts as none


def _load(path: Path, contents: _Contents, lists: list[tuple[str, MasterList]]) -> None:
    suffix = path.suffix.lower()
    if suffix not in (*_CERTIFICATE_SUFFIXES, ".crl", ".ml"):
        return
    if path.stat().st_size > MAX_FILE:
        contents.problems.append(TrustProblem(path.name, "larger than 32 MB"))
        return
    data = path.read_bytes()
    if suffix == ".ml":
        lists.append((path.name, parse_master_list(data)))
        return
    blocks = pem_blocks(data) or [("X509 CRL" if suffix == ".crl" else "CERTIFICATE", data)]
    for label, der in blocks:
        if label == "X509 CRL":
            contents.revocations.append(parse_revocation_list(der))
        elif label in ("CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"):
            _sort_in(parse_certificate(der), path.name, contents)


def _sort_in(certificate: Certificate, name: str, contents: _Contents) -> None:
    """A certificate put into the directory by hand: root, link or document signer."""
    own = certificate.authority_key is None or certificate.authority_key == certificate.key_id
    if certificate.self_issued and own:
        if certificate.signed_by(certificate):
            contents.roots.append(certificate)
        else:
            contents.problems.append(TrustProblem(name, "a self-issued certificate that its own key did not sign"))
    elif certificate.authority:
        contents.connecting.append(certificate)
    else:
        contents.signers.append(certificate)
