"""The bundled typefaces, and what to show for a character that none of them draws."""

from __future__ import annotations

import logging
from functools import cache, lru_cache

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics

from inspection_station.resource_path import resource
from inspection_station.ui.theme import FAMILIES

_FILES = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSansTC-Regular.ttf", "NotoSansTC-Bold.ttf")
_ZONE_FILES = (("ocr-b", "OCRB.otf"),)

_log = logging.getLogger(__name__)


@cache
def load_fonts() -> str:
    """Register the bundled fonts; returns the family for machine-readable zones («» where OCR-B is not shipped).

    Raises FileNotFoundError where an interface font is missing: without it Qt picks boxes or a maths font.
    """
    _drawn.cache_clear()
    for name in _FILES:
        if QFontDatabase.addApplicationFont(str(resource("fonts", name))) < 0:
            raise FileNotFoundError(f"font cannot be loaded: {name}")
    for parts in _ZONE_FILES:
        try:
            number = QFontDatabase.addApplicationFont(str(resource("fonts", *parts)))
        except FileNotFoundError:
            continue
        families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
        if families:
            return families[0]
    _log.info("no OCR-B font is shipped; zones are drawn in the interface font")
    return ""


def interface_font() -> QFont:
    """The interface typeface, Latin before Chinese."""
    font = QFont()
    font.setFamilies(list(FAMILIES))
    return font


def visible(text: str, missing: str = "[U+{code}]") -> str:
    """The text with every character that no font draws replaced by its code point, so that no name turns into boxes."""
    if text.isascii():
        return text
    return "".join(c if c.isspace() or _drawn(ord(c)) else missing.format(code=f"{ord(c):04X}") for c in text)


@lru_cache(maxsize=8192)
def _drawn(code: int) -> bool:
    """Whether a font draws it. Asked for every character of every label that changes, always with the same answer."""
    return bool(QFontMetrics(interface_font()).inFontUcs4(code))
