"""The default documents of the test plan (its chapter 4), and what cases change about them.

They are Utopia's: zone and portrait of an invented traveller, signed by a state made for the case. Data group 4 is left
out where a case does not speak of it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from inspection_station.documents import mrz
from inspection_station.documents.emrtd import asn1, lds, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey, CanKey, MrzKey
from inspection_station.documents.emrtd.cv_certificates import CvCertificate
from inspection_station.documents.emrtd.security_infos import PACE, encode_pace_info
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.documents.mrz_compose import compose
from inspection_station.inspection.document import DocumentFormat
from inspection_station.training.chip_keys import NO_KEYS, ChipKeys, agreement_key, rsa_signer
from inspection_station.training.conformance_cases import fingers
from inspection_station.training.conformance_cases.case import Demand, Situation
from inspection_station.training.conformance_cases.state import Changes, DocumentState
from inspection_station.training.passport_issue import (
    AccessOffer,
    VirtualPassport,
    common_data,
    data_group_1,
    data_group_2,
    key_groups,
)
from inspection_station.training.virtual_chip.case_faults import CaseCard, without_basic_access
from inspection_station.training.virtual_chip.terminal_authority import TerminalAuthority

DAY = date(2026, 3, 14)
DEFAULT_STATE = DocumentState(DAY)
"""RSASSA-PSS with SHA-256 throughout, as the default documents have it."""
SEED = 51
SECP224R1, SECP256R1, BRAINPOOL_P256R1 = 10, 12, 13
PACE_GM_3DES = (f"{PACE}.2.1", BRAINPOOL_P256R1)
CARD_ACCESS_NUMBER = "268139"
_UNREAD_BIOMETRICS = frozenset({"DG3: not read", "DG4: not read"})


def zone(**fields: str) -> tuple[str, ...]:
    """The default zone, with other fields on request; every check digit right."""
    values = {
        "document_code": "P",
        "issuing_state": "UTO",
        "primary": "MUSTER",
        "secondary": "ERIKA",
        "document_number": "C51T002JM",
        "nationality": "UTO",
        "date_of_birth": "960812",
        "sex": "F",
        "date_of_expiry": "331031",
        **fields,
    }
    return compose(DocumentFormat.TD3, **values)


LINES = zone()


@lru_cache(maxsize=8)
def portrait(kind: str = "JPEG2000", width: int = 240, height: int = 320, wanted: int = 4000) -> bytes:
    """A noisy picture, always the same: what it shows does not matter to the chip."""
    noise = np.random.default_rng(width * height).integers(0, 256, (height // 2, width // 2), np.uint8)
    picture = Image.fromarray(noise).resize((width, height)).convert("RGB")
    stream = io.BytesIO()
    if kind == "JPEG2000":
        rate = max(1.0, width * height * 3 / wanted)
        picture.save(stream, kind, quality_mode="rates", quality_layers=[rate])
    else:
        picture.save(stream, kind, quality=60)
    return stream.getvalue()


@dataclass(frozen=True)
class Document:
    """A document before it is put on a card.

    ``access`` is «plain», «bac» or «pace» (which then knows no BAC); ``offers`` are the encoded offers of PACE;
    ``card_access`` the whole file where it is not just them. ``groups`` are all data groups; ``signed`` what EF.SOD
    names where that is something else; ``sod`` and ``com`` replace the files whole; ``sod_options`` go to
    ``DocumentState.security_object``. ``printed`` is the zone on the page; ``terminals`` the authority
    over terminals that the chip trusts, by its first root or by ``roots``.
    """

    access: str
    groups: Mapping[int, bytes]
    state: DocumentState = DEFAULT_STATE
    keys: ChipKeys = NO_KEYS
    offers: tuple[bytes, ...] = ()
    card_access: bytes | None = None
    card_security: bytes | None = None
    signed: Mapping[int, bytes] | None = None
    sod: bytes | None = None
    com: bytes | None = None
    sod_options: Mapping[str, Any] = field(default_factory=dict)
    printed: tuple[str, ...] = LINES
    tolerated: frozenset[str] = frozenset()
    terminals: TerminalAuthority | None = None
    roots: tuple[CvCertificate, ...] = ()

    def with_group(self, number: int, content: bytes) -> Document:
        """With another data group of that number, signed as it is."""
        return replace(self, groups={**self.groups, number: content})

    def without_group(self, number: int) -> Document:
        """Without that data group."""
        return replace(self, groups={n: content for n, content in self.groups.items() if n != number})

    def signed_with(self, state: DocumentState, **options: Any) -> Document:
        """Signed by another state, with other options."""
        return replace(self, state=state, sod_options=options)

    def with_sod_changes(self, changes: Changes, **options: Any) -> Document:
        """With changes to the security object."""
        return replace(self, sod_options={"changes": changes, **options})

    def security_object(self) -> bytes:
        """EF.SOD of these groups."""
        if self.sod is not None:
            return self.sod
        return self.state.security_object(self.signed or self.groups, **self.sod_options)

    def passport(self) -> VirtualPassport:
        """Files and keys, ready for a card."""
        key = MrzKey.of(mrz.parse(self.printed, today=DAY))
        files = {"EF.COM": self.com if self.com is not None else common_data(self.groups)}
        files["EF.SOD"] = self.security_object()
        files.update({lds.GROUPS[number - 1].name: content for number, content in self.groups.items()})
        offer, can = AccessOffer.BAC, None
        if self.access == "pace":
            offer, can = AccessOffer.PACE, CanKey(CARD_ACCESS_NUMBER)
            files["EF.CardAccess"] = self.card_access or tlv.encode(asn1.SET, *self.offers)
            if self.card_security is not None:
                files["EF.CardSecurity"] = self.card_security
        roots = self.roots or ((self.terminals.root(),) if self.terminals is not None else ())
        return VirtualPassport(self.printed, files, key, None, can, offer, self.keys, roots, DAY)

    def situation(
        self,
        *demands: Demand,
        trust: TrustStore | None = None,
        key: AccessKey | None = None,
        terminal_keys: TerminalKeys | None = None,
        **card: Any,
    ) -> Situation:
        """The document on a card; ``card`` are settings of ``CaseCard``. The station has the keys of the document's
        authority over terminals, or ``terminal_keys``.
        """
        if terminal_keys is None and self.terminals is not None:
            terminal_keys = self.terminals.keys()
        passport = self.passport()
        if self.access == "plain":
            card = {"open_files": True, "command_fault": without_basic_access, **card}
        return Situation(
            CaseCard(passport, **card),
            trust or self.state.trust(),
            key or passport.access_key,
            self.printed,
            DAY,
            self.tolerated,
            demands,
            terminal_keys,
        )


def face_group() -> bytes:
    """DG2 of the default documents."""
    return data_group_2(portrait())


def _groups(keys: ChipKeys = NO_KEYS, offers: Sequence[bytes] = ()) -> dict[int, bytes]:
    return {1: data_group_1(LINES), 2: face_group(), **key_groups(keys, offers)}


def plain() -> Document:
    """CFG.DFLT.PLAIN: nothing protects it."""
    return Document("plain", _groups())


def bac() -> Document:
    """CFG.DFLT.BAC."""
    return Document("bac", _groups())


def pace(oid: str = PACE_GM_3DES[0], parameter_id: int = PACE_GM_3DES[1], keys: ChipKeys = NO_KEYS) -> Document:
    """CFG.DFLT.PACE, with other offers on request. Knows no BAC."""
    offers = (encode_pace_info(oid, parameter_id),)
    return Document("pace", _groups(keys, offers), keys=keys, offers=offers)


def pace_cam(cipher: int = 2, parameter_id: int = BRAINPOOL_P256R1) -> Document:
    """PACE with chip-authentication mapping: EF.CardSecurity signs the mapping's key."""
    keys = ChipKeys(mapping=agreement_key(SEED, parameter_id, (), key_id=parameter_id))
    document = pace(f"{PACE}.6.{cipher}", parameter_id, keys)
    return replace(document, card_security=card_security_of(document))


