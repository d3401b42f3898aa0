"""XML of WS-Biometric Devices (NIST SP 500-288, version 1): results read safely, configurations and results written.

Read safely: no document type, no entities, bounded size, depth and number of elements; ids must be UUIDs, since they
become part of addresses.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from inspection_station.hardware.errors import DeviceGarbage

NAMESPACE: Final = "urn:oid:2.16.840.1.101.3.9.3.1"
_NAMESPACES: Final = frozenset({NAMESPACE, "http://docs.oasis-open.org/bioserv/ns/wsbd-1.0"})
"""NIST's, and that of the OASIS edition, whose elements are the same."""
LARGEST_MESSAGE: Final = 48 * 1024 * 1024
"""Bytes: the largest picture of ``finger_file`` in base 64, and some words."""
_DEEPEST: Final = 16
_MOST_ELEMENTS: Final = 20_000
_LONGEST_WORD: Final = 4_000
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_XML_SPACE: Final = " \t\r\n"
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Setting = bool | int | float | str


class WsbdStatus(StrEnum):
    """Outcomes of an operation, in the standard's words."""

    SUCCESS = "success"
    FAILURE = "failure"
    INVALID_ID = "invalidId"
    CANCELED = "canceled"
    CANCELED_WITH_SENSOR_FAILURE = "canceledWithSensorFailure"
    SENSOR_FAILURE = "sensorFailure"
    LOCK_NOT_HELD = "lockNotHeld"
    LOCK_HELD_BY_ANOTHER = "lockHeldByAnother"
    INITIALIZATION_NEEDED = "initializationNeeded"
    CONFIGURATION_NEEDED = "configurationNeeded"
    SENSOR_BUSY = "sensorBusy"
    SENSOR_TIMEOUT = "sensorTimeout"
    UNSUPPORTED = "unsupported"
    BAD_VALUE = "badValue"
    NO_SUCH_PARAMETER = "noSuchParameter"
    PREPARING_DOWNLOAD = "preparingDownload"


@dataclass(frozen=True, slots=True)
class WsbdResult:
    """The ``result`` element. ``metadata`` flattens what is nested: ``resolution.width``. The service's ``message`` is
    left out: nobody knows what a maker puts into it.
    """

    status: WsbdStatus
    session_id: str | None = None
    capture_ids: tuple[str, ...] = ()
    bad_fields: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    sensor_data: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Element:
    name: str
    text: list[str] = field(default_factory=list)
    inside: list[_Element] = field(default_factory=list)

    @property
    def words(self) -> str:
        return "".join(self.text).strip(_XML_SPACE)

    def first(self, name: str) -> _Element | None:
        return next((element for element in self.inside if element.name == name), None)


def parse_result(document: bytes) -> WsbdResult:
    """Raises DeviceGarbage for what is no ``result`` of WS-BD."""
    root = _tree(document)
    if root.name != "result":
        raise DeviceGarbage("an answer that is no WS-BD result")
    stated = root.first("status")
    words = "" if stated is None else stated.words
    if words == "noSuchParamter":  # so written in the schema of the standard's own reference service
        words = WsbdStatus.NO_SUCH_PARAMETER.value
    try:
        status = WsbdStatus(words)
    except ValueError:
        raise DeviceGarbage("a WS-BD result without a status of the standard") from None
    session, data = root.first("sessionId"), root.first("sensorData")
    return WsbdResult(
        status,
        None if session is None or not session.words else _uuid(session.words),
        tuple(_uuid(words) for words in _array(root.first("captureIds"))),
        tuple(words[:100] for words in _array(root.first("badFields"))),
        _dictionary(root.first("metadata")),
        None if data is None or not data.words else _bytes(data.words),
    )


def parse_configuration(document: bytes) -> dict[str, str]:
    """The ``configuration`` that a client sets. Raises DeviceGarbage."""
    root = _tree(document)
    if root.name != "configuration":
        raise DeviceGarbage("no WS-BD configuration")
    return _dictionary(root)


