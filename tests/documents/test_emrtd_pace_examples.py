"""Doc 9303 part 11, appendices F to I: every printed value of active authentication and of PACE, recomputed."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fakes.chip_material import outside_data

from inspection_station.documents.emrtd import asn1, bac, message_recovery, pace, pace_mapping, tlv
from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.agreement_keys import parse_agreement_key
from inspection_station.documents.emrtd.apdu import Channel, Command, Response
from inspection_station.documents.emrtd.ciphers import AesSuite, agreed_suite, pad
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.key_groups import EllipticGroup, KeyGroup
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging
from inspection_station.documents.emrtd.security_infos import PACE, PaceInfo, parse_security_infos

Values = dict[str, Any]
MRZ_OF_G = "T220001293|6408125|1010318"
OFFERS = {
    "G1_PACE_ECDH_GM": (f"{PACE}.2.2", 13),
    "G2_PACE_DH_GM": (f"{PACE}.1.2", 0),
    "H1_PACE_ECDH_IM": (f"{PACE}.4.2", 13),
    "H2_PACE_DH_IM": (f"{PACE}.3.2", 0),
    "I1_PACE_ECDH_CAM": (f"{PACE}.6.2", 13),
}
GIVEN = {"curve", "oid", "mrz", "paceinfo", "p", "g", "q", "t", "chip_final_response_with_CAR", "chip_auth_pubkey_info"}
GIVEN |= {"map_sk_ifd", "map_sk_ic", "sk_ifd", "sk_ic", "ca_pk_ic"}


def examples() -> dict[str, Values]:
    found: dict[str, Values] = json.loads(outside_data("icao9303", "part11_worked_examples.json").read_text())
    return found


def raw(example: Values, name: str) -> bytes:
    return bytes.fromhex(example[name])


def offer(name: str) -> PaceInfo:
    oid, parameter_id = OFFERS[name]
    (info,) = parse_security_infos(tlv.encode(0x31, encoded_info(oid, parameter_id))).pace
    return info


def encoded_info(oid: str, parameter_id: int) -> bytes:
    return tlv.encode(0x30, asn1.encode_oid(oid), asn1.encode_integer(2), asn1.encode_integer(parameter_id))


def key_of(mrz: str) -> MrzKey:
    number, birth, expiry = (field[:-1] for field in mrz.split("|"))
    return MrzKey(number, birth, expiry)


def element(group: KeyGroup, example: Values, name: str) -> bytes:
    return (b"\x04" if isinstance(group, EllipticGroup) else b"") + raw(example, name)


def recomputed(name: str, example: Values) -> dict[str, bytes]:
    """Every value of an example that follows from those given."""
    info = offer(name)
    group = pace.group_of(info)
    strip: Callable[[bytes], bytes] = (lambda e: e[1:]) if isinstance(group, EllipticGroup) else (lambda e: e)
    secrets = {key: int(example[key], 16) for key in example if "sk_" in key}
    found: dict[str, bytes] = {}
    k_pi = raw(example, "k_pi")
    if not info.mapping.integrated:
        key = key_of(example.get("mrz", MRZ_OF_G))
        found["k_pi"] = k_pi = pace.password_key(info, key)
        if "K" in example:
            found["K"] = pace.password_seed(key)
    found["s"] = pace.crypt_nonce(info, k_pi, raw(example, "z"), encrypt=False)
    found["z"] = pace.crypt_nonce(info, k_pi, raw(example, "s"), encrypt=True)
    if info.mapping.integrated:
        p = group.curve.p if isinstance(group, EllipticGroup) else int(example["p"], 16)
        found["R"] = pace_mapping.pseudo_random_octets(found["s"], raw(example, "t"), p, des=False)
        number = pace_mapping.pseudo_random(found["s"], raw(example, "t"), p, des=False)
        found["Rp"] = number.to_bytes((p.bit_length() + 7) // 8, "big")
        generator = pace_mapping.integrated(group, found["s"], raw(example, "t"), des=False)
    else:
        for side in ("ifd", "ic"):
            found[f"map_pk_{side}"] = strip(group.multiply(secrets[f"map_sk_{side}"], group.generator))
        theirs = element(group, example, "map_pk_ic")
        found["H"] = strip(group.multiply(secrets["map_sk_ifd"], theirs))
        generator = pace_mapping.generic(group, found["s"], secrets["map_sk_ifd"], theirs)
    found["G_hat"] = strip(generator)
    publics = {side: group.multiply(secrets[f"sk_{side}"], generator) for side in ("ifd", "ic")}
    found.update({f"pk_{side}": strip(public) for side, public in publics.items()})
    found["K_shared"] = group.shared_secret(group.multiply(secrets["sk_ifd"], publics["ic"]))
    suite = agreed_suite(info.cipher, found["K_shared"])
    assert isinstance(suite, AesSuite)
    found["ks_enc"], found["ks_mac"] = suite.encryption_key, suite.mac_key
    found["t_ifd"] = pace.token(info, suite, group, publics["ic"])
    found["t_ic"] = pace.token(info, suite, group, publics["ifd"])
    if "cad" in example:
        found["cad"] = suite.decrypt(pace.CHIP_DATA_VECTOR, raw(example, "ecad"))[:32]
        found["ecad"] = suite.encrypt(pace.CHIP_DATA_VECTOR, pad(raw(example, "cad"), 16))
    return found


@pytest.mark.parametrize("name", OFFERS)
def test_every_printed_value_of_pace_is_recomputed(name: str) -> None:
    example = examples()[name]
    found = recomputed(name, example)
    assert {key: value.hex().upper() for key, value in found.items()} == {key: example[key] for key in found}
    without_zone = {"k_pi"} if offer(name).mapping.integrated else set()  # appendix H prints no zone to make it of
    assert set(example) - set(found) <= GIVEN | without_zone


@pytest.mark.parametrize("name", ["G2_PACE_DH_GM", "H2_PACE_DH_IM"])
def test_the_prime_field_is_the_standard_s(name: str) -> None:
    example = examples()[name]
    group = pace.group_of(offer(name))
    assert (group.generator, group.order) == (raw(example, "g"), int(example["q"], 16))
    for outside in (raw(example, "p"), b"\x01", b"", b"\x02"):
        with pytest.raises(MalformedChipData):
            group.decode(outside)


@pytest.mark.parametrize("name", ["G1_PACE_ECDH_GM", "G2_PACE_DH_GM", "I1_PACE_ECDH_CAM"])
def test_the_reader_runs_the_example_byte_by_byte(name: str) -> None:
    """The chip's side is played from the example."""
    example, info = examples()[name], offer(name)
    group = pace.group_of(info)
    last = tlv.encode(0x86, raw(example, "t_ic"))
    if "ecad" in example:
        last += tlv.encode(0x8A, raw(example, "ecad"))
    dynamic = [
        tlv.encode(0x80, raw(example, "z")),
        tlv.encode(0x82, element(group, example, "map_pk_ic")),
        tlv.encode(0x84, element(group, example, "pk_ic")),
        last,
    ]
    answers = [b"", *(tlv.encode(0x7C, data) for data in dynamic)]
    if "chip_final_response_with_CAR" in example:
        answers[-1] = raw(example, "chip_final_response_with_CAR")
    sent: list[bytes] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        return answers[len(sent) - 1] + b"\x90\x00"

    if "paceinfo" in example:
        assert raw(example, "paceinfo") == encoded_info(*OFFERS[name])
    secrets = [int(example["map_sk_ifd"], 16), int(example["sk_ifd"], 16)]
    session = pace.authenticate(
        Channel(transmit), info, key_of(example.get("mrz", MRZ_OF_G)), bytes, scalar=lambda n: secrets.pop(0)
    )
    assert sent[0].hex() == f"0022c1a40f800a04007f0007020204{OFFERS[name][0][-3]:0>2}02830101"
    assert sent[1].hex() == "10860000027c0000"
    assert element(group, example, "map_pk_ifd") in sent[2]
    assert element(group, example, "pk_ifd") in sent[3]
    assert sent[4] == bytes.fromhex("008600000c7c0a8508") + raw(example, "t_ifd") + b"\0"
    expected = AesSuite(raw(example, "ks_enc"), raw(example, "ks_mac"))
    protected = session.messaging.protect(Command(0xA4, 4, 0x0C, b"\xa0"))
    assert expected.encrypt((1).to_bytes(16, "big"), b"\xa0\x80" + bytes(14)) in protected.data
    assert session.chip_public == element(group, example, "pk_ic")
    assert session.chip_mapping_public == element(group, example, "map_pk_ic")
    assert session.chip_authentication_data == (raw(example, "cad") if "cad" in example else None)


