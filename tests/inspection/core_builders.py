"""Builders of core values for tests: plain, valid, overridable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FaceSample,
    Modality,
    ReferenceKind,
)
from inspection_station.inspection.chip import AccessProtocol, CheckResult, ChipCheck, ChipReading
from inspection_station.inspection.document import (
    BlobRef,
    DocumentFormat,
    MachineReadableZone,
    MrzDate,
    MrzSource,
    Name,
    TravelDocument,
)
from inspection_station.inspection.face_search import (
    FaceCandidate,
    FaceProbe,
    FaceSearchResult,
    GroupSearched,
    GroupUse,
)
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistResult

TODAY = "2026-11-23"


def blob(seed: str = "a") -> BlobRef:
    return BlobRef((seed * 64)[:64], "image/jpeg", 1000)


def zone(**changes: Any) -> MachineReadableZone:
    plain = MachineReadableZone(
        format=DocumentFormat.TD3,
        lines=("P<UTOSAMPLE<<ANNA<<<<<<<<<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3204159<<<<<<<<<<<<<<06"),
        document_code="P",
        issuing_state="UTO",
        nationality="UTO",
        name=Name("SAMPLE", "ANNA", False),
        document_number="L898902C3",
        date_of_birth=MrzDate("740812", 1974, 8, 12),
        sex="F",
        date_of_expiry=MrzDate("320415", 2032, 4, 15),
        optional_data="",
        optional_data_2="",
        checks=(),
    )
    return replace(plain, **changes)


def born(year: int, month: int = 6, day: int = 15) -> MrzDate:
    return MrzDate(f"{year % 100:02d}{month:02d}{day:02d}", year, month, day)


def started(scenario: str = "quayside", inspection_id: str = "i-1") -> e.InspectionStarted:
    return e.InspectionStarted(inspection_id, scenario, "m-1", "o-1", f"{TODAY}T08:00:00+00:00", TODAY)


def document_read(
    attempt: int = 1, *, taiwan_id: bool = False, expired: bool | None = False, **changes: Any
) -> e.DocumentRead:
    document = TravelDocument(zone(**changes), MrzSource.FULL_PAGE, blob("d"))
    return e.DocumentRead(attempt, 50.0, 20.0, document, taiwan_id, expired)


def chip_read(attempt: int = 1, *checks: ChipCheck, portrait: bool = True) -> e.ChipRead:
    good = ChipCheck("5.6.4.2", "data-group-hash", CheckResult.SUCCESSFUL, "DG1 DG2")
    reading = ChipReading(AccessProtocol.BAC, (), None, blob("c") if portrait else None, checks or (good,))
    return e.ChipRead(attempt, 300.0, 200.0, reading)


def failed_check(name: str) -> ChipCheck:
    return ChipCheck("5.6.4", name, CheckResult.FAILED, "test")


def face_captured(attempt: int = 1) -> e.FaceCaptured:
    return e.FaceCaptured(attempt, 900.0, 700.0, FaceSample(blob("f"), 0.9))


def compared(attempt: int = 1, band: ComparisonBand = ComparisonBand.MATCH) -> e.FacesCompared:
    result = ComparisonResult(Modality.FACE, ReferenceKind.CHIP_PORTRAIT, 0.97, 0.93, band, "model")
    return e.FacesCompared(attempt, 10.0, 0.0, (result,))


def groups_searched(attempt: int = 1, *candidates: FaceCandidate, **changes: Any) -> e.FaceGroupsSearched:
    group = GroupSearched("alerts", GroupUse.ALERT, 3, 5000, 5.5, True, f"{TODAY}T20:00:00+00:00", 0.7)
    result = FaceSearchResult("model", FaceProbe.LIVE, True, (group,), candidates)
    return e.FaceGroupsSearched(attempt, 30.0, 0.0, replace(result, **changes))


def candidate(use: GroupUse = GroupUse.ALERT, group_id: str = "alerts", reference_id: str = "r-7") -> FaceCandidate:
    return FaceCandidate(group_id, use, reference_id, 1, 7.125, 3.5, 400_000.0, blob("g"))


def searched(attempt: int = 1, **changes: Any) -> e.WatchlistsSearched:
    consulted = (ListConsulted("wanted", ListKind.WANTED, "7", f"{TODAY}T00:00:00+00:00", False),)
    result = replace(WatchlistResult(consulted, ()), **changes)
    return e.WatchlistsSearched(attempt, 5.0, 0.0, result)
