"""PACE as OpenPACE does it (Debian's libeac3, in C, by other people), against the virtual chip.

``python openpace_reader.py MAPPING PARAMETER CIPHER PASSWORD``: prints «agreed» once tokens and the first secured
command agree, else what did not. A process of its own: the library ends it where it does not like something.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from fakes.chip_material import AUTHORITY, DAY, LINES, PORTRAIT  # noqa: E402

from inspection_station.documents.emrtd import asn1, tlv  # noqa: E402
from inspection_station.documents.emrtd.lds import APPLICATION  # noqa: E402
from inspection_station.documents.emrtd.security_infos import PACE  # noqa: E402
from inspection_station.training.passport_issue import issue_passport  # noqa: E402
from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection  # noqa: E402

LIBRARY = "libeac.so.3"
_MRZ, _CAN, _PACE_SESSION = 1, 2, 0
_CARD_ACCESS_NUMBER = "123456"


class Buffer(ctypes.Structure):
    """OpenSSL's BUF_MEM."""

    _fields_ = (
        ("length", ctypes.c_size_t),
        ("data", ctypes.POINTER(ctypes.c_ubyte)),
        ("max", ctypes.c_size_t),
        ("flags", ctypes.c_ulong),
    )


_BYTES, _POINTER, _BUFFER, _SIZE, _INT = (
    ctypes.c_char_p,
    ctypes.c_void_p,
    ctypes.POINTER(Buffer),
    ctypes.c_size_t,
    ctypes.c_int,
)
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "EAC_init": (None, []),
    "EAC_CTX_new": (_POINTER, []),
    "EAC_CTX_init_ef_cardaccess": (_INT, [_BYTES, _SIZE, _POINTER]),
    "EAC_CTX_set_encryption_ctx": (_INT, [_POINTER, _INT]),
    "EAC_increment_ssc": (_INT, [_POINTER]),
    "EAC_add_iso_pad": (_BUFFER, [_POINTER, _BUFFER]),
    "EAC_encrypt": (_BUFFER, [_POINTER, _BUFFER]),
    "EAC_authenticate": (_BUFFER, [_POINTER, _BUFFER]),
    "PACE_SEC_new": (_POINTER, [_BYTES, _SIZE, _INT]),
    "PACE_STEP2_dec_nonce": (_INT, [_POINTER, _POINTER, _BUFFER]),
    "PACE_STEP3A_generate_mapping_data": (_BUFFER, [_POINTER]),
    "PACE_STEP3A_map_generator": (_INT, [_POINTER, _BUFFER]),
    "PACE_STEP3B_generate_ephemeral_key": (_BUFFER, [_POINTER]),
    "PACE_STEP3B_compute_shared_secret": (_INT, [_POINTER, _BUFFER]),
    "PACE_STEP3C_derive_keys": (_INT, [_POINTER]),
    "PACE_STEP3D_compute_authentication_token": (_BUFFER, [_POINTER, _BUFFER]),
    "PACE_STEP3D_verify_authentication_token": (_INT, [_POINTER, _BUFFER]),
    "BUF_MEM_create_init": (_BUFFER, [_BYTES, _SIZE]),
}


