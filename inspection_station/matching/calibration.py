"""A calibration of face comparison: an agency's own figures, signed, for one model and one cohort.

The file is JSON: ``calibration`` (the figures), ``signer`` (SHA-256 of the public key) and ``signature`` (Ed25519, RFC
8032, over a domain line and the canonical form of ``calibration``: keys sorted, no spaces, UTF-8). It holds no
templates. Without a calibration that fits, nothing is shown as a match.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inspection_station.matching.thresholds import FaceThresholds, MalformedThresholds, ScoreScale, ThresholdStatus

_DOMAIN = b"inspection-station face calibration 1\n"
_LAYOUT = 1
MOST_BYTES = 4 * 1024 * 1024


class CalibrationFault(StrEnum):
    """Why a calibration is not used; the value is the stable code."""

    MALFORMED = "malformed"
    UNKNOWN_SIGNER = "unknown-signer"
    BAD_SIGNATURE = "bad-signature"
    OTHER_MODEL = "other-model"
    OTHER_COHORT = "other-cohort"


class CalibrationRefused(ValueError):
    """A calibration that must not be used. ``code`` for the machine, the message for the log."""

    def __init__(self, code: CalibrationFault, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group's rates at the bounds for everybody; ``fmr`` and ``fnmr`` by target rate, None where not measured."""

    persons: int
    genuine: int
    impostor: int
    fmr: Mapping[str, float | None]
    fnmr: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class FaceCalibration:
    """What was measured, on what, by which model, with which cohort.

    ``bounds`` and ``fnmr`` by target false-match rate ("1e-3"); ``rates``: (z, false-match rate), z rising.
    ``match_fmr`` and ``inconclusive_fmr`` are the targets of the two bounds of the bands. ``training``: made of drawn
    faces.
    """

    model_id: str
    model_sha256: str
    made_on: date
    source: str
    cohort_sha256: str
    cohort_templates: int
    nearest: int
    persons: int
    pictures: int
    failed_to_enrol: int
    genuine: int
    impostor: int
    match: float
    inconclusive: float
    match_fmr: float
    inconclusive_fmr: float
    rates: tuple[tuple[float, float], ...]
    bounds: Mapping[str, float]
    fnmr: Mapping[str, float]
    groups: Mapping[str, GroupFigures] = field(default_factory=dict)
    training: bool = False

    def thresholds(self) -> FaceThresholds:
        """The bounds of z. Raises ``MalformedThresholds`` when they contradict one another."""
        return FaceThresholds(
            model_id=self.model_id,
            status=ThresholdStatus.TRAINING if self.training else ThresholdStatus.CALIBRATED,
            match=self.match,
            inconclusive=self.inconclusive,
            source=f"{self.source}, {self.made_on.isoformat()}",
            rates=self.rates,
            scale=ScoreScale.NORMALISED,
            cohort_sha256=self.cohort_sha256,
        )


def sign_calibration(calibration: FaceCalibration, key: Ed25519PrivateKey) -> bytes:
    """The signed file. Raises ``MalformedThresholds`` when the figures contradict one another."""
    calibration.thresholds()
    body = {"layout": _LAYOUT, **asdict(calibration), "made_on": calibration.made_on.isoformat()}
    public = key.public_key()
    signature = key.sign(_DOMAIN + _canonical(body))
    return json.dumps(
        {
            "calibration": body,
            "signer": signer_id(public),
            "signature": base64.b64encode(signature).decode("ascii"),
        },
        ensure_ascii=False,
        indent=1,
    ).encode()


def read_calibration(data: bytes, signers: Iterable[Ed25519PublicKey]) -> FaceCalibration:
    """The calibration of a signed file. Raises ``CalibrationRefused``; no figure is looked at before the signature."""
    document = _document(data)
    body, signer, signature = document["calibration"], document["signer"], document["signature"]
    key = {signer_id(one): one for one in signers}.get(signer)
    if key is None:
        raise CalibrationRefused(CalibrationFault.UNKNOWN_SIGNER, "signed by nobody this station trusts")
    try:
        key.verify(base64.b64decode(signature, validate=True), _DOMAIN + _canonical(body))
    except (InvalidSignature, binascii.Error, ValueError):
        raise CalibrationRefused(CalibrationFault.BAD_SIGNATURE, "altered after it was signed") from None
    return _calibration(body)


def require_fit(calibration: FaceCalibration, model_id: str, model_sha256: str, cohort_sha256: str) -> None:
    """Raises ``CalibrationRefused`` unless the figures hold for this model and this cohort."""
    if (calibration.model_id, calibration.model_sha256) != (model_id, model_sha256):
        raise CalibrationRefused(CalibrationFault.OTHER_MODEL, "made for another face model")
    if calibration.cohort_sha256 != cohort_sha256:
        raise CalibrationRefused(CalibrationFault.OTHER_COHORT, "made with another cohort")


def signer_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def _canonical(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise CalibrationRefused(CalibrationFault.MALFORMED, "too large")
    try:
        document = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CalibrationRefused(CalibrationFault.MALFORMED, "not JSON") from None
    wanted = {"calibration": dict, "signer": str, "signature": str}
    if not isinstance(document, dict) or any(not isinstance(document.get(k), kind) for k, kind in wanted.items()):
        raise CalibrationRefused(CalibrationFault.MALFORMED, "no calibration, signer and signature")
    return document


def _calibration(body: dict[str, Any]) -> FaceCalibration:
    try:
        if body.pop("layout") != _LAYOUT:
            raise CalibrationRefused(CalibrationFault.MALFORMED, "of another layout")
        groups = {name: GroupFigures(**figures) for name, figures in body.pop("groups").items()}
        rates = tuple((_number(score), _number(rate)) for score, rate in body.pop("rates"))
        made_on = date.fromisoformat(body.pop("made_on"))
        read = FaceCalibration(**body, made_on=made_on, rates=rates, groups=groups)
        for value in (read.match, read.inconclusive, read.match_fmr, read.inconclusive_fmr):
            _number(value)
        if not rates:
            raise CalibrationRefused(CalibrationFault.MALFORMED, "no false-match rates")
        read.thresholds()
    except (KeyError, TypeError, ValueError, AttributeError, MalformedThresholds) as wrong:
        if isinstance(wrong, CalibrationRefused):
            raise
        raise CalibrationRefused(
            CalibrationFault.MALFORMED, f"the figures are not whole ({type(wrong).__name__})"
        ) from None
    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _no_constant(name: str) -> float:
    raise ValueError(name)
