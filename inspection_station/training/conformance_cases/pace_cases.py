"""Cases of PACE (unit ISO7816_G) and of EF.CardSecurity (units LDS_J and LDS_H, 93). The documents know no BAC, so that
a station that falls back opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.key_groups import STANDARD_GROUPS, EllipticGroup
from inspection_station.documents.emrtd.security_infos import PACE, encode_pace_info
from inspection_station.training.chip_keys import agreement_key
from inspection_station.training.conformance_cases import demands
from inspection_station.training.conformance_cases.case import (
    FROM_THE_PLAN,
    Answer,
    ConformanceCase,
    Demand,
    Observation,
    Situation,
    title_basis,
)
from inspection_station.training.conformance_cases.documents import (
    BRAINPOOL_P256R1,
    PACE_GM_3DES,
    SECP256R1,
    SEED,
    Document,
    card_security_of,
    pace,
    pace_cam,
)
from inspection_station.training.virtual_chip.case_faults import (
    AirFault,
    CommandFault,
    answer_to_step,
    dynamic_data,
    is_step,
    status_for,
)
from inspection_station.training.virtual_chip.commands import CardCommand

_PACE = title_basis("Doc 9303-11 §4.4")
_OFFERS = title_basis("Doc 9303-11 §9.2.1")
_MAPPING = title_basis("Doc 9303-11 §4.4.3.5")
_NONCE, _MAP, _KEY, _TOKEN = 0x00, 0x81, 0x83, 0x85
_BROKEN = frozenset({"AccessDenied", "AccessNotSpoken", "ChipRefused", "MalformedChipData"})
_CAM = frozenset({"chip-authentication"})
_ERRORS = (0x6300, 0x6982, 0x6985, 0x6A80, 0x6F00)
_DH_PARAMETER = 2
_PROVEN = demands.check_made("chip-authentication", "successful")


def _case(
    id: str,
    behaviour: str,
    situations: Callable[[], Iterator[Situation]],
    because: frozenset[str] = _BROKEN,
    basis: str = _PACE,
) -> ConformanceCase:
    return ConformanceCase(id, "PACE", behaviour, Answer.FAILED, situations, basis, because)


def _good(
    id: str, behaviour: str, situations: Callable[[], Iterator[Situation]], basis: str = _PACE
) -> ConformanceCase:
    return ConformanceCase(id, "PACE", behaviour, Answer.SUCCESSFUL, situations, basis)


def _agreed(oid: str, parameter_id: int | None = None) -> Demand:
    """MSE:Set AT chose this protocol, and named its parameters where that is asked."""

    def demand(seen: Observation) -> str | None:
        asked = [e.objects() for e in seen.exchanges if e.ins == 0x22 and e.p1 == 0xC1]
        if not asked or asked[0].get(0x80) != tlv.read(asn1.encode_oid(oid))[0].value:
            return "another protocol was chosen than the one that is offered"
        if asked[0].get(0x83) != b"\x01":
            return "the password was not named as the zone"
        if parameter_id is not None and asked[0].get(0x84) != bytes([parameter_id]):
            return "the parameters were not named although there are several"
        return None

    return demand


def _run(seen: Observation) -> str | None:
    """Four chained steps and the selection of the application under the new session."""
    steps = [e for e in seen.exchanges if e.ins == 0x86 and not e.secured]
    if [e.chained for e in steps] != [True, True, True, False]:
        return "the four steps were not chained as they must be"
    selected = [e for e in seen.exchanges if e.ins == 0xA4 and e.p1 == 0x04]
    return None if selected and selected[-1].secured else "the application was not selected under the new session"


def _standard(kind: type | None = None) -> list[int]:
    return [number for number, group in STANDARD_GROUPS.items() if kind is None or isinstance(group, kind)]


def _offers(*chosen: tuple[str, int]) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        for oid, parameter_id in chosen:
            yield pace(oid, parameter_id).situation(_agreed(oid), _run)

    return situations


def _positive_cases() -> Iterator[ConformanceCase]:
    curves = _standard(EllipticGroup)
    generic = [(f"{PACE}.{2 if n in curves else 1}.2", n) for n in _standard()]
    integrated = [(f"{PACE}.{4 if n in curves else 3}.2", n) for n in _standard() if n != 10]
    kinds = [(f"{PACE}.{arc}.{cipher}", _DH_PARAMETER) for arc in (1, 3) for cipher in (1, 2, 3, 4)]
    kinds += [(f"{PACE}.{arc}.{cipher}", BRAINPOOL_P256R1) for arc in (2, 4) for cipher in (1, 2, 3, 4)]
    yield _good(
        "ISO7816_G_01", "as it should be, with 3DES and with AES", _offers(PACE_GM_3DES, (f"{PACE}.2.2", SECP256R1))
    )
    yield _good("ISO7816_G_02", f"generic mapping in {len(generic)} standard groups", _offers(*generic))
    yield _good("ISO7816_G_03", f"integrated mapping in {len(integrated)} standard groups", _offers(*integrated))
    yield _good("ISO7816_G_04", f"{len(kinds)} protocols", _offers(*kinds))

    def additional() -> Iterator[Situation]:
        unknown = tlv.encode(0x30, asn1.encode_oid("0.4.0.127.0.7.2.2.99"), asn1.encode_integer(1))
        yield _offering(*pace().offers, unknown).situation(_agreed(PACE_GM_3DES[0]), _run)

    yield _good("ISO7816_G_05", "an info of no known kind beside the offer", additional, _OFFERS)

    def several() -> Iterator[Situation]:
        for chosen in (f"{PACE}.2.2", f"{PACE}.4.2"):
            offers = [encode_pace_info(chosen, n) for n in (SECP256R1, BRAINPOOL_P256R1)]
            yield _offering(*offers).situation(_agreed(chosen, SECP256R1), _run)

    yield _good("ISO7816_G_06", "one protocol offered in two groups", several, _OFFERS)

    def own_parameters() -> Iterator[Situation]:
        group = agreement_key(SEED, BRAINPOOL_P256R1, (2,)).infos()[0]
        information = list(tlv.read(group)[0].children())[1]
        algorithm = next(information.children()).raw
        own = tlv.encode(0x30, asn1.encode_oid(f"{PACE}.2"), algorithm, asn1.encode_integer(40))
        offers = [encode_pace_info(f"{PACE}.2.2", n) for n in (40, BRAINPOOL_P256R1)]
        yield _offering(*offers, own).situation(_agreed(f"{PACE}.2.2", BRAINPOOL_P256R1), _run)

    yield _good("ISO7816_G_07", "one offer in a standard group, one in the state's own", own_parameters, _OFFERS)


def _offering(*infos: bytes) -> Document:
    """The default document with these infos in EF.CardAccess and DG14."""
    document = replace(pace(), offers=infos)
    return document.with_group(14, tlv.encode(0x6E, asn1.encode_set(*infos)))


def _faulty(
    *faults: AirFault | CommandFault, kinds: tuple[tuple[str, int], ...] = (PACE_GM_3DES,), command: bool = False
) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        for oid, parameter_id in kinds:
            for fault in faults:
                setting: dict[str, Any] = {"command_fault" if command else "air_fault": fault}
                yield pace(oid, parameter_id).situation(demands.nothing_read, **setting)

    return situations


def _refusing(step: int) -> tuple[CommandFault, ...]:
    def refusing(status: int) -> CommandFault:
        return lambda command: (b"", status) if is_step(command, step) else None

    return tuple(refusing(status) for status in _ERRORS)


def _retagged(step: int, tag: int, other: int) -> AirFault:
    return dynamic_data(step, lambda inside: {other if t == tag else t: v for t, v in inside.items()})


def _replaced(step: int, tag: int, change: Callable[[bytes], bytes]) -> AirFault:
    return dynamic_data(step, lambda inside: {t: change(v) if t == tag else v for t, v in inside.items()})


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda value: value[:at] + bytes((value[at] ^ 0x01,)) + value[at + 1 :] if at < len(value) else value


def _garbled(step: int) -> tuple[AirFault, ...]:
    """Status 9000 with nothing, with an empty object, and with half an object."""
    answers = (b"\x90\x00", b"\x7c\x00\x90\x00", b"\x7c\x20\x82\x90\x00")
    return tuple(answer_to_step(step, answer) for answer in answers)


def _step_cases() -> Iterator[ConformanceCase]:
    def refused_protocol() -> Iterator[Situation]:
        for status in (*_ERRORS, 0x6A88):
            fault = status_for(0x22, status, only=lambda command: command.p1 == 0xC1)
            yield pace().situation(demands.nothing_read, demands.never(0x86, "it went on"), command_fault=fault)

    integrated, prime = (f"{PACE}.4.2", BRAINPOOL_P256R1), (f"{PACE}.1.2", _DH_PARAMETER)
    both = (PACE_GM_3DES, integrated)
    nonces = tuple(_replaced(_NONCE, 0x80, _flip(at)) for at in (0, 15))
    curve = tuple(_replaced(_MAP, 0x82, _flip(at)) for at in (0, 1, 40))
    keys = tuple(_replaced(_KEY, 0x84, _flip(at)) for at in (0, 1, 40))
    numbers = (lambda value: b"\x01", lambda value: b"\xff" * len(value), _flip(10))
    yield _case("ISO7816_G_08", "MSE:Set AT is refused, six status words", refused_protocol)
    yield _case("ISO7816_G_09", "the nonce is changed on its way", _faulty(*nonces, kinds=both))
    for number, step, name in (("10", _NONCE, 1), ("12", _MAP, 2), ("18", _KEY, 3), ("24", _TOKEN, 4)):
        situations = _faulty(*_refusing(step), command=True)
        yield _case(f"ISO7816_G_{number}", f"step {name} is refused, {len(_ERRORS)} status words", situations)
    for number, step, tag in (("11", _NONCE, 0x80), ("13", _MAP, 0x82), ("19", _KEY, 0x84), ("25", _TOKEN, 0x86)):
        situations = _faulty(_retagged(step, tag, tag | 0x10))
        yield _case(f"ISO7816_G_{number}", f"{tag | 0x10:02X} in the place of {tag:02X}", situations)
    for number, step, kind in (("14", _MAP, PACE_GM_3DES), ("20", _KEY, PACE_GM_3DES), ("26", _TOKEN, PACE_GM_3DES)):
        yield _case(f"ISO7816_G_{number}", "9000 without what belongs there", _faulty(*_garbled(step), kinds=(kind,)))
    yield _case(
        "ISO7816_G_15", "9000 without the object that belongs there", _faulty(*_garbled(_MAP)[:1], kinds=(integrated,))
    )
    yield _case("ISO7816_G_16", "a mapping key off the curve, and another point's part", _faulty(*curve))
    yield _case(
        "ISO7816_G_17",
        "mapping keys 1 and beyond p, and another number",
        _faulty(*(_replaced(_MAP, 0x82, change) for change in numbers), kinds=(prime,)),
    )
    yield _case("ISO7816_G_21", "a one-time key off the curve, and another point's part", _faulty(*keys, kinds=both))
    yield _case(
        "ISO7816_G_22",
        "one-time keys 1 and beyond p, and another number",
        _faulty(*(_replaced(_KEY, 0x84, change) for change in numbers), kinds=(prime,)),
    )
    yield _case("ISO7816_G_23", "the reader's own one-time key comes back", _faulty(_echo, kinds=(*both, prime)))


def _echo(command: CardCommand, answer: bytes) -> bytes:
    if not is_step(command, _KEY):
        return answer
    sent = tlv.only(command.data, 0x7C).child(_KEY).value
    return tlv.encode(0x7C, tlv.encode(0x84, sent)) + b"\x90\x00"


def _offer_cases() -> Iterator[ConformanceCase]:
    def broken() -> Iterator[Situation]:
        good = tlv.encode(asn1.SET, *pace().offers)
        for content in (good[:1] + bytes((good[1] + 1,)) + good[2:], b"\x31\x02\x30\x05", b"\x30" + good[1:]):
            yield replace(pace(), card_access=content).situation(demands.nothing_read)

    def parameters() -> Iterator[Situation]:
        for parameter_id in (3, 7, 19, 99):
            yield _offering(encode_pace_info(PACE_GM_3DES[0], parameter_id)).situation(demands.nothing_read)

    yield _case("ISO7816_G_27", "EF.CardAccess is not what its lengths say", broken, basis=_OFFERS)
    yield _case(
        "ISO7816_G_28", "a number that stands for no group", parameters, basis=title_basis("Doc 9303-11 §9.5.1")
    )

    def invalid() -> Iterator[Situation]:
        infos = (encode_pace_info(*PACE_GM_3DES), encode_pace_info(f"{PACE}.5.2", _DH_PARAMETER))
        yield _offering(*infos).situation(_agreed(PACE_GM_3DES[0]), _run)

    yield _good(
        "ISO7816_G_36", "an offer of DH with chip-authentication mapping, which there is not", invalid, FROM_THE_PLAN
    )


def _mapping_cases() -> Iterator[ConformanceCase]:
    def of(change: Callable[[dict[int, bytes]], dict[int, bytes]]) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            yield pace_cam().situation(air_fault=dynamic_data(_TOKEN, change))

        return situations

    def missing(inside: dict[int, bytes]) -> dict[int, bytes]:
        return {tag: value for tag, value in inside.items() if tag != 0x8A}

    def wrong(inside: dict[int, bytes]) -> dict[int, bytes]:
        return {tag: _flip(3)(value) if tag == 0x8A else value for tag, value in inside.items()}

    def retagged(inside: dict[int, bytes]) -> dict[int, bytes]:
        return {0x8B if tag == 0x8A else tag: value for tag, value in inside.items()}

    def empty(inside: dict[int, bytes]) -> dict[int, bytes]:
        return {tag: b"" if tag == 0x8A else value for tag, value in inside.items()}

    for number, behaviour, change in (
        ("29", "the chip's proof is not there", missing),
        ("31", "the chip's proof is another", wrong),
        ("32", "the chip's proof stands under 8B", retagged),
        ("33", "the chip's proof is empty", empty),
    ):
        yield _case(f"ISO7816_G_{number}", behaviour, of(change), _CAM, _MAPPING)

    def all_parameters() -> Iterator[Situation]:
        for parameter_id in _standard(EllipticGroup):
            yield pace_cam(2, parameter_id).situation(_PROVEN, _agreed(f"{PACE}.6.2"), _run)

    def all_ciphers() -> Iterator[Situation]:
        for cipher in (2, 3, 4):
            yield pace_cam(cipher).situation(_PROVEN, _agreed(f"{PACE}.6.{cipher}"), _run)

    yield _good("ISO7816_G_34", "chip-authentication mapping with three ciphers", all_ciphers, _MAPPING)
    yield _good("ISO7816_G_41", "chip-authentication mapping on every standard curve", all_parameters, _MAPPING)

    def silent_group() -> Iterator[Situation]:
        yield pace_cam().with_group(14, tlv.encode(0x6E, tlv.encode(0x31))).situation()

    basis = title_basis("Doc 9303-11 §9.2.11")
    yield _case("ISO7816_G_38", "DG14 signs no info", silent_group, frozenset({"card-access"}), basis)

    def other_key() -> Iterator[Situation]:
        document = pace_cam()
        infos = agreement_key(SEED + 3, BRAINPOOL_P256R1, (), key_id=BRAINPOOL_P256R1).infos()
        yield replace(document, card_security=card_security_of(document, *document.offers, *infos)).situation()

    def no_key() -> Iterator[Situation]:
        document = pace_cam()
        yield replace(document, card_security=card_security_of(document, *document.offers)).situation()

    yield _case("ISO7816_G_39", "EF.CardSecurity signs another key", other_key, _CAM, _MAPPING)
    yield _case("ISO7816_G_40", "EF.CardSecurity signs no key", no_key, _CAM, _MAPPING)


def _card_security_cases() -> Iterator[ConformanceCase]:
    def with_infos(change: Callable[[Document], tuple[bytes, ...]]) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            document = pace_cam()
            yield replace(document, card_security=card_security_of(document, *change(document))).situation()

        return situations

    def key(document: Document) -> tuple[bytes, ...]:
        return document.keys.mapping.infos() if document.keys.mapping is not None else ()

    def more(document: Document) -> tuple[bytes, ...]:
        unknown = tlv.encode(0x30, asn1.encode_oid("0.4.0.127.0.7.2.2.99"), asn1.encode_integer(1))
        return (*document.offers, *key(document), unknown)

    def different(document: Document) -> tuple[bytes, ...]:
        return (encode_pace_info(f"{PACE}.6.2", SECP256R1), *key(document))

    def no_identifier(document: Document) -> tuple[bytes, ...]:
        body = tlv.read(key(document)[0])[0].value
        return (*document.offers, tlv.encode(0x30, body[len(tlv.read(body)[0].raw) :]))

    because = frozenset({"card-access"})
    good = with_infos(more)
    yield _good("LDS_J_01", "EF.CardSecurity signs one info more than EF.CardAccess has", good, FROM_THE_PLAN)
    yield _case("LDS_J_02", "EF.CardSecurity does not sign the offer", with_infos(key), because, FROM_THE_PLAN)
    yield _case("LDS_J_03", "EF.CardSecurity signs it in another group", with_infos(different), because, FROM_THE_PLAN)
    yield _case("LDS_J_04", "the key has no identifier", with_infos(no_identifier), _CAM, FROM_THE_PLAN)

    def wrong_signature() -> Iterator[Situation]:
        document = pace_cam()
        changes = {"signer signature": lambda octets: octets[:-1] + bytes((octets[-1] ^ 1,))}
        yield replace(document, card_security=card_security_of(document, changes=changes)).situation()

    yield _case("LDS_H_93", "EF.CardSecurity has a wrong signature", wrong_signature, _CAM, FROM_THE_PLAN)


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    return (*_positive_cases(), *_step_cases(), *_offer_cases(), *_mapping_cases(), *_card_security_cases())
