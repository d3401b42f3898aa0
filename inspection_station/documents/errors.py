"""What can be wrong with bytes from a document. The texts hold lengths and positions, never what was read."""

from __future__ import annotations


class MalformedMrz(ValueError):
    """The text is not a machine-readable zone. ``code`` is the officer's code, ``detail`` says what does not fit.

    ``detail`` names counts, lengths and positions only ("3 lines of 29, 30, 30 characters"): it may be logged.
    ``lengths`` are those of the lines, where these are what does not fit.
    """

    def __init__(self, code: str, detail: str, lengths: tuple[int, ...] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.lengths = lengths


class NameNotRomanised(ValueError):
    """A name holds a character for which Doc 9303 part 3 section 6 gives no transliteration."""