def test_the_chip_authentication_data_proves_the_printed_key_and_no_other() -> None:
    example, info = examples()["I1_PACE_ECDH_CAM"], offer("I1_PACE_ECDH_CAM")
    group = pace.group_of(info)
    public, mapping = element(group, example, "ca_pk_ic"), element(group, example, "map_pk_ic")
    assert pace.chip_data_proves(group, raw(example, "cad"), public, mapping)
    assert not pace.chip_data_proves(group, raw(example, "cad"), group.generator, mapping)
    assert not pace.chip_data_proves(group, raw(example, "s"), public, mapping)
    assert not pace.chip_data_proves(group, bytes(32), public, mapping)


def test_the_printed_key_info_holds_the_printed_key() -> None:
    """Its group goes by its number in the table of standard parameters."""
    example = examples()["I1_PACE_ECDH_CAM"]
    (key,) = parse_security_infos(tlv.encode(0x31, raw(example, "chip_auth_pubkey_info"))).keys
    assert (key.public, key.key_id, key.group.name) == (b"\x04" + raw(example, "ca_pk_ic"), 13, "brainpoolP256r1")
    info = tlv.only(raw(example, "chip_auth_pubkey_info"), 0x30)
    assert parse_agreement_key(list(info.children())[1]) == (key.group, key.public)