def configuration_xml(values: Mapping[str, Setting]) -> bytes:
    """Raises ValueError for a value that XML cannot hold."""
    return _document("configuration", _items(values))


def result_xml(result: WsbdResult) -> bytes:
    """A result as a service sends it, its elements in the order of the schema."""
    parts = [f"<status>{result.status}</status>"]
    if result.bad_fields:
        parts.append(f"<badFields>{''.join(_element('element', name) for name in result.bad_fields)}</badFields>")
    if result.capture_ids:
        parts.append(f"<captureIds>{''.join(_element('element', name) for name in result.capture_ids)}</captureIds>")
    if result.metadata:
        parts.append(f"<metadata>{_items(result.metadata)}</metadata>")
    if result.sensor_data is not None:
        parts.append(f"<sensorData>{base64.b64encode(result.sensor_data).decode('ascii')}</sensorData>")
    if result.session_id is not None:
        parts.append(_element("sessionId", result.session_id))
    return _document("result", "".join(parts))


def _document(name: str, content: str) -> bytes:
    spaces = (
        f'xmlns="{NAMESPACE}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    )
    return f'<?xml version="1.0" encoding="utf-8"?><{name} {spaces}>{content}</{name}>'.encode()


def _items(values: Mapping[str, Setting]) -> str:
    return "".join(f"<item>{_element('key', key)}{_value(value)}</item>" for key, value in values.items())


def _value(value: Setting) -> str:
    if isinstance(value, bool):
        return f'<value i:type="xs:boolean">{str(value).lower()}</value>'
    kind = {int: "int", float: "decimal", str: "string"}[type(value)]
    return f'<value i:type="xs:{kind}">{_escaped(str(value))}</value>'


def _element(name: str, words: str) -> str:
    return f"<{name}>{_escaped(words)}</{name}>"


def _escaped(words: str) -> str:
    if _UNWRITABLE.search(words):
        raise ValueError("a character that XML cannot hold")
    return escape(words)


def _array(element: _Element | None) -> list[str]:
    return [] if element is None else [e.words for e in element.inside if e.name == "element" and e.words]


def _dictionary(element: _Element | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in () if element is None else element.inside:
        key, value = item.first("key"), item.first("value")
        if item.name != "item" or key is None or value is None or not key.words:
            continue
        if value.inside:
            found.update({f"{key.words}.{e.name}": e.words[:_LONGEST_WORD] for e in value.inside})
        else:
            found[key.words] = value.words[:_LONGEST_WORD]
    return found


def _uuid(words: str) -> str:
    if not _UUID.fullmatch(words):
        raise DeviceGarbage("an id that is no UUID")
    return words


def _bytes(words: str) -> bytes:
    try:
        return base64.b64decode(words.translate({ord(space): None for space in _XML_SPACE}), validate=True)
    except (binascii.Error, ValueError):
        raise DeviceGarbage("sensor data that is not in base 64") from None


def _tree(document: bytes) -> _Element:
    """The elements of the standard's namespaces. Raises DeviceGarbage."""
    if len(document) > LARGEST_MESSAGE:
        raise DeviceGarbage(f"an answer of {len(document)} bytes")
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, LookupError, ValueError):  # the latter two: an encoding that nobody has
        raise DeviceGarbage("an answer that is not well-formed XML") from None
    if builder.root is None:
        raise DeviceGarbage("an answer without an element")
    return builder.root


class _Builder:
    """Collects elements; those of foreign namespaces keep their place but lose their name."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS or len(self._open) >= _DEEPEST:
            raise DeviceGarbage("an answer of too many elements")
        space, _, local = name.rpartition(" ")
        element = _Element(local if space in _NAMESPACES else "")
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, name: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text.append(text)

    @staticmethod
    def doctype(*_: object) -> None:
        raise DeviceGarbage("an answer with a document type")
