"""Doc 9303 part 11, appendix D: Basic Access Control and secure messaging, byte by byte."""

import json
from typing import Any

import pytest
from fakes.chip_material import outside_data

from inspection_station.documents.emrtd import bac
from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Response
from inspection_station.documents.emrtd.ciphers import pad
from inspection_station.documents.emrtd.errors import AccessDenied
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outside_data("icao9303", "part11_worked_examples.json").read_text())["D_BAC"]
    return found


def raw(example: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(example[name])


def test_the_zone_gives_the_key_material(example: dict[str, Any]) -> None:
    key = MrzKey("L898902C", "690806", "940623")
    assert key.information.decode() == example["mrz_information"]
    assert bac.document_seed(key) == raw(example, "kseed")
    suite = bac.suite_of(bac.document_seed(key))
    assert suite.encryption_key == raw(example, "kenc")
    assert suite.mac_key == raw(example, "kmac")


def test_a_long_document_number_goes_in_whole(example: dict[str, Any]) -> None:
    key = MrzKey("D23145890734", "340712", "950712")
    assert key.information.decode() == example["mrz_information_long_docno"]


def test_the_key_never_shows_itself() -> None:
    assert "L898" not in repr(MrzKey("L898902C", "690806", "940623"))


def authenticated(example: dict[str, Any], answer: bytes) -> tuple[Channel, list[bytes], SecureMessaging]:
    sent: list[bytes] = []
    answers = [raw(example, "rnd_ic") + b"\x90\x00", answer + b"\x90\x00"]

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        return answers[len(sent) - 1]

    numbers = {8: raw(example, "rnd_ifd"), 16: raw(example, "k_ifd")}
    channel = Channel(transmit)
    session = bac.authenticate(channel, MrzKey("L898902C", "690806", "940623"), numbers.__getitem__)
    return channel, sent, session


def test_the_reader_authenticates_as_in_the_example(example: dict[str, Any]) -> None:
    _, sent, _ = authenticated(example, raw(example, "e_ic") + raw(example, "m_ic"))
    assert sent[0] == bytes.fromhex("0084000008")
    assert sent[1] == bytes.fromhex("0082000028") + raw(example, "e_ifd") + raw(example, "m_ifd") + b"\x28"


def test_session_keys_and_counter_are_the_example_s(example: dict[str, Any]) -> None:
    suite, counter = bac.session(
        raw(example, "k_ifd"), raw(example, "k_ic"), raw(example, "rnd_ifd"), raw(example, "rnd_ic")
    )
    assert suite.encryption_key == raw(example, "ks_enc")
    assert suite.mac_key == raw(example, "ks_mac")
    assert counter == raw(example, "ssc")


def test_commands_are_protected_and_answers_opened_as_in_the_example(example: dict[str, Any]) -> None:
    _, _, session = authenticated(example, raw(example, "e_ic") + raw(example, "m_ic"))
    commands = [Command(0xA4, 2, 0x0C, b"\x01\x1e"), Command(0xB0, 0, 0, le=4), Command(0xB0, 0, 4, le=0x12)]
    content = b""
    for command, step in zip(commands, example["sm"], strict=True):
        assert command.encode() == bytes.fromhex(step["plain"])
        assert session.protect(command).encode() == bytes.fromhex(step["protected"])
        opened = session.unprotect(Response.parse(bytes.fromhex(step["response"])))
        assert opened.data + opened.status.to_bytes(2, "big") == bytes.fromhex(step["plain_response"])
        content += opened.data
    assert content == raw(example, "ef_com")


@pytest.mark.parametrize("position", [0, 20, 33])
def test_a_proof_of_the_key_with_one_bit_wrong_is_refused(example: dict[str, Any], position: int) -> None:
    answer = bytearray(raw(example, "e_ic") + raw(example, "m_ic"))
    answer[position] ^= 1
    with pytest.raises(AccessDenied) as caught:
        authenticated(example, bytes(answer))
    assert caught.value.code == "CHP-02"


def test_a_proof_that_answers_another_challenge_is_refused(example: dict[str, Any]) -> None:
    suite = bac.suite_of(raw(example, "kseed"))
    stale = suite.encrypt(bytes(8), bytes(32))
    with pytest.raises(AccessDenied, match="another challenge"):
        authenticated(example, stale + suite.checksum(pad(stale, 8)))
