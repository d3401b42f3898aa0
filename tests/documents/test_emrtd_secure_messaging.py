"""Secure messaging between our reader and our card, in both cipher suites, and against whoever alters it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd.apdu import Channel, Command, Response, Status
from inspection_station.documents.emrtd.ciphers import AesSuite, CipherSuite, TripleDesSuite, derive_key, unpad
from inspection_station.documents.emrtd.errors import MalformedChipData, ReadingCancelled, SecureMessagingBroken
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging
from inspection_station.training.virtual_chip.commands import CardError, parse_command
from inspection_station.training.virtual_chip.secure_channel import CardSession


def suites() -> list[CipherSuite]:
    des = TripleDesSuite(derive_key(b"a", 1), derive_key(b"a", 2))
    aes = [
        AesSuite(derive_key(b"a", 1, key_bytes=n, des=False), derive_key(b"a", 2, key_bytes=n, des=False))
        for n in (16, 24, 32)
    ]
    return [des, *aes]


COMMANDS = st.builds(
    Command,
    ins=st.sampled_from([0xA4, 0xB0, 0xB1, 0x86]),
    p1=st.integers(0, 255),
    p2=st.integers(0, 255),
    data=st.binary(max_size=600),
    le=st.none() | st.sampled_from([1, 223, 256, 257, 4000, 65_536]),
)


@given(st.sampled_from(suites()), st.lists(st.tuples(COMMANDS, st.binary(max_size=3000)), min_size=1, max_size=4))
def test_card_and_reader_understand_each_other(suite: CipherSuite, talk: list[tuple[Command, bytes]]) -> None:
    reader, card = SecureMessaging(suite, bytes(suite.block)), CardSession(suite, bytes(suite.block))
    for command, answer in talk:
        received = card.open(parse_command(reader.protect(command).encode()))
        assert (received.ins, received.p1, received.p2) == (command.ins, command.p1, command.p2)
        assert (received.data, received.le) == (command.data, command.le)
        sealed = Response.parse(card.seal(received, answer, 0x9000))
        assert reader.unprotect(sealed) == Response(answer, 0x9000, secured=True)


@given(st.sampled_from(suites()), st.data())
def test_an_answer_with_any_byte_changed_is_broken(suite: CipherSuite, data: st.DataObject) -> None:
    reader, card = SecureMessaging(suite, bytes(suite.block)), CardSession(suite, bytes(suite.block))
    received = card.open(parse_command(reader.protect(Command(0xB0, le=256)).encode()))
    sealed = bytearray(card.seal(received, b"content of a file", 0x9000)[:-2])
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SecureMessagingBroken):
        reader.unprotect(Response(bytes(sealed), 0x9000))


@given(st.sampled_from(suites()), st.binary(max_size=80))
def test_noise_for_an_answer_is_broken(suite: CipherSuite, noise: bytes) -> None:
    with pytest.raises(SecureMessagingBroken):
        SecureMessaging(suite, bytes(suite.block)).unprotect(Response(noise, 0x9000))


def test_an_answer_to_an_earlier_command_is_not_taken_for_a_later_one() -> None:
    suite = suites()[0]
    reader, card = SecureMessaging(suite, bytes(8)), CardSession(suite, bytes(8))
    first = card.open(parse_command(reader.protect(Command(0xB0, le=4)).encode()))
    recorded = Response.parse(card.seal(first, b"1234", 0x9000))
    reader.unprotect(recorded)
    reader.protect(Command(0xB0, le=4))
    with pytest.raises(SecureMessagingBroken, match="checksum"):
        reader.unprotect(recorded)


def test_a_command_replayed_to_the_card_ends_its_session() -> None:
    suite = suites()[0]
    reader, card = SecureMessaging(suite, bytes(8)), CardSession(suite, bytes(8))
    recorded = parse_command(reader.protect(Command(0xB0, le=4)).encode())
    card.seal(card.open(recorded), b"1234", 0x9000)
    with pytest.raises(CardError) as caught:
        card.open(recorded)
    assert caught.value.status == Status.SM_OBJECTS_WRONG
    assert caught.value.ends_session


def test_padding_that_is_none_is_malformed() -> None:
    for data in (b"", b"\0\0", b"abc"):
        with pytest.raises(MalformedChipData):
            unpad(data)


def test_lengths_up_to_255_go_short_and_beyond_extended() -> None:
    assert Command(0xB0, le=256).encode().hex() == "00b0000000"
    assert Command(0xB0, le=65_536).encode().hex() == "00b00000000000"
    assert Command(0xB1, data=b"ab", le=300).encode().hex() == "00b10000000002" + b"ab".hex() + "012c"
    assert Command(0xA4, data=bytes(256)).encode()[4:7].hex() == "000100"


def channel(*answers: str) -> tuple[Channel, list[str]]:
    sent: list[str] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command.hex())
        return bytes.fromhex(answers[len(sent) - 1])

    return Channel(transmit), sent


def test_more_data_is_fetched_after_61() -> None:
    line, sent = channel("01026103", "03049000")
    assert line.send(Command(0xB0, le=256)) == Response(b"\1\2\3\4", 0x9000)
    assert sent[1] == "00c0000003"


def test_a_length_corrected_with_6c_is_sent_again() -> None:
    line, sent = channel("6c04", "010203049000")
    assert line.send(Command(0xB0, le=256)).data == b"\1\2\3\4"
    assert sent[1] == "00b0000004"


def test_chained_answers_that_never_advance_are_malformed() -> None:
    line, _ = channel("6110", "6110", "6110")
    with pytest.raises(MalformedChipData):
        line.send(Command(0xB0, le=256))


@given(st.binary(max_size=1))
def test_an_answer_without_status_word_is_malformed(answer: bytes) -> None:
    with pytest.raises(MalformedChipData):
        Channel(lambda _: answer).send(Command(0xB0, le=1))


def test_nothing_is_sent_once_the_desk_has_cancelled() -> None:
    class Set:
        def is_set(self) -> bool:
            return True

    def transmit(command: bytes) -> bytes:
        raise AssertionError("sent after the cancel")

    with pytest.raises(ReadingCancelled):
        Channel(transmit, cancel=Set()).send(Command(0xB0))
