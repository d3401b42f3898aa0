"""OpenSSL and asn1crypto look at the same bytes: they agree with us on what is genuine, and on what is not.

Here on files; readers that others made are asked in ``tests/training/test_independent_readers.py``.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from asn1crypto import algos, cms, core
from cryptography.hazmat.primitives import serialization
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT, outside_data

from inspection_station.documents.emrtd import passive_authentication, tlv
from inspection_station.documents.emrtd.cms import parse_signed_data, verify_signer
from inspection_station.documents.emrtd.defect_lists import parse_defect_list
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.security_object import parse_security_object
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.defect_lists import (
    PublishedDefect,
    PublishedDeviation,
    defect_list,
    deviation_list,
    status_code,
)
from inspection_station.training.passport_issue import issue_passport

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl command to ask for a second opinion")
NOON = str(int(datetime(DAY.year, DAY.month, DAY.day, 12).timestamp()))
STATES = ("AT", "DE", "FI", "FR", "NZ", "UK")


class GroupHash(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("group", core.Integer), ("value", core.OctetString)]


class GroupHashes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = GroupHash


class LdsSecurityObject(core.Sequence):  # type: ignore[misc]
    """Doc 9303 part 10 §4.6.2.3."""

    _fields: ClassVar = [("version", core.Integer), ("digest", algos.DigestAlgorithm), ("hashes", GroupHashes)]


def content_info(security_object: bytes) -> bytes:
    """What is inside the file's own tag."""
    return tlv.only(tlv.to_definite(security_object), 0x77).value if security_object[0] == 0x77 else security_object


def openssl_accepts(signed: bytes, folder: Path, *options: str) -> bool:
    """CMS verification by the command: the signature, and with a root the way to it."""
    (folder / "signed.der").write_bytes(signed)
    command = [str(OPENSSL), "cms", "-verify", "-inform", "DER", "-in", "signed.der", "-out", "content.der", "-binary"]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, check=False).returncode == 0


def with_root(folder: Path, *, revocations: bool = False) -> Sequence[str]:
    pem = AUTHORITY.root.public_bytes(serialization.Encoding.PEM)
    options = ["-CAfile", "root.pem", "-purpose", "any", "-attime", NOON]
    if revocations:
        pem += AUTHORITY.revocation_list().public_bytes(serialization.Encoding.PEM)
        options += ["-crl_check"]
    (folder / "root.pem").write_bytes(pem)
    return options


@pytest.mark.parametrize(
    ("fault", "genuine"),
    [
        (None, True),
        ("wrong_signer", False),
        ("unknown_csca", False),
        ("expired_signer", False),
        ("revoked_signer", False),
    ],
)
def test_both_say_the_same_of_a_training_passport(tmp_path: Path, fault: str | None, genuine: bool) -> None:
    files = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault=fault).files
    sod = parse_security_object(files["EF.SOD"])
    checks = passive_authentication.check_signer(sod.signed, AUTHORITY.trust_store(), DAY).checks
    ours = all(check.result is CheckResult.SUCCESSFUL for check in checks)
    theirs = openssl_accepts(content_info(files["EF.SOD"]), tmp_path, *with_root(tmp_path, revocations=True))
    assert (ours, theirs) == (genuine, genuine)


def test_both_find_the_same_hashes_in_a_training_passport(tmp_path: Path) -> None:
    files = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY).files
    assert openssl_accepts(content_info(files["EF.SOD"]), tmp_path, *with_root(tmp_path))
    found = LdsSecurityObject.load((tmp_path / "content.der").read_bytes()).native
    theirs = {pair["group"]: pair["value"] for pair in found["hashes"]}
    assert theirs == parse_security_object(files["EF.SOD"]).hashes
    assert theirs == {n: hashlib.sha256(files[f"DG{n}"]).digest() for n in (1, 2)}


@pytest.mark.parametrize("state", STATES)
def test_both_accept_the_signature_of_a_real_security_object(tmp_path: Path, state: str) -> None:
    content = content_info(outside_data("sods", f"{state}_EF_SOD.bin").read_bytes())
    signed = parse_signed_data(content)
    assert verify_signer(signed, signed.signers[0], signed.certificates[0]).holds
    assert openssl_accepts(content, tmp_path, "-noverify")
    assert (tmp_path / "content.der").read_bytes() == signed.content


@pytest.mark.parametrize("state", STATES)
def test_both_refuse_a_real_security_object_with_another_hash(tmp_path: Path, state: str) -> None:
    original = content_info(outside_data("sods", f"{state}_EF_SOD.bin").read_bytes())
    value = parse_security_object(original).hashes[1]
    altered = original.replace(value, bytes([value[0] ^ 1]) + value[1:])
    signed = parse_signed_data(altered)
    assert not verify_signer(signed, signed.signers[0], signed.certificates[0]).holds
    assert not openssl_accepts(altered, tmp_path, "-noverify")


@pytest.mark.parametrize("state", ["DE", "FI"])
def test_both_accept_a_real_card_security_file(tmp_path: Path, state: str) -> None:
    content = outside_data("sods", f"{state}_EF_CardSecurity.bin").read_bytes()
    signed = parse_signed_data(content)
    assert verify_signer(signed, signed.signers[0], signed.certificates[0]).holds
    assert openssl_accepts(content, tmp_path, "-noverify")


@pytest.mark.parametrize("kind", ["defect list", "deviation list"])
def test_both_accept_and_refuse_the_same_lists_of_defects(tmp_path: Path, kind: str) -> None:
    signer = AUTHORITY.signer()
    content = {
        "defect list": defect_list(AUTHORITY, [PublishedDefect("1.1", signer, status_code(3))], version=3),
        "deviation list": deviation_list(AUTHORITY, [PublishedDeviation("2.4", code="P")]),
    }[kind]
    assert parse_defect_list(content).kind == kind
    assert openssl_accepts(content, tmp_path, *with_root(tmp_path))
    assert cms.ContentInfo.load(content)["content"]["signer_infos"][0]["signed_attrs"][0]["type"].native
    altered = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(ChipFault):
        parse_defect_list(altered)
    assert not openssl_accepts(altered, tmp_path, *with_root(tmp_path))
