"""Why a picture or a record of a finger cannot be used."""

from __future__ import annotations

from enum import StrEnum


class FingerprintFault(StrEnum):
    """The value is the stable code."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not-a-picture"
    TRUNCATED = "truncated"
    TOO_LARGE = "too-large"
    TOO_SMALL = "too-small"
    BAD_RESOLUTION = "bad-resolution"
    NO_FINGER = "no-finger"
    NOT_A_FINGERPRINT = "not-a-fingerprint"
    SEVERAL_FINGERS = "several-fingers"
    TOO_LITTLE = "too-little-of-the-finger"
    TOO_POOR = "too-poor"
    MALFORMED_TEMPLATE = "malformed-template"


NEXT_ACTION: dict[FingerprintFault, str] = {
    FingerprintFault.EMPTY: "give a picture or a template of one finger",
    FingerprintFault.NOT_A_PICTURE: "give PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, WSQ, ISO 19794-4 or a template",
    FingerprintFault.TRUNCATED: "give the whole file",
    FingerprintFault.TOO_LARGE: "give the picture of one finger, cut out, with its resolution",
    FingerprintFault.TOO_SMALL: "use a reader whose platen takes the whole fingertip",
    FingerprintFault.BAD_RESOLUTION: "state the resolution in dots per inch, 250 to 1200",
    FingerprintFault.NO_FINGER: "lay the finger on the reader and capture again",
    FingerprintFault.NOT_A_FINGERPRINT: "give the picture of a finger, ridges dark on light ground",
    FingerprintFault.SEVERAL_FINGERS: "capture one finger alone",
    FingerprintFault.TOO_LITTLE: "lay the whole fingertip flat on the middle of the reader",
    FingerprintFault.TOO_POOR: "clean the reader, dry or breathe on the finger, and capture again",
    FingerprintFault.MALFORMED_TEMPLATE: "give a template after ISO/IEC 19794-2:2005 or ANSI INCITS 378-2004",
}


class UnusableFingerprint(ValueError):
    """A code for the machine, a detail for the log (nothing of the finger itself)."""

    def __init__(self, code: FingerprintFault, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def next_action(self) -> str:
        """What to do about it."""
        return NEXT_ACTION[self.code]
