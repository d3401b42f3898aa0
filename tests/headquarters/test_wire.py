"""The exchange's alphabet and packing: one way to write, everything else refused with a typed error."""

from __future__ import annotations

import hashlib
import json
import uuid

import cbor2
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.headquarters import packing
from inspection_station.headquarters.enrolment import BadTicket, Enrolled, Enrolment, Renewal, Ticket
from inspection_station.headquarters.messages import Answer, Offer, Report, Request, open_packet, seal_packet
from inspection_station.headquarters.packing import pack, unpack
from inspection_station.headquarters.receipts import Item, Kind, Receipt, Verdict
from inspection_station.headquarters.wire import (
    BadSignature,
    Malformed,
    TooLarge,
    UnknownVersion,
    WireError,
    decode,
    encode,
    fields,
    name_of,
)
from inspection_station.inspection.codec import canonical_json
from inspection_station.inspection.outbox import LogHead

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@given(plain)
def test_what_is_written_is_read_again(value: object) -> None:
    assert decode(encode(value)) == value  # type: ignore[arg-type]


@settings(max_examples=400)
@given(st.binary(max_size=60))
def test_noise_is_refused_or_is_the_only_way_to_write_what_it_says(noise: bytes) -> None:
    try:
        value = decode(noise)
    except WireError:
        return
    assert encode(value) == noise


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x18\x05",  # a number that is not in its shortest form
        b"\x5f\x41a\xff",  # of unknown length
        b"\x9b" + b"\xff" * 8,  # claims 2^64 values
        b"\x5b" + b"\xff" * 8,  # claims 2^64 bytes
        b"\xa0",  # a map
        b"\xc0\x00",  # a tag
        b"\xfb" + bytes(8),  # a float
        b"\x61\xff",  # a text that is not UTF-8
        b"\x00\x00",  # something after the end
        b"\x81" * 100 + b"\x00",  # nested deeply
    ],
)
def test_hostile_bytes_are_refused(hostile: bytes) -> None:
    with pytest.raises(WireError):
        decode(hostile)


def test_more_than_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        decode(bytes(100), limit=99)
    with pytest.raises(TooLarge):
        decode(encode([0] * 60_000))


def test_another_version_and_another_message_are_told_apart() -> None:
    with pytest.raises(UnknownVersion):
        fields(["packet/2", 1], "packet/1", 1)
    with pytest.raises(Malformed):
        fields(["answer/1", 1], "packet/1", 1)
    assert name_of(encode(["packet/1", 5])) == "packet/1"
    assert name_of(b"\xff") == ""


def body(number: int, before: bytes = b"") -> bytes:
    return canonical_json(
        {
            "incarnation": str(uuid.UUID(int=7)),
            "previous": hashlib.sha256(before).hexdigest(),
            "salt": f"{number:032x}",
            "name": "王 \u2028",
            "sequence": number,
        }
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.uuids().map(str)
    | st.binary(min_size=32, max_size=32).map(bytes.hex)
    | st.binary(min_size=16, max_size=16).map(bytes.hex),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(st.lists(json_values.map(canonical_json), min_size=1, max_size=6))
def test_bodies_come_out_of_a_packet_as_they_went_in(bodies: list[bytes]) -> None:
    assert unpack(*pack(bodies)) == bodies


def test_a_chain_of_bodies_costs_no_bytes_for_what_is_known() -> None:
    first = body(1)
    _, raw = pack([first, body(2, first)])
    assert len(raw) == (16 + 32 + 16) + 16  # the second: its salt alone


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_changed_packet_is_refused_or_gives_other_hashes(data: st.DataObject) -> None:
    bodies = [body(1), body(2, body(1))]
    text, raw = pack(bodies)
    spoiled = bytearray(text + raw)
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(spoiled[: len(text)]), bytes(spoiled[len(text) :]))
    except WireError:
        return
    assert found != bodies or bytes(spoiled[: len(text)]) != text  # zstd may hold a byte that means nothing


def test_a_frame_that_claims_gigabytes_is_refused_unread() -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(packing.TEXT_LIMIT + 1))
    with pytest.raises(TooLarge):
        unpack(bomb, b"")
    with pytest.raises(TooLarge):
        unpack(zstandard.ZstdCompressor(write_content_size=False).compress(b"x"), b"")
    with pytest.raises(Malformed):
        pack([b'{"a":"\x01"}'])
    with pytest.raises(UnknownVersion):
        unpack(*pack([b"{}"]), dictionary=packing.DICTIONARY + 1)


