"""Sealed bodies (canonical JSON) packed for a narrow link, and unpacked to the very same bytes.

Hashes, salts and ids are random: as hex they cost twice their worth and spoil the compression of the text round them.
They are taken out of the text, which keeps one control character in their place (canonical JSON never holds a raw
control character), and travel as plain bytes behind it. A hash that is the hash of the body before (the chain), and a
value that stands at the same place in the body before (the incarnation), are only marked. The text of the whole packet
is one zstd frame over a dictionary that both sides ship. Nothing has to be trusted: the receiver hashes what it
unpacked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

import zstandard

from inspection_station.headquarters.wire import Malformed, TooLarge, UnknownVersion
from inspection_station.resource_path import resource

DICTIONARY = 1  # version used for packing; every version ever shipped can be unpacked
BODY_LIMIT = 256 << 10  # bytes of one body
TEXT_LIMIT = 4 << 20  # bytes of a packet's text
BODIES_LIMIT = 256  # bodies in one packet

_END, _AGAIN, _BEFORE = b"\x05", b"\x06", b"\x04"
_UUID, _SALT, _HASH = b"\x03", b"\x02", b"\x01"
_RANDOM = re.compile(
    rb'(?<=")(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{32})(?=")'
)
_MARK_OF = {36: _UUID, 64: _HASH, 32: _SALT}
_RAW_BYTES = {_UUID[0]: 16, _HASH[0]: 32, _SALT[0]: 16}
_ANY_MARK = b"\x01"
_ALIKE = bytes(_ANY_MARK[0] if 1 <= octet <= 6 else octet for octet in range(256))  # a table for ``bytes.translate``
_NO_MARKS = bytes(octet for octet in range(256) if not 1 <= octet <= 6)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_LEVEL = 15  # 19 takes twice the time for one per cent


def pack(bodies: Sequence[bytes], dictionary: int = DICTIONARY) -> tuple[bytes, bytes]:
    """Compressed text and the random bytes taken out of it.

    Raises Malformed for a body that is not canonical JSON, TooLarge.
    """
    texts, raws = [], []
    before, values = b"", list[bytes]()
    for body in bodies:
        if _CONTROL.search(body):
            raise Malformed("a body is not canonical JSON")
        if len(body) > BODY_LIMIT:
            raise TooLarge("a body exceeds the limit")
        text, raw, values = take_out(body, before, values)
        texts.append(text)
        raws.append(raw)
        before = hashlib.sha256(body).hexdigest().encode()
    text = _END.join(texts)
    if len(bodies) > BODIES_LIMIT or len(text) > TEXT_LIMIT:
        raise TooLarge("too much for one packet")
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary(dictionary)).compress(text), b"".join(raws)


def unpack(compressed: bytes, raw: bytes, dictionary: int = DICTIONARY) -> list[bytes]:
    """The bodies. Raises Malformed, TooLarge, UnknownVersion."""
    try:
        size = zstandard.frame_content_size(compressed)
        if not 0 <= size <= TEXT_LIMIT:  # the library would allocate whatever the frame claims
            raise TooLarge("a packet's text exceeds the limit or does not tell its size")
        opener = zstandard.ZstdDecompressor(dict_data=_dictionary(dictionary))
        text = opener.decompress(compressed, max_output_size=TEXT_LIMIT, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Malformed("a packet's text cannot be decompressed") from error
    texts = text.split(_END)
    if len(texts) > BODIES_LIMIT:
        raise TooLarge("too many bodies in one packet")
    bodies: list[bytes] = []
    at, before, values = 0, b"", list[bytes]()
    for one in texts:
        body, at, values = _put_back(one, raw, at, before, values)
        if len(body) > BODY_LIMIT:
            raise TooLarge("a body exceeds the limit")
        bodies.append(body)
        before = hashlib.sha256(body).hexdigest().encode()
    if at != len(raw):
        raise Malformed("a packet's text and bytes do not belong together")
    return bodies


def take_out(body: bytes, before: bytes, values_before: Sequence[bytes]) -> tuple[bytes, bytes, list[bytes]]:
    """The body's text with marks, the random bytes taken out, and the values as they stood.

    ``before``: hash of the body before, hex; ``values_before``: its values.
    """
    raw: list[bytes] = []
    values: list[bytes] = []

    def replaced(match: re.Match[bytes]) -> bytes:
        found, place = match[0], len(values)
        values.append(found)
        if found == before:
            return _BEFORE
        if place < len(values_before) and values_before[place] == found:
            return _AGAIN
        raw.append(bytes.fromhex(found.replace(b"-", b"").decode()))
        return _MARK_OF[len(found)]

    text = _RANDOM.sub(replaced, body)
    return text, b"".join(raw), values


def _put_back(
    text: bytes, raw: bytes, at: int, before: bytes, values_before: Sequence[bytes]
) -> tuple[bytes, int, list[bytes]]:
    values: list[bytes] = []
    # Two passes of ``translate`` find a handful of marks in kilobytes several times faster than an expression does.
    first, *others = text.translate(_ALIKE).split(_ANY_MARK)
    parts = [first]
    for mark, part in zip(text.translate(None, _NO_MARKS), others, strict=True):
        if mark == _BEFORE[0]:
            value = before
        elif mark == _AGAIN[0]:
            if len(values) >= len(values_before):
                raise Malformed("a packet's text repeats a value that is not there")
            value = values_before[len(values)]
        else:
            size = _RAW_BYTES[mark]
            if len(raw) - at < size:
                raise Malformed("a packet's text and bytes do not belong together")
            value = _text_of(mark, raw[at : at + size])
            at += size
        values.append(value)
        parts += value, part
    return b"".join(parts), at, values


def _text_of(mark: int, raw: bytes) -> bytes:
    plain = raw.hex()
    if mark == _UUID[0]:
        plain = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    return plain.encode()


@cache
def _dictionary(version: int) -> zstandard.ZstdCompressionDict:
    if not 1 <= version <= DICTIONARY:
        raise UnknownVersion("a packet was made with a dictionary that this program does not have")
    return zstandard.ZstdCompressionDict(resource("exchange", f"dictionary-{version}.zdict").read_bytes())
