"""Core values to plain JSON and back: one form for the journal, the record and the envelope that headquarters gets.

Nothing here is written by hand per class: the declared types of the frozen dataclasses decide. A dataclass becomes an
object of its fields; at the top, and wherever a union leaves the class open, the object names its class under ``"$"``
(no Python field can have that name). Enums become their value, dates ISO 8601, tuples arrays, frozensets sorted arrays.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from functools import cache
from typing import TypeVar

from inspection_station.inspection.events import Event

TAG = "$"

_T = TypeVar("_T")
_Encode = Callable[[object, str], object]
_Decode = Callable[[object, str], object]


class MalformedPlain(ValueError):
    """Plain data that do not describe the value asked for. ``path`` says where; no value is quoted (personal data)."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'value'}: {problem}")
        self.path = path
        self.problem = problem


def to_plain(value: object) -> object:
    """JSON-able form of a core dataclass, tagged with its class. Raises MalformedPlain for what JSON cannot hold."""
    return _dataclass_codec(typing.cast(typing.Any, type(value)), True).encode(value, "")


def from_plain(cls: type[_T], plain: object) -> _T:
    """The value of dataclass ``cls`` that ``plain`` describes; a tag, where present, must name ``cls``.

    Raises MalformedPlain for a missing, unknown or mistyped field.
    """
    value = _dataclass_codec(typing.cast(typing.Any, cls), False).decode(plain, "")
    if not isinstance(value, cls):
        raise MalformedPlain("", f"is not a {cls.__name__}")
    return value


def union_from_plain(union: object, plain: object) -> object:
    """The member of ``union`` (``Event``, ``Evidence`` …) that a tagged ``plain`` describes. Raises MalformedPlain."""
    return _codec(union).decode(plain, "")


def event_from_plain(plain: object) -> Event:
    """The event that ``plain`` describes. Raises MalformedPlain."""
    return typing.cast(Event, union_from_plain(Event, plain))


def canonical_json(plain: object) -> bytes:
    """The one way to write ``plain``: UTF-8, keys sorted, no white space.

    Raises MalformedPlain for what cannot be written: lone surrogates, NaN.
    """
    try:
        text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedPlain("", "cannot be written as JSON") from error


