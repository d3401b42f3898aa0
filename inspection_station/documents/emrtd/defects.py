"""Production errors that issuers or authorities have made known, and which documents they concern (BSI TR-03129-2 §8,
Doc 9303 part 3 §7 and part 12 §10; their handling in TR-03135-1 §5.8).

A defect softens a verdict or hardens it; it never makes a forged signature good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from inspection_station.documents.emrtd.certificates import Certificate, DistinguishedName
from inspection_station.documents.emrtd.check_reasons import Told, Why
from inspection_station.documents.emrtd.cms import SignerIdentifier


class DefectKind(Enum):
    """Section of TR-03135-1 that handles it, and what it is in a few words."""

    SIGNER_REVOKED = ("5.8.2.1.1", "document signer revoked")
    SIGNER_REPLACED = ("5.8.2.1.2", "document signer certificate malformed, another given in its place")
    CHIP_KEYS_COMPROMISED = ("5.8.2.1.3", "keys of chip authentication compromised")
    ACTIVE_KEYS_COMPROMISED = ("5.8.2.1.4", "keys of active authentication compromised")
    PROTOCOL_FAILURE = ("5.8.2.1.5", "the chip's proof of its key is known to fail")
    VALIDITY_WRONG = ("5.8.2.1.6", "validity of a certificate wrong")
    GROUP_MALFORMED = ("5.8.2.2.1", "data groups malformed")
    SECURITY_OBJECT_INVALID = ("5.8.2.2.2", "security object malformed or its signature wrong")
    GROUP_HASH_WRONG = ("5.8.2.2.2", "hashes of data groups wrong in the security object")
    COMMON_DATA_WRONG = ("5.8.2.2.3", "EF.COM and EF.SOD name different data groups")
    SIGNER_IDENTIFIER_WRONG = ("5.8.2.2.4", "wrong signer named in the security object")
    COUNTRY_WRONG = ("5.8.2.2.5", "country of the document signer wrong")
    CARD_SECURITY_MALFORMED = ("5.8.2.3.1", "EF.CardSecurity malformed")
    CHIP_SECURITY_MALFORMED = ("5.8.2.3.2", "EF.ChipSecurity malformed")
    POWER_DOWN_NEEDED = ("5.8.2.3.3", "the chip has to be switched off between authentications")
    CERTIFICATE_MALFORMED = ("5.8.2.3.4", "a certificate malformed or its signature wrong")
    DOCUMENT_UNUSABLE = ("5.8.2.3", "a defect of the document whose meaning is not known here")
    PRINTED_ZONE_WRONG = ("5.8.1.3", "printed zone wrong")
    CHECK_DIGIT_WRONG = ("5.8.1.5", "check digit of the printed zone wrong")
    OTHER = ("5.8", "a defect of another kind")

    @property
    def section(self) -> str:
        """Of TR-03135-1."""
        return self.value[0]


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is known of the document before the station; None where it is not known.

    ``encodings`` are the certificates that the security object carries, as they stand, readable or not; ``code`` and
    ``number`` come from the zone without fillers; ``issued`` is the day of issue.
    """

    signer: SignerIdentifier | None = None
    certificate: Certificate | None = None
    encodings: tuple[bytes, ...] = ()
    code: str | None = None
    number: str | None = None
    issued: date | None = None


@dataclass(frozen=True, slots=True)
class SignerScope:
    """A document signer, by up to three of its marks; the first that both sides have decides (TR-03129-2 §8.1.1)."""

    digest: bytes | None = None
    digest_algorithm: str = "sha256"
    key_id: bytes | None = None
    issuer: DistinguishedName | None = None
    serial: int | None = None

    def covers(self, facts: DocumentFacts) -> bool | None:
        """None where the document's signer is not known."""
        if self.digest is not None:
            known = (facts.certificate.raw,) if facts.certificate is not None else facts.encodings
            if known:
                return any(hashlib.new(self.digest_algorithm, one).digest() == self.digest for one in known)
        if self.key_id is not None:
            if facts.certificate is not None:
                return facts.certificate.key_id == self.key_id
            if facts.signer is not None and facts.signer.key_id is not None:
                return facts.signer.key_id == self.key_id
        if self.issuer is not None:
            if facts.certificate is not None:
                return (facts.certificate.issuer, facts.certificate.serial) == (self.issuer, self.serial)
            if facts.signer is not None and facts.signer.issuer is not None:
                return (facts.signer.issuer, facts.signer.serial) == (self.issuer, self.serial)
        return None


@dataclass(frozen=True, slots=True)
class AuthorityScope:
    """Every document signer of one authority: its key identifier decides before its name."""

    key_id: bytes | None = None
    name: DistinguishedName | None = None

    def covers(self, facts: DocumentFacts) -> bool | None:
        """None where the document's signer is not known."""
        certificate = facts.certificate
        if certificate is None:
            return None
        if self.key_id is not None and certificate.authority_key is not None:
            return certificate.authority_key == self.key_id
        return None if self.name is None else certificate.issuer == self.name


@dataclass(frozen=True, slots=True)
class IssueScope:
    """Documents of one state (None: of any) by code, day of issue and number; all that are given have to fit (part 12
    §10).
    """

    country: str | None
    code: str | None = None
    issued: tuple[date, date] | None = None
    numbers: frozenset[str] | None = None

    def covers(self, facts: DocumentFacts) -> bool | None:
        """None where something that decides is not known and nothing speaks against it."""
        verdicts: list[bool | None] = []
        if self.country is not None:
            signer = facts.certificate
            verdicts.append(None if signer is None else signer.issuer.country == self.country)
        if self.code is not None:
            verdicts.append(None if facts.code is None else facts.code.startswith(self.code))
        if self.issued is not None:
            verdicts.append(None if facts.issued is None else self.issued[0] <= facts.issued <= self.issued[1])
        if self.numbers is not None:
            verdicts.append(None if facts.number is None else facts.number in self.numbers)
        return _all_of(verdicts)


Scope = SignerScope | AuthorityScope | IssueScope


@dataclass(frozen=True, slots=True)
class Defect:
    """One known defect. All ``scopes`` have to cover a document. ``code`` is the status code given with the kind,
    ``groups`` the data groups concerned, ``country`` the corrected one, ``corrected`` the signer that should have been
    named and ``replacement`` the certificate to be used.
    """

    kind: DefectKind
    scopes: tuple[Scope, ...]
    source: str
    code: int | None = None
    groups: frozenset[int] = frozenset()
    country: str | None = None
    corrected: SignerIdentifier | None = None
    replacement: Certificate | None = None
    vouched: bool = True
    """False where the list was taken by hand: such a defect turns nothing green."""

    @property
    def told(self) -> str:
        """For evidence."""
        code = "" if self.code is None else f", code {self.code}"
        return f"{self.kind.value[1]}{code}, known from {self.source}"

    @property
    def why(self) -> Told:
        """The same as the reason of a check."""
        return Why.KNOWN_DEFECT(self.told, defect=self.kind.name.lower().replace("_", "-"))

    def taken_by_hand(self) -> Defect:
        """The same from a list that nobody vouches for."""
        return replace(self, source=f"{self.source}, taken by hand without its root", vouched=False)

    def covers(self, facts: DocumentFacts) -> bool | None:
        """Whether the document is one of those; None where that cannot be told."""
        return _all_of([scope.covers(facts) for scope in self.scopes]) if self.scopes else None


def _all_of(verdicts: Iterable[bool | None]) -> bool | None:
    found = list(verdicts)
    if False in found:
        return False
    return None if None in found else True
