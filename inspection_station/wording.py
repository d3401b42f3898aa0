"""What officers read: one keyed catalogue a language, without Qt, so that screens and command line say the same.

A key is the dotted path in ``resources/translations/LANGUAGE.toml``. Values are filled with ``str.format``.
"""

from __future__ import annotations

import logging
import os
import tomllib
from dataclasses import dataclass
from functools import cache

from inspection_station.resource_path import resource

LANGUAGES = ("zh_TW", "en")
FALLBACK = "en"

_log = logging.getLogger(__name__)


class WordingMissing(KeyError):
    """A key that a catalogue does not hold."""


@dataclass(frozen=True, slots=True)
class ErrorWording:
    """What happened, why, and what to do now (FLOWS 4.2)."""

    code: str
    what: str
    why: str
    do: str


class Wording:
    """The catalogue in one language.

    ``strict`` (tests, or ``STATION_STRICT_WORDING=1``): a missing key raises WordingMissing. Otherwise the English text
    with the key stands in, so that an officer at sea still reads something. Raises ValueError for an unknown language.
    """

    def __init__(self, language: str, *, strict: bool | None = None) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"no such language: {language}; known: {', '.join(LANGUAGES)}")
        self.language = language
        self._strict = os.environ.get("STATION_STRICT_WORDING") == "1" if strict is None else strict
        self._texts = catalogue(language)

    def has(self, key: str) -> bool:
        """Whether the catalogue of this language holds the key."""
        return key in self._texts

    def text(self, key: str, **values: object) -> str:
        """The text of a key with its values filled in."""
        text = self._texts.get(key)
        if text is None:
            text = self._stand_in(key)
        return text.format(**values) if values else text

    def text_or(self, key: str, otherwise: str) -> str:
        """The text of a key that comes from data (a check's name, a list's id), or what stands for it."""
        return self._texts.get(key, otherwise)

    def error(self, code: str) -> ErrorWording:
        """What an officer's code means. Without an entry the general one is shown, with the code itself."""
        known = code if self.has(f"error.{code}.what") or self._strict else "UNKNOWN"
        what, why, do = (self.text(f"error.{known}.{part}") for part in ("what", "why", "do"))
        return ErrorWording(code, what, why, do)

    def _stand_in(self, key: str) -> str:
        if self._strict:
            raise WordingMissing(key)
        _log.warning("wording missing: %s in %s", key, self.language)
        english = catalogue(FALLBACK).get(key)
        return f"{english} [{key}]" if english is not None else f"[{key}]"


def counted(count: int, one: str, many: str = "") -> str:
    """How many of something, for the English lines of command lines: ``1 record``, ``2 records``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by dotted key. Raises ValueError where the file holds anything but tables and texts."""
    with resource("translations", f"{language}.toml").open("rb") as file:
        tree = tomllib.load(file)
    texts: dict[str, str] = {}
    _flatten(tree, "", texts)
    return texts


def _flatten(tree: dict[str, object], prefix: str, texts: dict[str, str]) -> None:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            _flatten(value, f"{key}.", texts)
        elif isinstance(value, str):
            texts[key] = value
        else:
            raise ValueError(f"not a text: {key}")
