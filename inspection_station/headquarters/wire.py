"""The alphabet of the exchange: a strict, small subset of CBOR (RFC 8949), and what can be wrong with a message.

Only unsigned and negative integers, byte strings, UTF-8 texts, arrays, true, false and null; definite lengths; every
head in its shortest form; nothing after the last byte. So a message has exactly one way to be written, and a hostile
one is refused before anything of its claimed size is allocated. Shared by the station and the gateway.
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias

import cbor2

Plain: TypeAlias = "int | bytes | str | bool | list[Plain] | None"

MESSAGE_LIMIT = 4 << 20  # bytes of one message
_DEPTH = 8
_VALUES = 50_000  # values within one message


class WireError(ValueError):
    """A message that cannot be used. ``code`` is what people read; the text quotes nothing of the content."""

    code = "SYN-02"


class Malformed(WireError):
    """Not a message of ours, or one that was cut or changed on the way."""


class TooLarge(WireError):
    """More than the limits allow; nothing of it was unpacked."""


class UnknownVersion(WireError):
    """Written by a later program than this one."""

    code = "SYN-03"


class BadSignature(WireError):
    """The signature is not that of the station or gateway it is said to come from."""

    code = "SEC-06"


def encode(value: Plain) -> bytes:
    """The one way to write ``value``."""
    return cbor2.dumps(value)


def decode(data: bytes, limit: int = MESSAGE_LIMIT) -> Plain:
    """The value that ``data`` holds. Raises TooLarge, Malformed."""
    if len(data) > limit:
        raise TooLarge("a message exceeds the limit")
    reading = _Reading(data)
    value = reading.value(0)
    if reading.at != len(data):
        raise Malformed("bytes follow the end of a message")
    return value


class _Reading:
    __slots__ = ("at", "data", "left")

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.left = data, 0, _VALUES

    def value(self, depth: int) -> Plain:
        self.left -= 1
        if depth > _DEPTH or self.left < 0:
            raise TooLarge("a message is nested too deeply or has too many values")
        if self.at >= len(self.data):
            _cut()
        head = self.data[self.at]
        self.at += 1
        kind, argument = head >> 5, head & 31
        if kind == 7:
            if head in _SIMPLE:
                return _SIMPLE[head]
            raise Malformed("a message holds a kind of value that is not in use")
        number = argument if argument < 24 else self._number(argument)
        if kind == 0:
            return number
        if kind == 1:
            return -1 - number
        if kind == 2:
            return self._bytes(number)
        if kind == 3:
            try:
                return self._bytes(number).decode("utf-8")
            except UnicodeDecodeError:
                raise Malformed("a text is not UTF-8") from None
        if kind == 4:
            if number > len(self.data) - self.at:
                _cut()  # every value has at least one byte
            return [self.value(depth + 1) for _ in range(number)]
        raise Malformed("a message holds a kind of value that is not in use")

    def _number(self, argument: int) -> int:
        if argument > 27:
            raise Malformed("a length is not definite")
        size = 1 << (argument - 24)
        number = int.from_bytes(self._bytes(size), "big")
        if number < (24, 1 << 8, 1 << 16, 1 << 32)[argument - 24]:
            raise Malformed("a number is not in its shortest form")
        return number

    def _bytes(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            _cut()
        self.at += size
        return self.data[self.at - size : self.at]


_SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}


def _cut() -> NoReturn:
    raise Malformed("a message ends too soon")


def fields(value: Plain, name: str, count: int) -> list[Plain]:
    """The fields of message ``name`` («packet/1»): an array that begins with it, and ``count`` values more.

    Raises UnknownVersion for another version of the same message, Malformed for anything else.
    """
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise Malformed("not a message of the exchange")
    if value[0] != name:
        if value[0].split("/", 1)[0] == name.split("/", 1)[0]:
            raise UnknownVersion("a message of a version that this program does not know")
        raise Malformed("another message than was expected")
    if len(value) != count + 1:
        raise Malformed("a message has too few or too many fields")
    return value[1:]


def name_of(data: bytes) -> str:
    """The name that a message begins with, or empty, without reading the rest."""
    if len(data) < 2 or data[0] >> 5 != 4 or data[1] >> 5 != 3:
        return ""
    return data[2 : 2 + (data[1] & 31)].decode("ascii", errors="replace")


def number(value: Plain, limit: int = 1 << 53) -> int:
    """A number from 0 to ``limit``. Raises Malformed."""
    if type(value) is not int or not 0 <= value <= limit:
        raise Malformed("a field is not a number in its range")
    return value


def octets(value: Plain, length: int | None = None) -> bytes:
    """Bytes, of exactly ``length`` where that is given. Raises Malformed."""
    if type(value) is not bytes or (length is not None and len(value) != length):
        raise Malformed("a field is not a byte string of its length")
    return value


def words(value: Plain, limit: int = 200) -> str:
    """A text of at most ``limit`` characters. Raises Malformed."""
    if type(value) is not str or len(value) > limit:
        raise Malformed("a field is not a text of its length")
    return value


def items(value: Plain, limit: int) -> list[Plain]:
    """An array of at most ``limit`` values. Raises Malformed, TooLarge."""
    if not isinstance(value, list):
        raise Malformed("a field is not an array")
    if len(value) > limit:
        raise TooLarge("an array has too many values")
    return value