def test_a_packet_is_signed_over_its_bodies_and_its_station() -> None:
    wired = seal_packet("station-1", [(Kind.DECISION, body(1)), (Kind.ALERT, body(2))], KEY)
    packet = open_packet(decode(encode(wired)), "station-1")
    packet.require_signature(KEY.public_key())
    assert packet.bodies == (body(1), body(2))
    with pytest.raises(BadSignature):
        open_packet(wired, "station-2").require_signature(KEY.public_key())
    with pytest.raises(Malformed):
        open_packet(seal_packet("s", [(Kind.PICTURE, body(1))], KEY), "s")


HEAD = LogHead(1, 9, bytes(32), 4)


def messages() -> dict[str, bytes]:
    request = Request("s", (HEAD,), seal_packet("s", [(Kind.DECISION, body(1))], KEY), (Offer("i", bytes(32), 5),))
    answer = Answer("g", HEAD, bytes(64), ((Verdict.ACCEPTED, 8),), 0, (bytes(32),), (("reincarnate", "x"),))
    return {
        "request": request.encode(),
        "answer": answer.encode(),
        "enrolment": Enrolment(bytes(15), "s", True, b"r", bytes(32), b"b").encode(),
        "enrolled": Enrolled("g", "c", "a", bytes(32), b"b").encode(),
        "renewal": Renewal.signed("s", b"r", 5, KEY).encode(),
    }


PARSERS = {
    "request": Request.decode,
    "answer": Answer.decode,
    "enrolment": Enrolment.decode,
    "enrolled": Enrolled.decode,
    "renewal": Renewal.decode,
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_message_is_read_as_it_was_written(name: str) -> None:
    assert PARSERS[name](messages()[name]).encode() == messages()[name]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PARSERS)), st.data())
def test_a_message_with_anything_changed_is_refused_or_well_formed(name: str, data: st.DataObject) -> None:
    spoiled = bytearray(messages()[name])
    at = data.draw(st.integers(0, len(spoiled) - 1))
    if data.draw(st.booleans()):
        spoiled[at] ^= data.draw(st.integers(1, 255))
    else:
        del spoiled[at:]
    try:
        PARSERS[name](bytes(spoiled))
    except WireError:
        return
    cbor2.loads(bytes(spoiled))


@settings(max_examples=200)
@given(st.sampled_from(sorted(PARSERS)), plain)
def test_any_other_value_is_refused_with_a_typed_error(name: str, value: object) -> None:
    with pytest.raises(WireError):
        PARSERS[name](encode(value))  # type: ignore[arg-type]


def test_a_receipt_answers_for_its_items_and_nothing_else() -> None:
    item = Item(Kind.DECISION, "i", bytes(32))
    answer = Answer("g", HEAD, bytes(64), ((Verdict.ACCEPTED, 8), (Verdict.REFUSED, 0)), 0, ())
    asked = [item, Item(Kind.DECISION, "j", bytes(32))]
    signed = Receipt("g", HEAD, ((item, 8),)).signed(KEY)
    receipt = Answer("g", HEAD, signed.signature, answer.verdicts, 0, ()).receipt(asked)
    receipt.require_signature(KEY.public_key())
    with pytest.raises(BadSignature):
        answer.receipt(asked).require_signature(KEY.public_key())
    with pytest.raises(Malformed):
        answer.receipt(asked[:1])
    with pytest.raises(Malformed):
        Receipt("g", HEAD, ((item, 9),)).signed(KEY).require_signature(KEY.public_key())


@given(st.text(max_size=80))
def test_only_a_ticket_is_a_ticket(text: str) -> None:
    try:
        ticket = Ticket.parse(text)
    except BadTicket:
        return
    assert Ticket.parse(ticket.text) == ticket


def test_a_ticket_survives_being_read_out() -> None:
    ticket = Ticket.new(bytes(32))
    assert Ticket.parse(ticket.text.lower().replace("-", " ")) == ticket
    assert json.dumps(ticket.text)
    assert Report().waiting == (0,) * 5
