"""A traveller that is three plain values, so that the training devices are tested without drawing a face."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.hardware.ports import FingerImage
from inspection_station.hardware.rehearsal import SPECIMEN_LINES
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.stage import TOGETHER, Laid


@dataclass(frozen=True)
class PlainTraveller:
    mrz_lines: tuple[str, ...] = SPECIMEN_LINES
    has_chip: bool = True
    shade: int = 120
    device_fault: str | None = None


class EchoChip:
    """Answers every command with 9000."""

    answer_to_reset = bytes.fromhex("3B80800101")

    def __init__(self) -> None:
        self.commands: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.commands.append(command)
        return b"\x90\x00"

    def disconnect(self) -> None:
        self.commands.clear()


class PlainFilm:
    def __init__(self, shade: int) -> None:
        self._shade = shade

    def frame(self, index: int) -> np.ndarray:
        return np.full((48, 64, 3), self._shade + index % 20, np.uint8)


class PlainProps:
    def page(self, traveller: PlainTraveller) -> bytes:
        return cv2.imencode(".jpg", np.full((88, 125, 3), 230, np.uint8))[1].tobytes()

    def lines(self, traveller: PlainTraveller) -> tuple[str, ...]:
        return traveller.mrz_lines

    def chip(self, traveller: PlainTraveller) -> EchoChip | None:
        return EchoChip() if traveller.has_chip else None

    def card(self, traveller: PlainTraveller) -> object:
        raise AssertionError("these travellers have no card for the daemon")

    def prepare(self, traveller: PlainTraveller) -> None:
        """Nothing takes long here."""

    def expect(self, traveller: PlainTraveller) -> None:
        """Nothing takes long here."""

    def expect_fingers(self, traveller: PlainTraveller) -> None:
        """Nothing takes long here."""

    def impressions(self, traveller: PlainTraveller, position: FingerPosition, first: int) -> Future[Laid]:
        """As quick as a picture can be drawn; finger and try can be read from it."""
        laid: Future[Laid] = Future()
        laid.set_result(tuple(impression(position, number) for number in range(first, first + TOGETHER)))
        return laid

    def close(self) -> None:
        """Nothing is open."""

    def device_fault(self, traveller: PlainTraveller) -> str | None:
        return traveller.device_fault

    def live(self, traveller: PlainTraveller) -> PlainFilm:
        return PlainFilm(traveller.shade)


def impression(position: FingerPosition, number: int) -> FingerImage:
    picture = np.full((50, 40), 200, np.uint8)
    picture[10:40, 10:30] = 20 + 10 * list(FingerPosition).index(position) + number
    return FingerImage(picture, 500)