class OpenPace:
    """One run of PACE on the terminal's side. AssertionError says which step did not agree."""

    def __init__(self, card_access: bytes, password: str) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._library.EAC_init()
        self._context = self._library.EAC_CTX_new()
        self._holds("EF.CardAccess", "EAC_CTX_init_ef_cardaccess", card_access, len(card_access), self._context)
        secret, kind = (_CARD_ACCESS_NUMBER.encode(), _CAN) if password == "can" else (_card_zone(), _MRZ)
        self._secret = self._library.PACE_SEC_new(secret, len(secret), kind)

    def _holds(self, step: str, function: str, *given: object) -> None:
        assert getattr(self._library, function)(*given) == 1, step

    def _buffer(self, data: bytes) -> object:
        return self._library.BUF_MEM_create_init(data, len(data))

    def _bytes(self, function: str, *given: object) -> bytes:
        found = getattr(self._library, function)(self._context, *given)
        assert found, function
        return bytes(found.contents.data[: found.contents.length])

    def nonce(self, encrypted: bytes) -> bytes:
        """The mapping's public key."""
        self._holds("nonce", "PACE_STEP2_dec_nonce", self._context, self._secret, self._buffer(encrypted))
        return self._bytes("PACE_STEP3A_generate_mapping_data")

    def mapping(self, public: bytes) -> bytes:
        """The session's public key."""
        self._holds("mapping", "PACE_STEP3A_map_generator", self._context, self._buffer(public))
        return self._bytes("PACE_STEP3B_generate_ephemeral_key")

    def agreement(self, public: bytes) -> bytes:
        """The terminal's token."""
        self._holds("agreement", "PACE_STEP3B_compute_shared_secret", self._context, self._buffer(public))
        self._holds("keys", "PACE_STEP3C_derive_keys", self._context)
        return self._bytes("PACE_STEP3D_compute_authentication_token", self._buffer(public))

    def token(self, given: bytes) -> None:
        """The chip's token is checked; from here on secured."""
        self._holds("token", "PACE_STEP3D_verify_authentication_token", self._context, self._buffer(given))
        self._holds("session", "EAC_CTX_set_encryption_ctx", self._context, _PACE_SESSION)

    def secured(self, header: bytes, data: bytes) -> bytes:
        """A command with data and without an answer, under secure messaging (Doc 9303 part 11 §9.8)."""
        self._holds("counter", "EAC_increment_ssc", self._context)
        padded = self._padded(data)
        cryptogram = tlv.encode(0x87, b"\1" + self._bytes("EAC_encrypt", self._buffer(padded)))
        checked = self._padded(self._padded(header) + cryptogram)
        code = tlv.encode(0x8E, self._bytes("EAC_authenticate", self._buffer(checked)))
        return header + bytes([len(cryptogram + code)]) + cryptogram + code + b"\0"

    def _padded(self, data: bytes) -> bytes:
        return self._bytes("EAC_add_iso_pad", self._buffer(data))


def _card_zone() -> bytes:
    """The library takes the three fields from where they stand in a card's zone."""
    number, birth, expiry = LINES[1][:10], LINES[1][13:20], LINES[1][21:28]
    return f"I<UTO{number:<<25}{birth}F{expiry}".encode()


def _agree(mapping: str, parameter: int, cipher: int, password: str) -> None:
    oid = f"{PACE}.{mapping}.{cipher}"
    passport = issue_passport(
        LINES,
        PORTRAIT,
        authority=AUTHORITY,
        at=DAY,
        access="both",
        pace=(oid, parameter),
        can=_CARD_ACCESS_NUMBER,
    )
    transmit = VirtualChipConnection(VirtualChip(passport)).transmit
    peer = OpenPace(passport.files["EF.CardAccess"], password)
    reference = tlv.encode(0x83, bytes([_CAN if password == "can" else _MRZ]))
    chosen = tlv.encode(0x80, asn1.encode_oid(oid)[2:]) + reference + tlv.encode(0x84, bytes([parameter]))
    answer = transmit(b"\x00\x22\xc1\xa4" + bytes([len(chosen)]) + chosen)
    assert answer == b"\x90\x00", f"MSE:Set AT answered {answer.hex()}"

    def step(tag: int | None, value: bytes, expected: int) -> bytes:
        body = tlv.encode(0x7C, tlv.encode(tag, value) if tag is not None else b"")
        head = bytes([0x00 if tag == 0x85 else 0x10, 0x86, 0, 0])
        if len(body) > 255:
            command = head + b"\0" + len(body).to_bytes(2, "big") + body + b"\0\0"
        else:
            command = head + bytes([len(body)]) + body + b"\0"
        given = transmit(command)
        assert given[-2:] == b"\x90\x00", f"GENERAL AUTHENTICATE answered {given[-2:].hex()}"
        return tlv.only(given[:-2], 0x7C).child(expected).value

    mapped = peer.nonce(step(None, b"", 0x80))
    ephemeral = peer.mapping(step(0x81, mapped, 0x82))
    token = peer.agreement(step(0x83, ephemeral, 0x84))
    peer.token(step(0x85, token, 0x86))
    selected = transmit(peer.secured(b"\x0c\xa4\x04\x0c", APPLICATION))
    assert len(selected) > 2, f"SELECT answered {selected.hex()}: without secure messaging"
    assert selected[-2:] == b"\x90\x00", f"SELECT answered {selected.hex()}"


if __name__ == "__main__":
    _agree(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    sys.stdout.write("agreed\n")
