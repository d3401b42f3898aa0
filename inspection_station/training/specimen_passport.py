"""A training traveller's passport from a seed: the persona's zone and portrait, signed by Utopia's one authority."""

from __future__ import annotations

import hashlib
import io
from datetime import date

from PIL import Image

from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import AccessOffer, VirtualPassport, issue_passport
from inspection_station.training.personas.face_pictures import portrait
from inspection_station.training.personas.face_scene import Picture
from inspection_station.training.personas.finger_group import finger_group
from inspection_station.training.personas.identity import persona
from inspection_station.training.virtual_chip.profiles import ChipProfile

AUTHORITY_SEED = 1
"""All training travellers hold passports of the same authority, so that one trust directory serves them all."""
PORTRAIT_BYTES = 15_000


def training_authority(at: date) -> IssuingAuthority:
    """Utopia's authority on that day."""
    return IssuingAuthority(AUTHORITY_SEED, at=at)


def jpeg2000(picture: Picture, wanted_bytes: int = PORTRAIT_BYTES) -> bytes:
    """A BGR picture as JPEG 2000 (JP2) of about the wanted size, as chips hold it."""
    stream = io.BytesIO()
    rate = max(1.0, picture.size / wanted_bytes)
    Image.fromarray(picture[..., ::-1]).save(stream, "JPEG2000", quality_mode="rates", quality_layers=[rate])
    return stream.getvalue()


def card_access_number(seed: int) -> str:
    """Six digits that the seed decides."""
    digest = hashlib.sha256(f"card access number {seed}".encode()).digest()
    return f"{int.from_bytes(digest, 'big') % 1_000_000:06d}"


def fingers_for(profile: ChipProfile, seed: int) -> bytes | None:
    """DG3 of the person with this seed where the chip keeps fingers; None for every other chip."""
    return finger_group(seed) if profile.terminals is not None else None


def specimen_passport(
    seed: int, *, at: date, fault: str | None = None, access: str = AccessOffer.BAC, profile: ChipProfile | None = None
) -> VirtualPassport:
    """The passport of the persona with this seed. ``profile`` decides how its chip opens instead of ``access``.
    ValueError for a fault or an access that is not there by that name.
    """
    if profile is not None:
        return profile.issue(
            persona(seed, today=at).mrz_lines,
            jpeg2000(portrait(seed)),
            authority=training_authority(at),
            at=at,
            fault=fault,
            can=None if profile.access is AccessOffer.BAC else card_access_number(seed),
            fingers=fingers_for(profile, seed),
        )
    return issue_passport(
        persona(seed, today=at).mrz_lines,
        jpeg2000(portrait(seed)),
        authority=training_authority(at),
        at=at,
        fault=fault,
        access=access,
        can=None if access == AccessOffer.BAC else card_access_number(seed),
    )
