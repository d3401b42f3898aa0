"""What a case demands besides the answer: commands that must have reached the chip, or must not have."""

from __future__ import annotations

from collections.abc import Sequence

from inspection_station.documents.emrtd import lds
from inspection_station.training.conformance_cases.case import Demand, Observation


def in_order(*instructions: int) -> Demand:
    """These instructions came in this order, others between them or not."""

    def demand(seen: Observation) -> str | None:
        wanted = iter(exchange.ins for exchange in seen.exchanges)
        missing = [ins for ins in instructions if ins not in wanted]
        return f"the command {missing[0]:02X} did not come in its order" if missing else None

    return demand


def never(instruction: int, why: str) -> Demand:
    """This instruction did not come."""
    return lambda seen: why if any(exchange.ins == instruction for exchange in seen.exchanges) else None


def came(instruction: int, p1: int | None = None, *, objects: Sequence[int] = (), extended: bool = False) -> Demand:
    """This command came, with these data objects in it, in extended form on request."""

    def demand(seen: Observation) -> str | None:
        for exchange in seen.exchanges:
            fits = exchange.ins == instruction and p1 in (None, exchange.p1) and (exchange.extended or not extended)
            if fits and (not objects or exchange.objects().keys() >= set(objects)):
                return None
        return f"the command {instruction:02X} did not come as it should"

    return demand


def nothing_read(seen: Observation) -> str | None:
    """No data group was given out: no protected READ BINARY succeeded."""
    given = [e for e in seen.exchanges if e.ins in (0xB0, 0xB1) and e.secured and e.status == 0x9000]
    return f"{len(given)} reads succeeded although the chip should not have been opened" if given else None


def opened(file: lds.ElementaryFile) -> Demand:
    """The file was read by its short identifier."""

    def demand(seen: Observation) -> str | None:
        return None if any(e.reads == file.sfi for e in seen.exchanges) else f"{file.name} was not read"

    return demand


def check_made(name: str, result: str, containing: str = "") -> Demand:
    """A check of this name came out so, with this in its evidence."""

    def demand(seen: Observation) -> str | None:
        found = [c for c in seen.checks if c.name == name and c.result.value == result and containing in c.evidence]
        return None if found else f"no check «{name}» that is {result}"

    return demand
