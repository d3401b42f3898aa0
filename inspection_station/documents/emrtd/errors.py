"""What can go wrong between the station and a chip. Texts hold no personal data: never a name, number, date or
picture.
"""

from __future__ import annotations


class ChipFault(Exception):
    """Something is wrong with the chip or what it holds. ``code`` is the officer's code (CHP-…)."""

    code = "CHP-01"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class MalformedChipData(ChipFault):
    """An answer or a file breaks its own format (length, nesting, tag, size). Nothing of it is used."""

    code = "CHP-07"


class SecureMessagingBroken(MalformedChipData):
    """An answer under secure messaging whose checksum, counter or structure is wrong (Doc 9303 part 11 §9.8)."""


class AccessDenied(ChipFault):
    """The chip refused the key made from the zone or the card access number (Doc 9303 part 11 §4)."""

    code = "CHP-02"


class AccessNotSpoken(ChipFault):
    """The chip or the operator asks for an access protocol that does not apply here; the text says which."""

    code = "CHP-02"


class ChipRefused(ChipFault):
    """The chip answered a command with an error status. ``status`` is the status word (ISO/IEC 7816-4 §5.6)."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(f"{detail}: status {status:04X}")
        self.status = status


class ReadingCancelled(ChipFault):
    """The desk asked for the reading to stop; not a fault of the chip."""


class DocumentExchanged(ChipFault):
    """The document that was put back in mid-reading is not the one that was taken away."""

    code = "CHP-06"