def card_security_of(document: Document, *infos: bytes, changes: Changes | None = None) -> bytes:
    """EF.CardSecurity with the document's offers and its mapping's key, or with ``infos``."""
    mapping = document.keys.mapping
    own = infos or (*document.offers, *(mapping.infos() if mapping is not None else ()))
    return document.state.card_security(tlv.encode(asn1.SET, *own), changes=changes)


def chip_keys(parameter_id: int = SECP224R1, ciphers: tuple[int, ...] = (1,)) -> ChipKeys:
    """Of the default document with extended access control: ECDH over 224 bits with 3DES."""
    return ChipKeys(agreement=agreement_key(SEED, parameter_id, ciphers))


def eac(keys: ChipKeys | None = None) -> Document:
    """CFG.DFLT.EAC as far as it opens without terminal authentication: BAC and chip authentication."""
    own = keys or chip_keys()
    return Document("bac", _groups(own), keys=own)


def eac_with_fingers(
    terminals: TerminalAuthority | None = None, keys: ChipKeys | None = None, *, pace_first: bool = False
) -> Document:
    """CFG.DFLT.EAC, and CFG.DFLT.EACPACE on request: with fingers and irises that open to a terminal alone."""
    own = keys or chip_keys()
    offers = (encode_pace_info(*PACE_GM_3DES),) if pace_first else ()
    groups = {
        1: data_group_1(LINES),
        2: face_group(),
        3: fingers.group(fingers.wsq(), fingers.wsq()),
        4: fingers.irises(),
        **key_groups(own, offers, terminals=True),
    }
    access = "pace" if pace_first else "bac"
    return Document(access, groups, keys=own, offers=offers, terminals=terminals or default_terminals())


@lru_cache(maxsize=1)
def default_terminals() -> TerminalAuthority:
    """ECDSA with SHA-256."""
    return TerminalAuthority(SEED, DAY)


def eac_active() -> Document:
    """CFG.DFLT.EACAA: with active authentication besides, RSA and SHA-256."""
    return eac(replace(chip_keys(), signer=active_signer("sha256")))


@lru_cache(maxsize=8)
def active_signer(digest: str, bits: int = 1280) -> Any:
    """A key for active authentication, of a length that fits into short answers."""
    return rsa_signer(SEED, bits, digest)
