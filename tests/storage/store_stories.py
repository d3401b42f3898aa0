"""Records, events and clocks for the store's tests. Every person here is invented."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FaceSample,
    Modality,
    ReferenceKind,
)
from inspection_station.inspection.chip import AccessProtocol, CheckResult, ChipCheck, ChipReading, DataGroup
from inspection_station.inspection.disposition import Decision, Disposition
from inspection_station.inspection.document import (
    BlobRef,
    CheckVerdict,
    DocumentFormat,
    FieldCheck,
    MachineReadableZone,
    MrzDate,
    MrzField,
    MrzSource,
    Name,
    TravelDocument,
)
from inspection_station.inspection.events import (
    ChipRead,
    DecisionTaken,
    DocumentRead,
    Event,
    FaceCaptured,
    FacesCompared,
    InspectionStarted,
    WatchlistsSearched,
)
from inspection_station.inspection.findings import Finding, OverrideRule, Severity
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.record import InspectionRecord, KeptBlob, StepSummary
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit, WatchlistResult

LINES = ("P<UTOSPECIMEN<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


class SteppingClock:
    """Starts at a given moment and goes on by a millisecond a look."""

    def __init__(self, start: datetime = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)) -> None:
        self.moment = start
        self.seconds = 100.0

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds


class KeysInMemory:
    """A key source that keeps keys and anchor in this process."""

    def __init__(self, *, training: bool = False) -> None:
        self.training = training
        self.stored: bytes | None = None
        self.coming: bytes | None = None
        self.anchor: str | None = None

    def key(self, *, create: bool) -> bytes:
        from inspection_station.storage.errors import WrongKey

        if self.stored is None:
            if not create:
                raise WrongKey("no key")
            self.stored = hashlib.sha256(b"a test key").digest()
        return self.stored

    def folder_key(self) -> bytes:
        return hashlib.sha256(b"a test folder").digest()

    def coming_key(self) -> bytes | None:
        return None if self.coming == self.stored else self.coming

    def draw_coming_key(self) -> bytes:
        self.coming = secrets.token_bytes(32)
        return self.coming

    def take_coming_key(self) -> None:
        self.stored = self.coming or self.stored

    def read_anchor(self) -> str | None:
        return self.anchor

    def write_anchor(self, text: str) -> None:
        self.anchor = text


def picture(seed: str, size: int = 2048) -> tuple[BlobRef, bytes]:
    data = (hashlib.sha512(seed.encode()).digest() * (size // 64 + 1))[:size]
    return BlobRef(hashlib.sha256(data).hexdigest(), "image/jpeg", size), data


def zone() -> MachineReadableZone:
    check = FieldCheck(MrzField.DOCUMENT_NUMBER, "L898902C3", "6", "6", CheckVerdict.CORRECT)
    return MachineReadableZone(
        format=DocumentFormat.TD3,
        lines=LINES,
        document_code="P",
        issuing_state="UTO",
        nationality="UTO",
        name=Name("SPECIMEN", "ANNA MARIA", False),
        document_number="L898902C3",
        date_of_birth=MrzDate("740812", 1974, 8, 12),
        sex="F",
        date_of_expiry=MrzDate("120415", 2012, 4, 15),
        optional_data="ZE184226B",
        optional_data_2="",
        checks=(check,),
    )


def watchlists(*hits: WatchlistHit) -> WatchlistResult:
    return WatchlistResult((ListConsulted("wanted-1", ListKind.WANTED, "7", "2026-05-04T00:00:00Z", False),), hits)


def hit() -> WatchlistHit:
    return WatchlistHit("wanted-1", ListKind.WANTED, "W-17", 0.93, ("document number",), ("date of birth",))


def record(
    inspection_id: str = "0197-0001",
    *,
    disposition: Disposition = Disposition.AD,
    decided_at: str = "2026-05-04T03:02:09.000+00:00",
    pictures: tuple[tuple[str, BlobRef], ...] = (),
    collection_reason: str = "",
    hits: tuple[WatchlistHit, ...] = (),
    note: str = "",
    supersedes: str | None = None,
) -> InspectionRecord:
    return InspectionRecord(
        inspection_id=inspection_id,
        scenario="quayside",
        mission_id="mission-1",
        officer_id="officer-1",
        started_at="2026-05-04T03:02:01.000+00:00",
        decided_at=decided_at,
        decision=Decision(disposition, "officer-1", note=note),
        person_class=PersonClass.FOREIGNER,
        collection_reason=collection_reason,
        mrz=zone(),
        mrz_source=MrzSource.FULL_PAGE,
        chip_access=AccessProtocol.BAC,
        chip_checks=(ChipCheck("4.1", "data-group-hash", CheckResult.SUCCESSFUL, "DG1 DG2"),),
        comparisons=(comparison(),),
        watchlist=watchlists(*hits),
        findings=(Finding("list", "LST-01", Severity.LOOK, OverrideRule.ONE_PERSON, "wanted-1"),),
        overrides=(),
        steps=(StepSummary(Step.CHIP, "taken", "", 812.5, 790.0, 1),),
        blobs=tuple(KeptBlob(purpose, blob) for purpose, blob in pictures),
        notes=("看過本人",),
        supersedes=supersedes,
        app_version="0.1.0",
    )


def comparison() -> ComparisonResult:
    return ComparisonResult(
        Modality.FACE, ReferenceKind.CHIP_PORTRAIT, 0.71, 0.6, ComparisonBand.MATCH, "dlib-resnet-1", None
    )


def decided(disposition: Disposition = Disposition.AD) -> DecisionTaken:
    return DecisionTaken(Decision(disposition, "officer-1"), "2026-05-04T03:02:09.000+00:00")


def story(inspection_id: str = "0197-0001") -> tuple[Event, ...]:
    """The events of an inspection up to its decision, which is not among them."""
    face, _ = picture(inspection_id + " live")
    portrait, _ = picture(inspection_id + " portrait")
    reading = ChipReading(
        AccessProtocol.BAC,
        (DataGroup("DG1", 93, "00" * 32),),
        LINES,
        portrait,
        (ChipCheck("4.1", "access", CheckResult.SUCCESSFUL, "BAC"),),
    )
    return (
        InspectionStarted(
            inspection_id, "quayside", "mission-1", "officer-1", "2026-05-04T03:02:01.000+00:00", "2026-05-04"
        ),
        DocumentRead(1, 1500.0, 1400.0, TravelDocument(zone(), MrzSource.FULL_PAGE), False, True),
        ChipRead(1, 3200.0, 3000.0, reading),
        FaceCaptured(1, 900.0, 700.0, FaceSample(face, 0.8)),
        FacesCompared(1, 150.0, 0.0, (comparison(),)),
        WatchlistsSearched(1, 12.0, 0.0, watchlists()),
    )
