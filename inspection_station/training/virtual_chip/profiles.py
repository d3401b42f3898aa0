"""Kinds of passport chips by name: what a traveller may lay on the reader, by year and habit of the issuing state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from inspection_station.documents.emrtd.cv_certificates import TERMINAL_PROTOCOL
from inspection_station.documents.emrtd.security_infos import PACE
from inspection_station.training.chip_keys import ChipKeys, Signer, agreement_key, ecdsa_signer, rsa_signer
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import AccessOffer, VirtualPassport, issue_passport
from inspection_station.training.virtual_chip.card import NO_LIMITS, ChipLimits
from inspection_station.training.virtual_chip.terminal_authority import ECDSA_SHA256, TerminalAuthority

BRAINPOOL_P256R1, SECP256R1, SECP384R1, PRIME_2048_256 = 13, 12, 15, 2
_SHORT = ChipLimits(extended=False)


@dataclass(frozen=True, slots=True)
class ChipProfile:
    """One kind of chip. ``since`` is the year from which such chips are met.

    ``pace`` is an object identifier and parameter id; ``agreement`` a parameter id and the ciphers of chip
    authentication; ``signer`` the kind of active authentication: a digest for RSA with its bits, or «ecdsa».
    ``terminals`` is the scheme of the keys that open its fingers (None: it keeps nobody from anything).
    """

    name: str
    since: int
    access: AccessOffer = AccessOffer.BAC
    pace: tuple[str, int] = (f"{PACE}.2.2", BRAINPOOL_P256R1)
    agreement: tuple[int, tuple[int, ...]] | None = None
    signer: tuple[str, int] | None = None
    limits: ChipLimits = NO_LIMITS
    terminals: str | None = None
    static_binding: bool = False

    def keys(self, seed: int) -> ChipKeys:
        """The private keys of its chip."""
        agreement = agreement_key(seed, *self.agreement) if self.agreement is not None else None
        return ChipKeys(agreement=agreement, signer=self._signer(seed))

    def _signer(self, seed: int) -> Signer | None:
        if self.signer is None:
            return None
        kind, bits = self.signer
        return ecdsa_signer(seed) if kind == "ecdsa" else rsa_signer(seed, bits, kind)

    def issue(
        self,
        mrz_lines: Sequence[str],
        portrait: bytes,
        *,
        authority: IssuingAuthority,
        at: date,
        fault: str | None = None,
        can: str | None = None,
        fingers: bytes | None = None,
    ) -> VirtualPassport:
        """A passport of this kind, as ``issue_passport`` makes it; its chip wants ``limits``."""
        terminals = self.terminal_authority(authority, at)
        return issue_passport(
            mrz_lines,
            portrait,
            authority=authority,
            at=at,
            fault=fault,
            access=self.access,
            can=can,
            pace=self.pace,
            keys=self.keys(authority.seed),
            fingers=fingers,
            terminal_roots=(terminals.root(),) if terminals is not None else (),
            static_binding=self.static_binding,
        )

    def terminal_authority(self, authority: IssuingAuthority, at: date) -> TerminalAuthority | None:
        """Who gives out the keys to the fingers of such chips, as it is on the day ``at``."""
        if self.terminals is None:
            return None
        return TerminalAuthority(authority.seed, at, self.terminals, country=authority.country)


_ALL = (
    ChipProfile("bac-2008", 2006, limits=_SHORT),
    ChipProfile("aa-rsa", 2006, signer=("sha1", 1024), limits=_SHORT),
    ChipProfile("ca-only", 2009, agreement=(BRAINPOOL_P256R1, (1,)), limits=_SHORT),
    ChipProfile("ca-dh", 2009, agreement=(PRIME_2048_256, (1,))),
    ChipProfile("pace-bac", 2012, AccessOffer.BOTH),
    ChipProfile("pace-integrated", 2012, AccessOffer.BOTH, (f"{PACE}.4.2", SECP256R1)),
    ChipProfile("pace-dh", 2012, AccessOffer.BOTH, (f"{PACE}.1.2", PRIME_2048_256)),
    ChipProfile("aa-ecdsa", 2013, AccessOffer.BOTH, signer=("ecdsa", 256)),
    ChipProfile("aa-rsa-2048", 2014, AccessOffer.BOTH, signer=("sha256", 2048)),
    ChipProfile("pace-ca-aa", 2016, AccessOffer.BOTH, agreement=(BRAINPOOL_P256R1, (2,)), signer=("ecdsa", 256)),
    ChipProfile("pace-cam", 2018, AccessOffer.BOTH, (f"{PACE}.6.2", BRAINPOOL_P256R1)),
    ChipProfile("pace-only", 2020, AccessOffer.PACE, (f"{PACE}.2.4", SECP384R1), agreement=(SECP384R1, (4,))),
    ChipProfile("no-extended-length", 2012, AccessOffer.BOTH, agreement=(BRAINPOOL_P256R1, (2,)), limits=_SHORT),
    ChipProfile("short-answers", 2007, limits=ChipLimits(extended=False, largest_answer=176, strict=True)),
    ChipProfile("selects-only", 2006, limits=ChipLimits(extended=False, short_identifiers=False)),
    ChipProfile("eac", 2009, agreement=(BRAINPOOL_P256R1, (1,)), limits=_SHORT, terminals=ECDSA_SHA256),
    ChipProfile("eac-rsa", 2009, agreement=(PRIME_2048_256, (1,)), terminals=f"{TERMINAL_PROTOCOL}.1.4"),
    ChipProfile(
        "eac-pace", 2014, AccessOffer.BOTH, agreement=(BRAINPOOL_P256R1, (2,)), terminals=f"{TERMINAL_PROTOCOL}.2.3"
    ),
    ChipProfile(
        "eac-static",
        2011,
        AccessOffer.BOTH,
        agreement=(BRAINPOOL_P256R1, (2,)),
        terminals=ECDSA_SHA256,
        static_binding=True,
    ),
    ChipProfile("slow", 2012, AccessOffer.BOTH, limits=ChipLimits(command_seconds=0.05)),
)
PROFILES = {profile.name: profile for profile in _ALL}
