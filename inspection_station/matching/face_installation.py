"""A folder of face data as it lies on a station or travels to one: calibration, its signers, cohort, groups.

    calibration.json     signed figures
    signers/*.pem        Ed25519 public keys that the station trusts for it
    cohort.faces         sealed cohort
    groups/*.faces       sealed groups

On a station the key of the packs is derived from the store's key, so they are of no use elsewhere.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from inspection_station.given_file import read_given
from inspection_station.matching.calibration import (
    MOST_BYTES,
    FaceCalibration,
    read_calibration,
    require_fit,
    sign_calibration,
)
from inspection_station.matching.gallery_pack import (
    KEY_BYTES,
    SUFFIX,
    read_pack,
    subject_array,
    write_pack,
)
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.matching.thresholds import FaceThresholds
from inspection_station.whole_file import private_folder, replace_file

COHORT_GROUP = "cohort"
COHORT_VALID = timedelta(days=366)

_CALIBRATION, _COHORT, _SIGNERS, _GROUPS = "calibration.json", "cohort" + SUFFIX, "signers", "groups"
_MOST_KEY_FILE = 4096
_STATION_KEY = b"inspection-station face data 1"


class UnusableKey(ValueError):
    """A key file that does not hold the key it should; the message names the kind of key, never its content."""


@dataclass(frozen=True, slots=True)
class FaceScale:
    """By what scores are judged: bounds, and the cohort of those that are bounds of z."""

    thresholds: FaceThresholds
    cohort: Cohort | None = None
    calibration: FaceCalibration | None = None


def station_key(store_key: bytes) -> bytes:
    """The key of a station's face packs from the key of its store."""
    return HKDF(SHA256(), KEY_BYTES, None, _STATION_KEY).derive(store_key)


def group_file(folder: Path, group_id: str) -> Path:
    """Where a group's pack lies. ValueError for an id that is no plain name."""
    if not group_id or not all(mark.isalnum() or mark in "-_" for mark in group_id):
        raise ValueError("a group's id is letters, digits, hyphens")
    return folder / _GROUPS / f"{group_id}{SUFFIX}"


def is_calibrated(folder: Path) -> bool:
    """Whether a calibration lies there, sound or not."""
    return (folder / _CALIBRATION).is_file()


def save_calibration(
    folder: Path, calibration: FaceCalibration, cohort: Cohort, *, key: bytes, signing: Ed25519PrivateKey, now: datetime
) -> None:
    """Write calibration, signer and sealed cohort. Raises OSError."""
    write_cohort(folder, cohort, key=key, now=now)
    public = signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    replace_file(folder / _SIGNERS / "signer.pem", public)
    replace_file(folder / _CALIBRATION, sign_calibration(calibration, signing))


def write_cohort(folder: Path, cohort: Cohort, *, key: bytes, now: datetime) -> None:
    """Seal a cohort. Its templates have no identifiers: who they are is nobody's business here."""
    subjects = np.repeat(subject_array(["-"]), len(cohort))
    write_pack(
        folder / _COHORT,
        key,
        group=COHORT_GROUP,
        version=1,
        model_id=cohort.model_id,
        vectors=cohort.vectors,
        subjects=subjects,
        made_at=now,
        expires_at=now + COHORT_VALID,
    )


def load_scale(
    folder: Path,
    *,
    key: bytes,
    model_id: str,
    model_sha256: str,
    now: datetime,
    signers: Iterable[Ed25519PublicKey] | None = None,
) -> FaceScale:
    """The calibrated bounds with their cohort, everything checked.

    Raises ``CalibrationRefused``, ``PackRefused``, ``UnusableKey``, ``MalformedThresholds``, OSError. ``signers``:
    instead of the folder's own.
    """
    trusted = trusted_signers(folder) if signers is None else tuple(signers)
    calibration = read_calibration(read_given(folder / _CALIBRATION, MOST_BYTES), trusted)
    pack = read_pack(folder / _COHORT, key, model_id=model_id, now=now, group=COHORT_GROUP)
    cohort = Cohort(pack.vectors, model_id)
    require_fit(calibration, model_id, model_sha256, cohort.digest)
    return FaceScale(calibration.thresholds(), cohort, calibration)


