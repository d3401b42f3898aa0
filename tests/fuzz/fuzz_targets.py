"""What is fuzzed: for each target good inputs to begin with, and a call that ends with a value or a typed error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_TESTS = str(Path(__file__).resolve().parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)

from exchange_targets import EXCHANGE, REFUSALS  # noqa: E402
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, passport  # noqa: E402

from inspection_station.documents import mrz, mrz_repair  # noqa: E402
from inspection_station.documents.emrtd import asn1, passive_authentication, security_infos, tlv  # noqa: E402
from inspection_station.documents.emrtd.certificates import (  # noqa: E402
    parse_certificate,
    parse_revocation_list,
    pem_blocks,
)
from inspection_station.documents.emrtd.chip_session import read_chip  # noqa: E402
from inspection_station.documents.emrtd.common_data import listed_groups  # noqa: E402
from inspection_station.documents.emrtd.cv_certificates import parse_cv_certificates  # noqa: E402
from inspection_station.documents.emrtd.data_groups import portraits  # noqa: E402
from inspection_station.documents.emrtd.defect_lists import parse_defect_list  # noqa: E402
from inspection_station.documents.emrtd.errors import ChipFault  # noqa: E402
from inspection_station.documents.emrtd.finger_images import finger_images  # noqa: E402
from inspection_station.documents.emrtd.folder_verification import verify_files  # noqa: E402
from inspection_station.documents.emrtd.lds import FILES  # noqa: E402
from inspection_station.documents.emrtd.security_object import parse_security_object  # noqa: E402
from inspection_station.documents.emrtd.trust_files import parse_file  # noqa: E402
from inspection_station.documents.errors import MalformedMrz  # noqa: E402
from inspection_station.training.chip_keys import ChipKeys, agreement_key, rsa_signer  # noqa: E402
from inspection_station.training.defect_lists import (  # noqa: E402
    PublishedDefect,
    PublishedDeviation,
    data_groups,
    defect_list,
    deviation_content,
    status_code,
)
from inspection_station.training.passport_issue import issue_passport  # noqa: E402
from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection  # noqa: E402

EXPECTED = (ChipFault, MalformedMrz, *REFUSALS)
"""How an input may be refused. Anything else is a find."""
_JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08\x02\x13\x01\x9d\x03" + bytes(20)
_PASSPORT = issue_passport(
    LINES,
    _JPEG,
    authority=AUTHORITY,
    at=DAY,
    access="both",
    keys=ChipKeys(agreement=agreement_key(5, 13, (2,)), signer=rsa_signer(3)),
)
_TRUST = AUTHORITY.trust_store()
_SIGNER = AUTHORITY.signer()


@dataclass(frozen=True, slots=True)
class Target:
    """``run`` takes one input; ``seeds`` are inputs that it takes without complaint."""

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def outside(*parts: str) -> tuple[bytes, ...]:
    """Real files of the shared material, none where there is none."""
    root = os.environ.get("STATION_TEST_DATA")
    base = Path(root) if root else Path(__file__).resolve().parents[3] / "shared" / "data"
    return tuple(path.read_bytes() for path in sorted(base.joinpath("chip").glob("/".join(parts))) if path.is_file())


def _tlv(data: bytes) -> None:
    definite = tlv.to_definite(data)
    _walk(tlv.read(definite)[0], 0)
    tlv.total_length(data)


def _walk(element: tlv.Element, depth: int) -> None:
    if element.constructed and depth < tlv.MAX_NESTING:
        for child in element.children():
            _walk(child, depth + 1)


def _security_object(data: bytes) -> None:
    sod = parse_security_object(data)
    passive_authentication.check_signer(sod.signed, _TRUST, DAY)
    passive_authentication.check_hashes(sod, {1: b""})


def _whole_folder(data: bytes) -> None:
    """The first byte says which file of a sound chip the rest stands for."""
    names = sorted(FILES)
    verify_files({**_PASSPORT.files, names[data[0] % len(names)] if data else "DG1": data[1:]}, _TRUST, DAY)


def _certificates(data: bytes) -> None:
    pem_blocks(data)
    found = parse_certificate(data)
    _ = (found.public_key, found.key_id, found.usages, found.document_types, _TRUST.path_for(found))


def _lists(data: bytes) -> None:
    for name in ("a.ml", "a.dfl"):
        try:
            parse_file(name, data)
        except ChipFault:
            continue


class _Fuzzed:
    """A connection whose answers the input alters: two bytes an answer, what is done and where."""

    def __init__(self, script: bytes) -> None:
        self._chip = VirtualChipConnection(VirtualChip(_PASSPORT, random=lambda count: bytes(range(1, count + 1))))
        self._script = iter(script)

    def transmit(self, command: bytes) -> bytes:
        answer = bytearray(self._chip.transmit(command))
        act, at = next(self._script, 0), next(self._script, 0)
        place = at * len(answer) // 256
        match act % 8:
            case 1:
                answer[place] ^= 1 + (act >> 3)
            case 2:
                del answer[place:]
            case 3:
                answer[place:place] = bytes([act]) * (at % 50)
            case 4:
                answer[-2:] = bytes((0x60 | act >> 4, at))
            case 5:
                return bytes(answer) * 3
            case 6:
                return b""
            case _:
                pass
        return bytes(answer)


def _answers(data: bytes) -> None:
    read_chip(
        _Fuzzed(data),
        access_key=KEY,
        trust=_TRUST,
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
        everything=True,
        random=lambda count: bytes(range(1, count + 1)),
    )


def _zone(data: bytes) -> None:
    text = data.decode("latin-1")
    zone = mrz.parse(text, today=DAY)
    mrz_repair.repair(zone.lines, today=date(2026, 3, 14))


def _cv_seed() -> bytes:
    point = b"\x04" + bytes(64)
    key = tlv.encode(0x7F49, asn1.encode_oid("0.4.0.127.0.7.2.2.2.2.3"), tlv.encode(0x86, point))
    template = tlv.encode(0x7F4C, asn1.encode_oid("0.4.0.127.0.7.3.1.2.1"), tlv.encode(0x53, b"\x03"))
    body = tlv.encode(
        0x7F4E,
        tlv.encode(0x5F29, b"\0"),
        tlv.encode(0x42, b"UTCVCA00001"),
        key,
        tlv.encode(0x5F20, b"UTISYS00001"),
        template,
        tlv.encode(0x5F25, bytes((2, 6, 0, 1, 0, 1))),
        tlv.encode(0x5F24, bytes((2, 7, 0, 1, 0, 1))),
    )
    return tlv.encode(0x7F21, body, tlv.encode(0x5F37, bytes(64)))


def _finger_seed() -> bytes:
    """DG3 with one picture of 10 bytes (ISO/IEC 19794-4:2005)."""
    view = (24).to_bytes(4, "big") + bytes((1, 1, 1, 80, 0, 0)) + (5).to_bytes(2, "big") * 2 + bytes(10)
    record = b"FIR\x00010\x00" + (32 + len(view)).to_bytes(6, "big") + bytes((0, 31, 1, 1))
    record += bytes((1, 2)) + (500).to_bytes(2, "big") * 4 + bytes((8, 0, 0, 0)) + view
    template = tlv.encode(0x7F60, tlv.encode(0xA1, tlv.encode(0x81, b"\x08")), tlv.encode(0x5F2E, record))
    return tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01"), template))


def _trust_der() -> tuple[bytes, ...]:
    return tuple(certificate.raw for certificate in _TRUST.anchors)


_DEFECTS = defect_list(AUTHORITY, [PublishedDefect("1.1", _SIGNER, status_code(3))], version=3)
_DEVIATIONS = deviation_content([PublishedDeviation("2.2", asn1.encode_integer(2), "P", _SIGNER, (DAY, DAY), ("A1",))])
_FILES = _PASSPORT.files

TARGETS: dict[str, Target] = {
    "tlv": Target(_tlv, (_FILES["EF.SOD"], _FILES["DG14"], bytes.fromhex("3080a0800401000000000000"))),
    "security-object": Target(_security_object, (_FILES["EF.SOD"], *outside("sods", "*_EF_SOD.bin"))),
    "folder": Target(_whole_folder, tuple(bytes([n]) + _FILES.get(name, b"") for n, name in enumerate(sorted(FILES)))),
    "certificate": Target(_certificates, (*_trust_der(), *outside("dsc", "*.cer"))),
    "revocation-list": Target(
        parse_revocation_list, tuple(tlv.encode(0x30, r.tbs, _trust_der()[0][-120:]) for r in _TRUST.revocations)
    ),
    "lists": Target(_lists, (_DEFECTS, defect_list(AUTHORITY, [PublishedDefect("2.1", _SIGNER, data_groups(2))]))),
    "defect-list": Target(parse_defect_list, (_DEFECTS, _DEVIATIONS)),
    "portrait": Target(portraits, (passport().files["DG2"][:3000], _FILES["DG2"], *outside("iso39794", "*.dat"))),
    "fingers": Target(finger_images, (_finger_seed(), *outside("bsi2008", "Datagroup3.bin"))),
    "security-infos": Target(
        lambda data: (security_infos.parse_data_group_14(data), security_infos.parse_security_infos(data)),
        (_FILES["DG14"], _FILES["EF.CardAccess"]),
    ),
    "common-data": Target(listed_groups, (_FILES["EF.COM"],)),
    "cv-certificate": Target(parse_cv_certificates, (_cv_seed(),)),
    "answers": Target(_answers, (b"", bytes(40), bytes(20) + b"\x01\x80", bytes(60) + b"\x04\x82")),
    "zone": Target(
        _zone,
        (
            "\n".join(LINES).encode(),
            b"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ),
    ),
    **{name: Target(run, seeds) for name, (run, seeds) in EXCHANGE.items()},
}
