"""Cases of terminal authentication, its file of trust points, and the fingers behind it (units ISO7816_E, LDS_D and
LDS_G).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.cv_certificates import TERMINAL_PROTOCOL, Right
from inspection_station.documents.emrtd.security_infos import TERMINAL_AUTHENTICATION
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
from inspection_station.training.conformance_cases import demands, fingers
from inspection_station.training.conformance_cases.case import Answer, ConformanceCase, Demand, Observation, Situation
from inspection_station.training.conformance_cases.documents import (
    DAY,
    SEED,
    Document,
    chip_keys,
    default_terminals,
    eac_with_fingers,
)
from inspection_station.training.conformance_cases.security_object_cases import resized
from inspection_station.training.virtual_chip.case_faults import CaseCard
from inspection_station.training.virtual_chip.commands import CardCommand
from inspection_station.training.virtual_chip.terminal_authority import TerminalAuthority

_GRANTED = demands.check_made("terminal-authentication", "successful")
_REFUSED = frozenset({"terminal-authentication"})
_FINGERS = frozenset({"biometric-header", "data-group-format", "data-group-hash", "MalformedChipData"})
_WITHOUT_RIGHT = frozenset({"not checked: the keys below UTCVCA00001 give no right"})
"""What the case is about: the fingers stay closed, and everything else is as it should be."""
_TRUST_POINTS_READ = 0x80 | 0x1C
_PRIME_2048, _SECP224R1 = 2, 10


def _read(count: int) -> Demand:
    """That many fingers were read."""
    return lambda seen: None if seen.fingers == count else f"{seen.fingers} fingers instead of {count} were read"


def _good(number: str, behaviour: str, situations: Callable[[], Iterator[Situation]]) -> ConformanceCase:
    return ConformanceCase(f"ISO7816_E_{number}", "EAC", behaviour, Answer.SUCCESSFUL, situations)


def _failed(
    id: str, behaviour: str, situations: Callable[[], Iterator[Situation]], because: frozenset[str] = _REFUSED
) -> ConformanceCase:
    return ConformanceCase(id, "EAC", behaviour, Answer.FAILED, situations, because=because)


def _of(make: Callable[[], Document], *wanted: Demand) -> Callable[[], Iterator[Situation]]:
    def situations() -> Iterator[Situation]:
        yield make().situation(*(wanted or (_GRANTED, _read(2))))

    return situations


def _scheme(arc: str, bits: int = 2048) -> TerminalAuthority:
    return TerminalAuthority(SEED, DAY, f"{TERMINAL_PROTOCOL}.{arc}", bits=bits)


def _scheme_cases() -> Iterator[ConformanceCase]:
    for number, arc in (
        ("01", "1.1"),
        ("02", "1.2"),
        ("03", "1.3"),
        ("04", "1.4"),
        ("05", "2.1"),
        ("06", "2.2"),
        ("07", "2.3"),
        ("35", "1.5"),
        ("36", "1.6"),
        ("37", "2.4"),
        ("38", "2.5"),
    ):

        def made(arc: str = arc) -> Document:
            return eac_with_fingers(_scheme(arc))

        yield _good(number, f"certificates and keys of id-TA {arc}", _of(made))
    large = replace(_scheme("1.2", 1024))
    yield _good("27", "CA over 2,048 bits, TA over 1,024", _of(lambda: eac_with_fingers(large, chip_keys(_PRIME_2048))))
    small = TerminalAuthority(SEED, DAY, curve="secp256r1")
    yield _good("28", "CA over 224 bits, TA over 256", _of(lambda: eac_with_fingers(small, chip_keys(_SECP224R1))))


def _group_cases() -> Iterator[ConformanceCase]:
    def details() -> Document:
        names = tlv.encode(0x6B, tlv.encode(0x5C, b"\x5f\x11"), tlv.encode(0x5F11, b"UTOPIA"))
        issue = tlv.encode(0x6C, tlv.encode(0x5C, b"\x5f\x19"), tlv.encode(0x5F19, b"UTOPIA"))
        return eac_with_fingers().with_group(11, names).with_group(12, issue)

    yield _good("26", "DG11 and DG12 besides", _of(details))
    yield _good("29", "fingers without irises", _of(lambda: eac_with_fingers().without_group(4)))
    yield _good(
        "31", "PACE goes first, and the chip binds to its session", _of(lambda: eac_with_fingers(pace_first=True))
    )

    def unread(seen: Observation) -> str | None:
        return "DG3 was asked for" if any(e.reads == 3 for e in seen.exchanges) else None

    for number, behaviour, rights, wanted in (
        ("14", "the terminal has no right to fingers", Right.IRISES, (_read(0), unread)),
        ("15", "the terminal has no right to irises", Right.FINGERS, (_GRANTED, _read(2))),
        ("16", "the terminal has no right at all", Right(0), (_read(0), unread)),
    ):

        def limited(rights: Right = rights, wanted: tuple[Demand, ...] = wanted) -> Iterator[Situation]:
            keys = default_terminals().keys(rights=rights)
            document = replace(eac_with_fingers(), tolerated=_WITHOUT_RIGHT)
            yield document.situation(*wanted, terminal_keys=keys)

        yield _good(number, behaviour, limited)


def _update_cases() -> Iterator[ConformanceCase]:
    state = default_terminals()

    def sent(links: int) -> Demand:
        def demand(seen: Observation) -> str | None:
            chosen = [e.objects()[0x83] for e in seen.exchanges if e.ins == 0x22 and (e.p1, e.p2) == (0x81, 0xB6)]
            count = len([name for name in chosen if b"CVCA" in name]) - 1
            return None if count == links else f"{count} new trust points instead of {links} were sent"

        return demand

    def updated(trusted: int, root: int, links: int, wanted: int) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            document = replace(eac_with_fingers(), roots=(state.root(trusted),))
            keys = state.keys(root=root, links=links)
            yield document.situation(_GRANTED, _read(2), sent(wanted), terminal_keys=keys)

        return situations

    yield _good("32", "the chip trusts the root before", updated(1, 2, 1, 1))
    yield _good("33", "the chip trusts the root before that", updated(1, 3, 2, 2))
    yield _good("34", "the chip trusts the new root already", updated(2, 2, 1, 0))


def _trusting(content: Callable[[CaseCard], bytes], *wanted: Demand) -> Callable[[], Iterator[Situation]]:
    """EF.CVCA holds something else."""

    def situations() -> Iterator[Situation]:
        situation = eac_with_fingers().situation(*(wanted or (_read(0),)))
        card = situation.card

        def told(command: CardCommand) -> tuple[bytes, int] | None:
            reads = command.ins == 0xB0 and command.p1 == _TRUST_POINTS_READ and card.open
            return (content(card)[: command.le], 0x9000) if reads else None

        card.answer_with(told)
        yield situation

    return situations


def _named(*references: bytes, tag: int = 0x42) -> bytes:
    return b"".join(bytes((tag, len(name))) + name for name in references).ljust(36, b"\0")


def _three_authorities() -> ConformanceCase:
    """The plan takes either answer; the station keeps to TR-03110, which allows two."""
    names = _named(default_terminals().reference("CVCA").encode(), b"UTCV00002", b"UTCV00003")
    return _failed(
        "ISO7816_E_10", "EF.CVCA names three authorities (either answer will do)", _trusting(lambda _: names)
    )


def _failing_cases() -> Iterator[ConformanceCase]:
    own = default_terminals().reference("CVCA").encode()
    yield _failed(
        "ISO7816_E_08", "EF.CVCA names an authority that there is not", _trusting(lambda _: _named(b"UTWRONG00001"))
    )
    yield _failed("ISO7816_E_09", "EF.CVCA names none", _trusting(lambda _: bytes(36)))
    yield _failed("LDS_G_01", "EF.CVCA: 00 in the place of 42", _trusting(lambda _: _named(own, tag=0x00)))
    yield _failed("LDS_G_02", "EF.CVCA is all zeros", _trusting(lambda _: bytes(36)))

    def other_number() -> Iterator[Situation]:
        yield eac_with_fingers().situation(_read(0), other_identity=b"C00000000<")

    yield _failed("ISO7816_E_11", "the chip goes by another document number", other_number)
    for number, size in (("12", 7), ("13", 9)):

        def challenged(size: int = size) -> Iterator[Situation]:
            situation = eac_with_fingers().situation(_read(0), demands.check_made("access", "successful"))
            card = situation.card

            def told(command: CardCommand) -> tuple[bytes, int] | None:
                return (bytes(size), 0x9000) if command.ins == 0x84 and card.open else None

            card.answer_with(told)
            yield situation

        yield _failed(f"ISO7816_E_{number}", f"a challenge of {size} bytes", challenged)

    def expired() -> Iterator[Situation]:
        state = default_terminals()
        chain = state.chain(expires=DAY - timedelta(days=1))
        keys = TerminalKeys([state.root(), *chain], [state.private_key(state.reference("IS"))])
        yield eac_with_fingers().situation(_read(0), terminal_keys=keys)

    yield _failed("ISO7816_E_19", "the station's certificates have expired", expired)

    def incomplete() -> Iterator[Situation]:
        state = default_terminals()
        keys = TerminalKeys([state.root(), state.chain()[1]], [state.private_key(state.reference("IS"))])
        yield eac_with_fingers().situation(_read(0), terminal_keys=keys)

    yield _failed("ISO7816_E_24", "the verifier's certificate is missing", incomplete)

    def elsewhere(*file: bytes) -> Callable[[], Iterator[Situation]]:
        def situations() -> Iterator[Situation]:
            info = tlv.encode(
                0x30,
                asn1.encode_oid(TERMINAL_AUTHENTICATION),
                asn1.encode_integer(1),
                tlv.encode(0x30, *(tlv.encode(0x04, part) for part in file)),
            )
            keys = chip_keys()
            infos = keys.agreement.infos() if keys.agreement is not None else ()
            group = tlv.encode(0x6E, asn1.encode_set(*infos, info))
            yield eac_with_fingers(keys=keys).with_group(14, group).situation(_read(0))

        return situations

    yield _failed("ISO7816_E_22", "DG14 names the file 0199", elsewhere(b"\x01\x99", b"\x19"))
    yield _failed("ISO7816_E_23", "DG14 names the short identifier 19", elsewhere(b"\x01\x1c", b"\x19"))


def _finger_cases() -> Iterator[ConformanceCase]:
    wsq, head = fingers.wsq(), fingers.header

    def good(number: str, behaviour: str, count: int, content: bytes) -> ConformanceCase:
        def situations() -> Iterator[Situation]:
            yield eac_with_fingers().with_group(3, content).situation(_GRANTED, _read(count))

        return ConformanceCase(f"LDS_D_{number}", "EAC", behaviour, Answer.SUCCESSFUL, situations)

    yield good("01", "two fingers in JPEG 2000", 2, fingers.group(fingers.jpeg_2000(), fingers.jpeg_2000()))
    yield good("02", "two fingers in WSQ", 2, fingers.group(wsq, wsq))
    yield good("03", "three fingers in WSQ", 3, fingers.group(wsq, wsq, wsq))
    yield good("16", "two raw fingers", 2, fingers.group(fingers.raw(), fingers.raw()))
    group = fingers.group(wsq, wsq)
    first, second = fingers.templates(wsq, wsq)
    own = fingers.record(wsq, 2)

    def headed(header: bytes) -> bytes:
        return fingers.around(0x63, fingers.template(header, own), second)

    for number, behaviour, content in (
        ("04", "the tag is 64", b"\x64" + group[1:]),
        ("05", "its length is one short", resized(group, -1)),
        ("06", "its length is one too long", resized(group, 1)),
        ("07", "it does not say how many fingers", fingers.around(0x63, first, second, counted=False)),
        ("08", "an owner of the format that there is not", headed(head(0x09, owner=b"\x01\xff"))),
        ("09", "no owner of the format", headed(head(0x09, owner=None))),
        ("10", "the format of faces", headed(head(0x09, form=b"\x00\x08"))),
        ("11", "no format", headed(head(0x09, form=None))),
        ("12", "a finger that there is not", headed(head(0x1D))),
        ("13", "no finger named", headed(head(None))),
        (
            "14",
            "the record begins with FIX",
            fingers.around(0x63, fingers.template(head(0x09), fingers.record(wsq, 2, b"FIX\x00010\x00")), second),
        ),
        ("15", "the second picture is missing", fingers.around(0x63, first, fingers.template(head(0x0A), None))),
    ):

        def bad(content: bytes = content) -> Iterator[Situation]:
            yield eac_with_fingers().with_group(3, content).situation(demands.came(0x2A))

        yield _failed(f"LDS_D_{number}", f"DG3: {behaviour}", bad, _FINGERS)


def cases() -> tuple[ConformanceCase, ...]:
    """All of them."""
    return (
        *_scheme_cases(),
        *_group_cases(),
        *_update_cases(),
        _three_authorities(),
        *_failing_cases(),
        *_finger_cases(),
    )