def parse_json(data: bytes) -> object:
    """Plain data of JSON bytes; a key given twice, NaN and infinities are refused. Raises MalformedPlain."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except MalformedPlain:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedPlain("", "is not JSON") from error


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedPlain("", "has a key twice")
    return found


def _no_constant(name: str) -> object:
    raise MalformedPlain("", "has a number that is not finite")


@dataclasses.dataclass(frozen=True, slots=True)
class _Codec:
    encode: _Encode
    decode: _Decode


@cache
def _codec(declared: object) -> _Codec:
    """The pair of functions for a declared type. TypeError for a type the core does not use: a fault of the program."""
    origin = typing.get_origin(declared)
    if origin in (typing.Union, types.UnionType):
        return _union_codec(typing.get_args(declared))
    if origin in (tuple, frozenset):
        return _array_codec(origin, _element(declared), tagged=False)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = typing.get_args(declared)
        return _mapping_codec(key, item)
    if isinstance(declared, type) and declared in _SCALARS:
        return _SCALARS[declared]
    if isinstance(declared, type) and issubclass(declared, Enum):
        return _enum_codec(declared)
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        return _dataclass_codec(declared, False)
    raise TypeError(f"no plain form for {declared!r}")


def _element(declared: object) -> object:
    arguments = typing.get_args(declared)
    if len(arguments) == 1 or (len(arguments) == 2 and arguments[1] is Ellipsis):
        return arguments[0]
    return arguments  # a tuple of fixed length, one type a place


@cache
def _dataclass_codec(cls: type, tagged: bool) -> _Codec:
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"no plain form for {cls!r}")
    hints = typing.get_type_hints(cls)
    fields = [field for field in dataclasses.fields(cls) if field.init]
    codecs = {field.name: _codec(hints[field.name]) for field in fields}
    required = {
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    tag = cls.__name__

    def encode(value: object, path: str) -> object:
        if type(value) is not cls:
            raise MalformedPlain(path, f"is not a {tag}")
        plain: dict[str, object] = {TAG: tag} if tagged else {}
        for name, codec in codecs.items():
            plain[name] = codec.encode(getattr(value, name), f"{path}.{name}" if path else name)
        return plain

    def decode(plain: object, path: str) -> object:
        if not isinstance(plain, dict):
            raise MalformedPlain(path, f"is not an object ({tag})")
        if plain.get(TAG, tag) != tag:
            raise MalformedPlain(path, f"is tagged as another class than {tag}")
        if unknown := plain.keys() - codecs.keys() - {TAG}:
            raise MalformedPlain(path, f"{len(unknown)} unknown field(s) for {tag}")
        if missing := sorted(required - plain.keys()):
            raise MalformedPlain(path, f"lacks {', '.join(missing)}")
        arguments = {
            name: codec.decode(plain[name], f"{path}.{name}" if path else name)
            for name, codec in codecs.items()
            if name in plain
        }
        try:
            return cls(**arguments)
        except ValueError as error:
            raise MalformedPlain(path, f"is refused by {tag}") from error

    return _Codec(encode, decode)


def _union_codec(members: tuple[object, ...]) -> _Codec:
    """Dataclasses are told apart by tag, several tuple types by the tags of their elements, the rest by JSON type."""
    nullable = type(None) in members
    rest = [member for member in members if member is not type(None)]
    if len(rest) == 1:
        only = _codec(rest[0])
        return _Codec(
            lambda value, path: None if value is None else only.encode(value, path),
            lambda plain, path: None if plain is None else only.decode(plain, path),
        )
    classes = {m: _dataclass_codec(m, True) for m in rest if isinstance(m, type) and dataclasses.is_dataclass(m)}
    by_tag = {cls.__name__: codec for cls, codec in classes.items()}
    arrays = [_array_codec(tuple, _element(m), tagged=True) for m in rest if typing.get_origin(m) is tuple]
    scalars = [m for m in rest if m not in classes and typing.get_origin(m) is not tuple]
    if len(by_tag) != len(classes) or any(m not in _SCALARS or m is date for m in scalars):
        raise TypeError("members of this union cannot be told apart in JSON")

    def encode(value: object, path: str) -> object:
        if value is None and nullable:
            return None
        if (codec := classes.get(typing.cast("type[typing.Any]", type(value)))) is not None:
            return codec.encode(value, path)
        if isinstance(value, tuple):
            return _first_that_fits([array.encode for array in arrays], value, path)
        return _first_that_fits([_SCALARS[typing.cast(type, m)].encode for m in scalars], value, path)

    def decode(plain: object, path: str) -> object:
        if plain is None and nullable:
            return None
        if isinstance(plain, dict):
            tag = plain.get(TAG)
            codec = by_tag.get(tag) if isinstance(tag, str) else None
            if codec is None:
                raise MalformedPlain(path, "lacks the tag of a known class")
            return codec.decode(plain, path)
        if isinstance(plain, list):
            return _first_that_fits([array.decode for array in arrays], plain, path)
        return _first_that_fits([_SCALARS[typing.cast(type, m)].decode for m in scalars], plain, path)

    return _Codec(encode, decode)


def _first_that_fits(ways: list[Callable[[object, str], object]], value: object, path: str) -> object:
    refusal = MalformedPlain(path, "fits no member of the union")
    for way in ways:
        try:
            return way(value, path)
        except MalformedPlain as error:
            refusal = error  # another member may fit; otherwise the last refusal is as good as any
    raise refusal


def _array_codec(kind: type, element: object, *, tagged: bool) -> _Codec:
    if isinstance(element, tuple):
        places = [_codec(each) for each in element]
    else:
        is_class = isinstance(element, type) and dataclasses.is_dataclass(element)
        one = _dataclass_codec(typing.cast(type, element), True) if tagged and is_class else _codec(element)
        places = None

    def codecs(length: int, path: str) -> list[_Codec]:
        if places is None:
            return [one] * length
        if len(places) != length:
            raise MalformedPlain(path, f"has {length} elements, not {len(places)}")
        return places

    def encode(value: object, path: str) -> object:
        if not isinstance(value, tuple if kind is tuple else frozenset):
            raise MalformedPlain(path, f"is not a {kind.__name__}")
        members = list(value)
        plain = [
            codec.encode(member, f"{path}[{number}]")
            for number, (codec, member) in enumerate(zip(codecs(len(members), path), members, strict=True))
        ]
        return plain if kind is tuple else sorted(plain, key=canonical_json)

    def decode(plain: object, path: str) -> object:
        if not isinstance(plain, list):
            raise MalformedPlain(path, "is not an array")
        members = [
            codec.decode(member, f"{path}[{number}]")
            for number, (codec, member) in enumerate(zip(codecs(len(plain), path), plain, strict=True))
        ]
        found = kind(members)
        if len(found) != len(members):
            raise MalformedPlain(path, "has a member twice")
        return found

    return _Codec(encode, decode)


def _mapping_codec(key: object, item: object) -> _Codec:
    """Keys are strings or string enums, so a mapping is a JSON object."""
    keys, items = _codec(key), _codec(item)

    def encode(value: object, path: str) -> object:
        if not isinstance(value, Mapping):
            raise MalformedPlain(path, "is not a mapping")
        plain: dict[str, object] = {}
        for each, member in value.items():
            name = keys.encode(each, path)
            if not isinstance(name, str):
                raise MalformedPlain(path, "has a key that is not a string")
            plain[name] = items.encode(member, f"{path}[]")
        return plain

    def decode(plain: object, path: str) -> object:
        if not isinstance(plain, dict):
            raise MalformedPlain(path, "is not an object")
        return {keys.decode(each, path): items.decode(member, f"{path}[]") for each, member in plain.items()}

    return _Codec(encode, decode)


def _enum_codec(cls: type[Enum]) -> _Codec:
    values = {member.value: member for member in cls}

    def encode(value: object, path: str) -> object:
        if type(value) is not cls:
            raise MalformedPlain(path, f"is not a {cls.__name__}")
        return value.value

    def decode(plain: object, path: str) -> object:
        member = values.get(plain) if type(plain) in (str, int) else None
        if member is None:
            raise MalformedPlain(path, f"is no value of {cls.__name__}")
        return member

    return _Codec(encode, decode)


def _exactly(kind: type) -> _Codec:
    def same(value: object, path: str) -> object:
        if type(value) is not kind:
            raise MalformedPlain(path, f"is not {kind.__name__}")
        return value

    return _Codec(same, same)


def _number(value: object, path: str) -> object:
    """A float; a whole number written without a point is one too."""
    if type(value) not in (int, float):
        raise MalformedPlain(path, "is not a number")
    try:
        number = float(typing.cast(float, value))
    except OverflowError as error:
        raise MalformedPlain(path, "is too large") from error
    if not math.isfinite(number):
        raise MalformedPlain(path, "is not finite")
    return number


def _encode_date(value: object, path: str) -> object:
    if type(value) is not date:
        raise MalformedPlain(path, "is not a date")
    return value.isoformat()


def _decode_date(plain: object, path: str) -> object:
    try:
        day = date.fromisoformat(plain) if isinstance(plain, str) else None
    except ValueError as error:
        raise MalformedPlain(path, "is not a date (YYYY-MM-DD)") from error
    if day is None or day.isoformat() != plain:  # ISO 8601 also has week dates: one form only
        raise MalformedPlain(path, "is not a date (YYYY-MM-DD)")
    return day


_SCALARS: dict[type, _Codec] = {
    str: _exactly(str),
    bool: _exactly(bool),
    int: _exactly(int),
    float: _Codec(_number, _number),
    date: _Codec(_encode_date, _decode_date),
}
