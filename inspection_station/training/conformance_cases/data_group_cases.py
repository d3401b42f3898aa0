"""Cases with EF.COM, DG1 and DG2 (units LDS_A to LDS_C)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from inspection_station.documents.emrtd import tlv
from inspection_station.training.conformance_cases import documents
from inspection_station.training.conformance_cases.case import Answer, ConformanceCase, Situation, title_basis
from inspection_station.training.conformance_cases.documents import LINES, bac, face_group, zone
from inspection_station.training.conformance_cases.security_object_cases import resized
from inspection_station.training.passport_issue import common_data, data_group_1, data_group_2

_COM = title_basis("Doc 9303-10 §4.6.1")
_ZONE = title_basis("Doc 9303-10 §4.7.1", "Doc 9303-3 §4")
_FACE = title_basis("Doc 9303-10 §4.7.2")
_RECORD = title_basis("Doc 9303-10 §4.7.2", "ISO/IEC 19794-5:2005 §5")
_LISTED, _COMPARED = frozenset({"common-data", "MalformedChipData"}), frozenset({"mrz-against-chip"})
_MALFORMED = frozenset({"data-group-format", "MalformedChipData"})
_HEADER = frozenset({"biometric-header", "data-group-format"})


def _with_common_data(change: Callable[[bytes], bytes]) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        document = bac()
        yield replace(document, com=change(common_data(document.groups))).situation()

    return situations


def _common_data_cases() -> Iterator[ConformanceCase]:
    def element(tag: int, value: bytes | None) -> Callable[[bytes], bytes]:
        def changed(file: bytes) -> bytes:
            inside = {e.tag: e.value for e in tlv.read(file)[0].children()}
            inside = {t: v for t, v in inside.items() if t != tag or value is not None}
            if value is not None:
                inside[tag] = value
            return tlv.encode(0x60, *(tlv.encode(t, v) for t, v in inside.items()))

        return changed

    for number, behaviour, change in (
        ("01", "the file's tag is 61", lambda file: b"\x61" + file[1:]),
        ("02", "its length is one short", lambda file: resized(file, -1)),
        ("03", "its length is one too long", lambda file: resized(file, 1)),
        ("04", "LDS version 3.0", element(0x5F01, b"0300")),
        ("05", "no LDS version", element(0x5F01, None)),
        ("06", "Unicode version 05.00.00", element(0x5F36, b"050000")),
        ("07", "no Unicode version", element(0x5F36, None)),
        ("08", "its list lacks DG1", element(0x5C, b"\x75")),
        ("09", "no list", element(0x5C, None)),
    ):
        yield ConformanceCase(
            f"LDS_A_{number}", "BAC", f"EF.COM: {behaviour}", Answer.FAILED, _with_common_data(change), _COM, _LISTED
        )
    newer = _with_common_data(element(0x5F01, b"0108"))
    yield ConformanceCase("LDS_A_10", "BAC", "EF.COM: LDS version 1.8", Answer.SUCCESSFUL, newer, _COM)


def _patched(line: int, at: int, text: str, lines: tuple[str, ...] = LINES) -> tuple[str, ...]:
    """The zone with other characters in one place and everything else as it was."""
    changed = lines[line][:at] + text + lines[line][at + len(text) :]
    return tuple(changed if number == line else one for number, one in enumerate(lines))


def _zone_cases() -> Iterator[ConformanceCase]:
    def same_as_printed(lines: tuple[str, ...]) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            document = replace(bac(), printed=lines)
            yield document.with_group(1, data_group_1(lines)).situation()

        return situations

    for number, behaviour, lines in (
        ("01", "optional data", zone(optional_data="ZE184226B")),
        (
            "02",
            "a secondary identifier cut to its first letter",
            zone(primary="MUSTER VON UND ZU HOHENFELS BEI", secondary="E"),
        ),
        ("03", "no secondary identifier", zone(secondary="")),
        ("04", "no optional data, its check digit 0", _patched(1, 42, "0")),
        ("25", "date of birth without day", zone(date_of_birth="9608<<")),
        ("26", "date of birth without month", zone(date_of_birth="96<<12")),
        ("27", "date of birth without year", zone(date_of_birth="<<0812")),
        ("28", "no date of birth", zone(date_of_birth="<<<<<<")),
    ):
        yield ConformanceCase(f"LDS_B_{number}", "BAC", behaviour, Answer.SUCCESSFUL, same_as_printed(lines), _ZONE)

    def group(change: Callable[[bytes], bytes]) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            document = bac()
            yield document.with_group(1, change(document.groups[1])).situation()

        return situations

    for number, behaviour, change in (
        ("05", "the tag of DG1 is 62", lambda content: b"\x62" + content[1:]),
        ("06", "the length of DG1 is one short", lambda content: resized(content, -1)),
        ("07", "the length of DG1 is one too long", lambda content: resized(content, 1)),
        ("24", "DG1 without its zone", lambda content: b"\x61\x00"),
    ):
        yield ConformanceCase(
            f"LDS_B_{number}", "BAC", behaviour, Answer.FAILED, group(change), _ZONE, _MALFORMED | {"data-group-hash"}
        )
    for number, behaviour, lines in (
        ("08", "document code X", _patched(0, 0, "X")),
        ("09", "a digit in the issuing state", _patched(0, 2, "U7O")),
        ("10", "no name", _patched(0, 5, "<" * 39)),
        ("11", "another name than on the page", zone(primary="MOSTER")),
        ("12", "another document number than on the page", zone(document_number="C51T002JX")),
        ("13", "a wrong check digit of the document number", _digit(1, 9)),
        ("14", "a digit in the nationality", _patched(1, 10, "U7O")),
        ("15", "a letter in the date of birth", _patched(1, 13, "96O812")),
        ("16", "a date of birth that there is not", zone(date_of_birth="961332")),
        ("17", "a wrong check digit of the date of birth", _digit(1, 19)),
        ("18", "sex Q", _patched(1, 20, "Q")),
        ("19", "a letter in the date of expiry", _patched(1, 21, "33I031")),
        ("20", "a date of expiry that there is not", zone(date_of_expiry="331341")),
        ("21", "a wrong check digit of the date of expiry", _digit(1, 27)),
        ("22", "a wrong check digit of the optional data", _patched(1, 42, "5")),
        ("23", "a wrong last check digit", _digit(1, 43)),
    ):
        behaviour = f"DG1, against a page that is right: {behaviour}"
        yield ConformanceCase(
            f"LDS_B_{number}",
            "BAC",
            behaviour,
            Answer.FAILED,
            group(partial(_other_zone, lines)),
            _ZONE,
            _COMPARED,
        )


def _other_zone(lines: tuple[str, ...], content: bytes) -> bytes:
    del content
    return data_group_1(lines)


def _digit(line: int, at: int) -> tuple[str, ...]:
    """One digit too high."""
    return _patched(line, at, str((int(LINES[line][at]) + 1) % 10))


def _with_face(*contents: bytes) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        for content in contents:
            yield bac().with_group(2, content).situation()

    return situations


def face_with_points(points: int, *, counted: bool = True) -> bytes:
    """DG2 whose face has feature points of 8 bytes; ``counted``: its length counts them."""
    group = data_group_2(documents.portrait())
    record = _record(group)
    face, extra = record[14:], bytes.fromhex("0102010000640064") * points
    size = len(face) + len(extra) if counted else len(face)
    face = size.to_bytes(4, "big") + points.to_bytes(2, "big") + face[6:20] + extra + face[20:]
    whole = 14 + len(face) if counted else len(record)
    return _with_record(group, record[:8] + whole.to_bytes(4, "big") + record[12:14] + face)


def _record(group: bytes) -> bytes:
    return tlv.read(group)[0].child(0x7F61).child(0x7F60).child(0x5F2E).value


def _with_record(group: bytes, record: bytes | None) -> bytes:
    header = tlv.read(group)[0].child(0x7F61).child(0x7F60).child(0xA1).raw
    block = tlv.encode(0x5F2E, record) if record is not None else b""
    return tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01"), tlv.encode(0x7F60, header, block)))


def _with_header(tag: int, value: bytes | None) -> bytes:
    """DG2 with another element in its biometric header."""
    group = face_group()
    template = tlv.read(group)[0].child(0x7F61).child(0x7F60)
    parts = {e.tag: e.value for e in template.child(0xA1).children()}
    kept = {t: (value if t == tag else v) for t, v in parts.items()}
    header = tlv.encode(0xA1, *(tlv.encode(t, v) for t, v in kept.items() if v is not None))
    body = tlv.encode(0x7F60, header, template.child(0x5F2E).raw)
    return tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01"), body))


def _uncounted() -> bytes:
    template = tlv.read(face_group())[0].child(0x7F61).child(0x7F60).raw
    return tlv.encode(0x75, tlv.encode(0x7F61, template))


def _face_cases() -> Iterator[ConformanceCase]:
    group = face_group()
    record = _record(group)
    jpeg = data_group_2(documents.portrait("JPEG"))
    for number, behaviour, content, basis in (
        ("01", "a JPEG 2000 portrait", group, _FACE),
        ("02", "a JPEG portrait", jpeg, _FACE),
        ("03", "a JPEG 2000 portrait with five feature points", face_with_points(5), _RECORD),
    ):
        yield ConformanceCase(f"LDS_C_{number}", "BAC", behaviour, Answer.SUCCESSFUL, _with_face(content), basis)
    for number, behaviour, content, basis, because in (
        ("04", "the tag is 76", b"\x76" + group[1:], _FACE, _MALFORMED),
        ("05", "its length is one short", resized(group, -1), _FACE, _MALFORMED),
        ("06", "its length is one too long", resized(group, 1), _FACE, _MALFORMED),
        ("07", "it does not say how many portraits", _uncounted(), _FACE, _MALFORMED),
        ("08", "an owner of the format that there is not", _with_header(0x87, b"\x01\xff"), _FACE, _HEADER),
        ("09", "no owner of the format", _with_header(0x87, None), _FACE, _HEADER),
        ("10", "another format than a face's", _with_header(0x88, b"\x00\x07"), _FACE, _HEADER),
        ("11", "no format", _with_header(0x88, None), _FACE, _HEADER),
        ("13", "the biometric type of fingers", _with_header(0x81, b"\x08"), _FACE, _HEADER),
        ("14", "the record begins with FAX", _with_record(group, b"FAX" + record[3:]), _RECORD, _HEADER),
        ("15", "the record is of version 019", _with_record(group, b"FAC\x00019\x00" + record[8:]), _RECORD, _HEADER),
        (
            "16",
            "feature points that the length does not count",
            face_with_points(5, counted=False),
            _RECORD,
            _HEADER,
        ),
        ("28", "a template without picture", _with_record(group, None), _FACE, _MALFORMED),
    ):
        yield ConformanceCase(
            f"LDS_C_{number}", "BAC", f"DG2: {behaviour}", Answer.FAILED, _with_face(content), basis, because
        )


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    return (*_common_data_cases(), *_zone_cases(), *_face_cases())
