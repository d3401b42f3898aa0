"""Article 91 with the real station: of excluded persons no byte of a body is found anywhere on the disk.

Searched are the raw files (database, its log, lock, log files, temporary files of the run) and, with the training key,
every cell of every table and every sealed body behind the encryption.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from real_station import RealStation, codes, person

from inspection_station.desk import commands as c
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.log_setup import set_up_logging
from inspection_station.matching.fingerprint.finger_pictures import png_with_dpi
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.connection import open_reader
from inspection_station.storage.keys import TrainingFolderKeys
from inspection_station.storage.reader import StoreReader
from inspection_station.training.personas.identity import PersonaKind
from inspection_station.training.personas.traveller import TrainingTraveller

PIECE = 24  # bytes of a picture that do not occur by chance


def pieces(data: bytes) -> list[bytes]:
    """Stretches from all over the compressed part of a picture."""
    return [data[place : place + PIECE] for place in range(len(data) // 5, len(data) - PIECE, len(data) // 12)]


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealStation]:
    """A station that photographs pages, logs, and has its temporary files where they can be searched."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    set_up_logging(tmp_path / "data" / "log")
    running = RealStation(tmp_path / "data", gives="page", fingers=True)
    yield running
    running.close()
    set_up_logging(None)


def everything_on_disk(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.name, file.read_bytes()
    data = folder / "data"
    keys = TrainingFolderKeys(data)
    connection = open_reader(data, keys.key(create=False))
    tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    for table in tables:
        for row in connection.execute(f"select * from {table}"):
            for cell in row:
                yield table, cell if isinstance(cell, bytes) else str(cell).encode()
    connection.close()
    reader = StoreReader.open(data, keys, clock=SystemClock())
    for row in reader.records(1000):
        yield "envelope", reader.envelope(row.inspection_id) or b""
        whole = reader.record(row.inspection_id)
        yield "history", repr(whole).encode()
    reader.close()


def bodies_of(station: RealStation, who: TrainingTraveller) -> list[bytes]:
    """Stretches of everything the devices could show of somebody: chip portrait, page, live picture, fingers."""
    props = station.stage.props
    live = io.BytesIO()
    Image.fromarray(props.live(who).frame(0)[..., ::-1]).save(live, "JPEG", quality=90)
    hands = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
    shown = [finger for position in hands for finger in props.impressions(who, position, 0).result(120)]
    fingers = [piece for finger in shown for piece in pieces(png_with_dpi(finger.image, finger.dpi))]
    return [*pieces(who.portrait_jp2), *pieces(props.page(who)), *pieces(live.getvalue()), *fingers]


@pytest.mark.slow
def test_no_byte_of_an_excluded_persons_body_reaches_the_disk(pages: RealStation, tmp_path: Path) -> None:
    excluded = [person(4600, PersonaKind.REGISTERED_NATIONAL), person(4601, PersonaKind.MINOR)]
    needles: list[bytes] = []
    for who in excluded:
        record = pages.by_the_book(who)
        assert "BIO-05" in codes(record)
        assert record.blobs == ()
        needles += bodies_of(pages, who)

    diplomat = person(4602, PersonaKind.DIPLOMAT)
    pages.step_up(diplomat)
    waiting = pages.until(lambda s: s.inspection is not None and s.inspection.document is not None).inspection
    assert waiting is not None
    assert waiting.collection.allowed is None
    assert waiting.attempts.get("chip", 0) == 0  # type: ignore[call-overload]
    pages.desk.post(c.ConfirmPersonClass(PersonClass.FOREIGNER, Exemption.ARTICLE_27))
    pages.until_decision()
    record = pages.decide(Disposition.AD)
    assert record.collection_reason == "K27"
    needles += bodies_of(pages, diplomat)

    late = person(4603)  # collected as a foreigner, and only then found out to be exempt
    pages.step_up(late)
    taken = pages.until_decision()
    assert taken.face is not None
    live = pages.desk.picture(taken.face.image)
    assert live is not None
    assert taken.fingers is not None
    fingers = [pages.desk.picture(sample.image) for sample in taken.fingers.samples]
    assert len(fingers) == 2
    pages.desk.post(c.ConfirmPersonClass(PersonClass.FOREIGNER, Exemption.SPECIAL_CONSENT))
    pages.until(lambda s: s.inspection is not None and s.inspection.collection.allowed is False)
    pages.until_decision()
    assert pages.desk.picture(taken.face.image) is None
    record = pages.decide(Disposition.AD)
    assert (record.collection_reason, record.blobs, record.comparisons, record.fingers) == ("KSC", (), (), None)
    needles += [*bodies_of(pages, late), *pieces(live)]
    needles += [piece for finger in fingers if finger is not None for piece in pieces(finger)]
    assert all(pages.desk.picture(sample.image) is None for sample in taken.fingers.samples)

    plain = person(4604)  # to show that the search finds what is there
    pages.by_the_book(plain)
    shown = pieces(plain.portrait_jp2)
    pages.store.flush(60)
    reader = StoreReader.open(tmp_path / "data", TrainingFolderKeys(tmp_path / "data"), clock=SystemClock())
    [newest] = reader.records(1)
    stored = reader.record(newest.inspection_id)
    assert stored is not None
    assert stored.record is not None
    kept = b"".join(reader.picture(newest.inspection_id, b.blob.sha256) or b"" for b in stored.record.blobs)
    reader.close()
    assert all(piece in kept for piece in shown)

    for place, data in everything_on_disk(tmp_path):
        for number, needle in enumerate(needles):
            assert needle not in data, f"piece {number} in {place}"
    assert pages.store.check().blobs == 5  # the plain traveller's alone


def test_of_an_unregistered_national_nothing_is_asked_for_before_the_class_is_confirmed(station: RealStation) -> None:
    who = person(4610, PersonaKind.NATIONAL_WITHOUT_REGISTRATION)
    station.step_up(who)
    waiting = station.until(lambda s: s.inspection is not None and s.inspection.watchlist is not None).inspection
    assert waiting is not None
    assert waiting.collection.allowed is None
    assert not waiting.running
    station.desk.post(c.ConfirmPersonClass(PersonClass.NATIONAL_WITHOUT_REGISTRATION))
    station.until_decision()
    record = station.decide(Disposition.AD)
    assert {kept.purpose for kept in record.blobs} == {"portrait", "live face"}
