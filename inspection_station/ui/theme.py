"""Colours, sizes and the style sheet. Tokens are data (``resources/theme``); sizes are px at 1366×768 times a scale."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from PySide6.QtGui import QColor, QFont

from inspection_station.resource_path import resource
from inspection_station.ui.presenters.tone import Tone

FAMILIES = ("Noto Sans", "Noto Sans TC")


class ThemeName(StrEnum):
    """Light conditions, in the order the officer steps through them."""

    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


@cache
def tokens(name: ThemeName) -> dict[str, str]:
    """Colours of a theme by token name."""
    with resource("theme", f"{name.value}.toml").open("rb") as file:
        return {key: str(value) for key, value in tomllib.load(file).items()}


# Tone -> (ink token, ground token). Amber is a filled chip: brown on white is lost to a deuteranope.
TONE_TOKENS: dict[Tone, tuple[str, str]] = {
    Tone.OK: ("ok", "ok_bg"),
    Tone.LOOK: ("warn", "warn_bg"),
    Tone.BAR: ("bad", "bad_bg"),
    Tone.UNCHECKED: ("na", "na_bg"),
    Tone.RUNNING: ("accent", "surface"),
    Tone.NOTE: ("ink2", "surface"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What every widget needs to draw itself. ``touch``: the cart's larger targets (at least 56 px instead of 44)."""

    theme: ThemeName
    scale: float
    touch: bool = False

    def px(self, size: float) -> int:
        """A length of the 1366×768 drawing in this window's pixels."""
        return max(1, round(size * self.scale))

    def color(self, token: str) -> QColor:
        """A token's colour."""
        return QColor(tokens(self.theme)[token])

    def tone_ink(self, tone: Tone) -> QColor:
        """Text and glyph colour of a tone."""
        return self.color(TONE_TOKENS[tone][0])

    def tone_ground(self, tone: Tone) -> QColor:
        """Ground colour of a tone."""
        return self.color(TONE_TOKENS[tone][1])

    def font(self, size: float, *, bold: bool = False) -> QFont:
        """The interface typeface: Latin first (Noto Sans TC lacks Ł, Ş, ğ, Ő), then Chinese."""
        font = QFont()
        font.setFamilies(list(FAMILIES))
        font.setPixelSize(self.px(size))
        font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
        return font

    @property
    def row(self) -> int:
        """Height of a row that can be touched."""
        least = 56 if self.touch else 44
        return max(least, self.px(least))


def scale_for(width: int, height: int) -> float:
    """1.0 at 1366×768, 1.4 at 1920×1080; in steps of 0.05 so that a resize does not restyle at every pixel. On an old
    screen of 1024×768 it is small print, and every key is still there.
    """
    raw = min(width / 1366, height / 768)
    return min(2.0, max(0.75, int(raw * 20 + 1e-6) / 20))


def style_sheet(look: Look) -> str:
    """Qt style sheet of the plain widgets; painted widgets take their colours from the same Look."""
    t = tokens(look.theme)
    px = look.px
    inks = "\n".join(f'QLabel[ink="{name}"] {{ color: {color}; }}' for name, color in t.items())
    return f"""
    * {{ color: {t["ink"]}; font-family: "Noto Sans", "Noto Sans TC"; font-size: {px(15)}px; }}
    QMainWindow, QWidget#root {{ background: {t["bg"]}; }}
    QWidget#card {{ background: {t["surface"]}; border: 1px solid {t["line"]}; border-radius: {px(8)}px; }}
    QWidget#topBar {{ background: {t["surface"]}; border-bottom: 1px solid {t["line"]}; }}
    QWidget#exchangeStrip {{ background: {t["sunken"]}; border-bottom: 1px solid {t["line"]}; }}
    QWidget#actionBar {{ background: {t["surface"]}; border-top: 1px solid {t["line"]}; }}
    QLabel#trainingBar {{ background: {t["training_bg"]}; color: {t["training"]}; font-weight: 700;
        font-size: {px(14)}px; }}
    QLabel {{ background: transparent; }}
    QLabel[role="label"] {{ color: {t["ink2"]}; font-size: {px(13)}px; }}
    QLabel[role="body"] {{ font-size: {px(15)}px; }}
    QLabel[role="value"] {{ font-size: {px(18)}px; }}
    QLabel[role="strong"] {{ font-size: {px(15)}px; font-weight: 700; }}
    QLabel[role="heading"] {{ font-size: {px(18)}px; font-weight: 700; }}
    QLabel[role="name"] {{ font-size: {px(24)}px; font-weight: 700; }}
    QLabel[role="verdict"] {{ font-size: {px(30)}px; font-weight: 700; }}
    {inks}
    QLabel[tone="ok"] {{ color: {t["ok"]}; }}
    QLabel[tone="bar"] {{ color: {t["bad"]}; }}
    QLabel[tone="not-checked"] {{ color: {t["na"]}; }}
    QLabel[tone="note"] {{ color: {t["ink2"]}; }}
    QLabel[tone="running"] {{ color: {t["accent"]}; }}
    QLabel[tone="look"] {{ color: {t["warn"]}; background: {t["warn_bg"]}; border-radius: {px(4)}px;
        padding: 0 {px(6)}px; }}
    QLineEdit, QPlainTextEdit {{ background: {t["surface"]}; color: {t["ink"]}; border: 2px solid {t["line"]};
        border-radius: {px(8)}px; padding: {px(8)}px; font-size: {px(18)}px;
        selection-background-color: {t["accent"]}; selection-color: {t["on_accent"]}; }}
    QLineEdit {{ min-height: {look.row - px(20)}px; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 3px solid {t["focus"]}; }}
    QPushButton {{ background: {t["surface"]}; color: {t["ink"]}; border: 1px solid {t["line"]};
        border-radius: {px(8)}px; padding: {px(4)}px {px(16)}px; min-height: {look.row - px(10)}px;
        font-size: {px(15)}px; }}
    QPushButton:pressed {{ background: {t["sunken"]}; }}
    QPushButton:focus {{ border: 3px solid {t["focus"]}; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
    QScrollBar:vertical {{ background: transparent; width: {px(12)}px; }}
    QScrollBar::handle:vertical {{ background: {t["line"]}; border-radius: {px(5)}px; min-height: {px(44)}px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    """
