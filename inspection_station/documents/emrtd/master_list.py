"""Signed lists of country certificates (Doc 9303 part 12 §8)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.certificates import Certificate, parse_certificate
from inspection_station.documents.emrtd.cms import parse_signed_data, verify_signer
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData

MASTER_LIST = "2.23.136.1.1.2"
MASTER_LIST_SIGNER = "2.23.136.1.1.3"


@dataclass(frozen=True, slots=True)
class MasterList:
    """A list whose signature holds. ``signer`` has still to lead to an anchor; ``unusable`` says why for each
    left out.
    """

    certificates: tuple[Certificate, ...]
    signer: Certificate
    carried: tuple[Certificate, ...]
    unusable: tuple[str, ...]
    signed_at: datetime | None
    sha256: str

    @property
    def may_be_signed_so(self) -> bool:
        """Whether the signer is made for such lists (§8): by its usage, or as the state's root itself, as some have it.
        A document signer is not, however well it leads to a root.
        """
        return MASTER_LIST_SIGNER in self.signer.usages or self.signer.authority


def parse_master_list(data: bytes) -> MasterList:
    """The list; MalformedChipData when it is none or its signature does not hold."""
    signed = parse_signed_data(data)
    if signed.content_type != MASTER_LIST:
        raise MalformedChipData("signed data of another kind than a master list")
    signer, certificate = next(
        ((s, c) for s in signed.signers for c in signed.certificates if s.names(c)), (None, None)
    )
    if signer is None or certificate is None:
        raise MalformedChipData("a master list without its signer's certificate")
    verdict = verify_signer(signed, signer, certificate)
    if not verdict.holds:
        raise MalformedChipData(f"a master list whose signature does not hold: {verdict.evidence}")
    body = asn1.sequence(tlv.only(signed.content, asn1.SEQUENCE))
    asn1.small_integer(body.take(asn1.INTEGER), 1)
    found: list[Certificate] = []
    unusable: list[str] = []
    for number, element in enumerate(body.take(asn1.SET).children(), 1):
        try:
            found.append(parse_certificate(element.raw))
        except ChipFault as fault:
            unusable.append(f"certificate {number}: {fault.detail}")
    return MasterList(
        tuple(found),
        certificate,
        signed.certificates,
        tuple(unusable),
        signer.signing_time,
        hashlib.sha256(data).hexdigest(),
    )