def install(source: Path, key: bytes, target: Path, own_key: bytes, *, model_id: str, now: datetime) -> list[str]:
    """Take a folder that travelled to this station: seal its packs anew under the station's key. What was taken.

    The signer is not taken: a station trusts the keys that were put into its ``signers`` by hand. Raises
    ``PackRefused``, OSError.
    """
    taken = []
    cohort = source / _COHORT
    if cohort.is_file():
        _seal_anew(cohort, key, target / _COHORT, own_key, model_id, now)
        taken.append(COHORT_GROUP)
    for path in sorted((source / _GROUPS).glob(f"*{SUFFIX}")) if (source / _GROUPS).is_dir() else ():
        _seal_anew(path, key, group_file(target, path.name.removesuffix(SUFFIX)), own_key, model_id, now)
        taken.append(path.name.removesuffix(SUFFIX))
    if is_calibrated(source):
        replace_file(target / _CALIBRATION, read_given(source / _CALIBRATION, MOST_BYTES))
        taken.append("calibration")
    return taken


def _seal_anew(path: Path, key: bytes, target: Path, own_key: bytes, model_id: str, now: datetime) -> None:
    pack = read_pack(path, key, model_id=model_id, now=now)
    header = pack.header
    write_pack(
        target,
        own_key,
        group=header.group,
        version=header.version,
        model_id=header.model_id,
        vectors=pack.vectors,
        subjects=pack.subjects,
        made_at=header.made_at,
        expires_at=header.expires_at,
        spread=pack.spread,
        cohort_sha256=header.cohort_sha256,
    )


def trusted_signers(folder: Path) -> tuple[Ed25519PublicKey, ...]:
    """Public keys of ``signers``; none is an empty tuple. Raises ``UnusableKey``, OSError."""
    return tuple(public_key(path) for path in sorted((folder / _SIGNERS).glob("*.pem")) if path.is_file())


def public_key(path: Path) -> Ed25519PublicKey:
    """An Ed25519 public key from PEM. Raises ``UnusableKey``, OSError."""
    try:
        found = load_pem_public_key(read_given(path, _MOST_KEY_FILE))
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("no public key in PEM") from None
    if not isinstance(found, Ed25519PublicKey):
        raise UnusableKey("a public key of another kind than Ed25519")
    return found


def signing_key(path: Path, *, make: bool = False) -> tuple[Ed25519PrivateKey, bool]:
    """An Ed25519 private key from PEM, made where there is none and ``make``; and whether it was made."""
    if make and not path.exists():
        made = Ed25519PrivateKey.generate()
        _write_secret(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made, True
    try:
        found = load_pem_private_key(read_given(path, _MOST_KEY_FILE), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey("no unencrypted private key in PEM") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise UnusableKey("a private key of another kind than Ed25519")
    return found, False


def pack_key(path: Path, *, make: bool = False) -> tuple[bytes, bool]:
    """32 bytes in hexadecimal from a file, made where there is none and ``make``; and whether it was made."""
    if make and not path.exists():
        made = secrets.token_bytes(KEY_BYTES)
        _write_secret(path, made.hex().encode() + b"\n")
        return made, True
    text = read_given(path, _MOST_KEY_FILE)
    try:
        found = bytes.fromhex(text.decode("ascii").strip())
    except (ValueError, UnicodeDecodeError):
        raise UnusableKey("no key in hexadecimal") from None
    if len(found) != KEY_BYTES:
        raise UnusableKey(f"a key of {len(found)} bytes instead of {KEY_BYTES}")
    return found, False


def _write_secret(path: Path, data: bytes) -> None:
    private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
