"""Every text keeps its contrast in every light, and the tokens of the three themes agree."""

from __future__ import annotations

import pytest

from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import TONE_TOKENS, Look, ThemeName, scale_for, tokens

LEAST = 4.5  # WCAG 2.2, 1.4.3
LEAST_SHAPE = 3.0  # 1.4.11: edges and glyphs
PAIRS = (
    ("ink", "bg"), ("ink", "surface"), ("ink", "sunken"), ("ink2", "bg"), ("ink2", "surface"), ("ink2", "sunken"),
    ("on_accent", "accent"), ("ok", "ok_bg"), ("ok", "surface"), ("bad", "bad_bg"), ("bad", "surface"),
    ("warn", "warn_bg"), ("na", "na_bg"), ("na", "surface"), ("na", "bg"), ("accent", "surface"),
    ("training", "training_bg"),
)  # fmt: skip


def luminance(color: str) -> float:
    def channel(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(color[n : n + 2]) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(theme: ThemeName, ink: str, ground: str) -> None:
    colors = tokens(theme)
    assert contrast(colors[ink], colors[ground]) >= LEAST


@pytest.mark.parametrize("theme", list(ThemeName))
def test_focus_ring_and_glyphs_stand_out(theme: ThemeName) -> None:
    colors = tokens(theme)
    for ink in ("focus", "ok", "bad", "na", "accent"):
        assert contrast(colors[ink], colors["surface"]) >= LEAST_SHAPE
    assert contrast(colors["warn"], colors["warn_bg"]) >= LEAST_SHAPE


def test_the_themes_have_the_same_tokens() -> None:
    assert len({frozenset(tokens(theme)) for theme in ThemeName}) == 1


def test_every_tone_has_colours() -> None:
    assert set(TONE_TOKENS) == set(Tone)


def test_the_scale_is_one_on_a_laptop_and_one_point_four_on_full_hd() -> None:
    assert (scale_for(1366, 768), scale_for(1920, 1080)) == (1.0, 1.4)


def test_the_cart_gets_larger_targets() -> None:
    assert (Look(ThemeName.DAY, 1.0).row, Look(ThemeName.DAY, 1.0, touch=True).row) == (44, 56)
