"""Bad input at the desk, with the real reading of zones: a code and what to do, and the next traveller goes through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import cv2
import numpy as np
import pytest
from desk_bench import Bench

from inspection_station.desk import commands as c
from inspection_station.desk.ports import StepFault
from inspection_station.desk.zone_reading import ZoneReading
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Stage
from inspection_station.wording import LANGUAGES, Wording

TODAY = date(2026, 11, 23)
SPECIMEN = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
SWIPED = "\n".join(SPECIMEN)


def picture(width: int, height: int) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width), 200, np.uint8))[1].tobytes())


def bomb() -> bytes:
    """200 megapixels in a few kilobytes: the size stands in the header, and nobody is to believe the rest."""
    plain = bytearray(picture(8, 8))
    plain[16:24] = (20_000).to_bytes(4, "big") + (10_000).to_bytes(4, "big")
    return bytes(plain)


PICTURES = {
    "empty": b"",
    "truncated": picture(800, 600)[:200],
    "no picture": b"%PDF-1.7 not a picture",
    "200 megapixels": bomb(),
    "blank": picture(900, 640),
    "tiny": picture(1, 1),
    "zeros": bytes(5000),
}
TEXTS = {
    "empty": "",
    "one line": SPECIMEN[0],
    "too short": "\n".join(line[:-3] for line in SPECIMEN),
    "too long": "\n".join(line + "<<" for line in SPECIMEN),
    "control characters": "\x02\x00\x1b" + "\x07".join(SPECIMEN[0]),
    "two passports": SWIPED + "\n" + SWIPED.replace("ERIKSSON<<ANNA", "SAMPLE<<<BERTA"),
    "flood": "<" * 100_000,
    "half a character": "\ud800" * 88,
}


@pytest.mark.parametrize("what", PICTURES)
def test_a_picture_that_holds_no_zone_is_a_fault_with_a_documents_code(what: str) -> None:
    with pytest.raises(StepFault) as fault:
        ZoneReading().from_image(PICTURES[what], TODAY)
    assert fault.value.code in ("DOC-01", "DOC-04", "DOC-05")


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_that_is_no_zone_is_a_fault_with_a_documents_code(what: str) -> None:
    with pytest.raises(StepFault) as fault:
        ZoneReading().from_text(TEXTS[what], TODAY)
    assert fault.value.code.startswith("DOC-")
    assert "ERIKSSON" not in str(fault.value)


@pytest.mark.parametrize(
    ("what", "code", "detail"),
    [
        ("one line", "DOC-10", "44"),
        ("too short", "DOC-10", "41, 41"),
        ("too long", "DOC-10", "46, 46"),
        ("control characters", "DOC-11", None),
        ("two passports", "DOC-04", None),
    ],
)
def test_what_a_swipe_lost_or_brought_is_told_by_its_own_code(what: str, code: str, detail: str | None) -> None:
    with pytest.raises(StepFault) as fault:
        ZoneReading().from_text(TEXTS[what], TODAY)
    assert fault.value.code == code
    assert detail is None or fault.value.detail == detail


@pytest.mark.parametrize(
    ("typed", "code"), [(TEXTS["too short"], "DOC-10"), (SWIPED.replace("ANNA", "AN*A"), "DOC-11"), ("", "DOC-01")]
)
def test_typing_twice_what_is_no_zone_is_told_by_its_own_code(typed: str, code: str) -> None:
    with pytest.raises(StepFault) as fault:
        ZoneReading().from_typing(typed, typed, TODAY)
    assert fault.value.code == code


@pytest.mark.parametrize("second", ["", SPECIMEN[0], SWIPED.replace("ANNA", "ANNE"), "x" * 10_000, "\ud800"])
def test_typing_that_differs_or_is_no_zone_is_a_fault_without_what_was_typed(second: str) -> None:
    with pytest.raises(StepFault) as fault:
        ZoneReading().from_typing(SWIPED, second, TODAY)
    assert fault.value.code.startswith("DOC-")
    assert "ANNA" not in str(fault.value)


def test_typing_that_agrees_is_read() -> None:
    assert ZoneReading().from_typing(SWIPED, SWIPED, TODAY).document_number == "L898902C3"


def test_after_every_bad_document_the_next_traveller_goes_through(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(zones=ZoneReading())
    scans = [DocumentScan(MrzSource.FULL_PAGE, image=data) for data in PICTURES.values()]
    scans += [DocumentScan(MrzSource.SWIPE, text=text) for text in TEXTS.values() if text.isprintable() or "\n" in text]
    scans.append(DocumentScan(MrzSource.SWIPE))
    for scan in scans:
        known = max((n.number for n in bench.desk.snapshot().notices), default=0)
        bench.place(scan)
        told = bench.until(lambda s, known=known: any(n.number > known for n in s.notices), 30)
        newest = max(told.notices, key=lambda n: n.number)
        assert newest.code.startswith("DOC-")
        for language in LANGUAGES:
            assert Wording(language, strict=True).error(newest.code).do
    bench.place(DocumentScan(MrzSource.SWIPE, text=SWIPED))
    bench.until_stage(Stage.DECISION)
    bench.post(c.Decide(Disposition.RE, ("F18-04",)))
    bench.until_ready()
    assert [row.disposition for row in bench.records()] == ["RE"]