def test_the_printed_signature_of_active_authentication_is_made_of_its_parts() -> None:
    """Appendix F prints no public key, so the representative is put together instead of opened."""
    example = examples()["F_AA_RSA1024_SHA1"]
    message, challenge = raw(example, "m1"), raw(example, "rnd_ifd")
    block = message_recovery.compose(1024, "sha1", message, challenge)
    assert block[:1] == raw(example, "header")
    assert block[-1:] == raw(example, "trailer")
    assert hashlib.sha1(message + challenge).digest() == raw(example, "sha1_m")
    assert len(block) == len(raw(example, "signature")) == 128
    found = message_recovery.recover(block)
    assert found is not None
    assert (found.digest, found.recoverable, found.hashed) == ("sha1", message, raw(example, "sha1_m"))
    assert found.covers(challenge)
    assert not found.covers(challenge[::-1])


def test_96_printed_values_of_the_worked_examples_are_recomputed() -> None:
    """Every printed value that follows from others, counted one by one: 70 of PACE (appendices G.1, G.2, H.1, H.2,
    I.1), 4 of active authentication (F), 22 of BAC and secure messaging (D). The 68 assertions that came with the
    transcription are among them.
    """
    found = examples()
    pace_values = {
        f"{name}.{key}": (value, raw(found[name], key))
        for name in OFFERS
        for key, value in recomputed(name, found[name]).items()
    }
    others = active_authentication_values(found["F_AA_RSA1024_SHA1"]) | bac_values(found["D_BAC"])
    checked = pace_values | others
    assert [name for name, (ours, printed) in checked.items() if ours != printed] == []
    counted = Counter(name.partition("_")[0] for name in checked)
    assert counted == {"G1": 15, "G2": 14, "H1": 12, "H2": 12, "I1": 17, "F": 4, "D": 22}
    assert counted.total() == 96


def active_authentication_values(example: Values) -> dict[str, tuple[bytes, bytes]]:
    message, challenge = raw(example, "m1"), raw(example, "rnd_ifd")
    block = message_recovery.compose(1024, "sha1", message, challenge)
    opened = message_recovery.recover(block)
    assert opened is not None
    return {
        "F_header": (block[:1], raw(example, "header")),
        "F_trailer": (block[-1:], raw(example, "trailer")),
        "F_hash": (opened.hashed, raw(example, "sha1_m")),
        "F_message": (opened.recoverable, message),
    }


def bac_values(example: Values) -> dict[str, tuple[bytes, bytes]]:
    key, long_key = MrzKey("L898902C", "690806", "940623"), MrzKey("D23145890734", "340712", "950712")
    suite = bac.suite_of(bac.document_seed(key))
    ours, theirs = raw(example, "rnd_ifd"), raw(example, "rnd_ic")
    terminal = suite.encrypt(bytes(8), ours + theirs + raw(example, "k_ifd"))
    chip = suite.encrypt(bytes(8), theirs + ours + raw(example, "k_ic"))
    agreed, counter = bac.session(raw(example, "k_ifd"), raw(example, "k_ic"), ours, theirs)
    found = {
        "D_information": (key.information, example["mrz_information"].encode()),
        "D_long": (
            long_key.information,
            example["mrz_information_long_docno"].encode(),
        ),
        "D_seed": (bac.document_seed(key), raw(example, "kseed")),
        "D_kenc": (suite.encryption_key, raw(example, "kenc")),
        "D_kmac": (suite.mac_key, raw(example, "kmac")),
        "D_e_ifd": (terminal, raw(example, "e_ifd")),
        "D_m_ifd": (suite.checksum(pad(terminal, 8)), raw(example, "m_ifd")),
        "D_e_ic": (chip, raw(example, "e_ic")),
        "D_m_ic": (suite.checksum(pad(chip, 8)), raw(example, "m_ic")),
        "D_ks_enc": (agreed.encryption_key, raw(example, "ks_enc")),
        "D_ks_mac": (agreed.mac_key, raw(example, "ks_mac")),
        "D_ssc": (counter, raw(example, "ssc")),
    }
    session = SecureMessaging(agreed, counter)
    commands = [Command(0xA4, 2, 0x0C, b"\x01\x1e"), Command(0xB0, 0, 0, le=4), Command(0xB0, 0, 4, le=0x12)]
    file = b""
    for number, (command, step) in enumerate(zip(commands, example["sm"], strict=True)):
        found[f"D_plain{number}"] = command.encode(), bytes.fromhex(step["plain"])
        found[f"D_protected{number}"] = session.protect(command).encode(), bytes.fromhex(step["protected"])
        opened = session.unprotect(Response.parse(bytes.fromhex(step["response"])))
        found[f"D_opened{number}"] = (
            opened.data + opened.status.to_bytes(2, "big"),
            bytes.fromhex(step["plain_response"]),
        )
        file += opened.data
    return found | {"D_file": (file, raw(example, "ef_com"))}
