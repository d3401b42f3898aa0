"""入出境查驗系統, WebAPIS, RMAS and the two sources of lost documents, played."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fastapi import FastAPI, HTTPException

from inspection_station.documents.mrz import MalformedMrz, parse
from inspection_station.gateway.agencies import contracts as c
from inspection_station.gateway.agencies.simulator.kept import Kept
from inspection_station.gateway.agencies.simulator.world import Sources
from inspection_station.inspection.watchlist import WatchlistHit
from inspection_station.matching.manifest import PreCheck
from inspection_station.matching.watchlist_lists import ControlList, ListEntry
from inspection_station.matching.watchlist_search import WatchlistSearch


def entry_exit(known: Sources, records: Kept) -> FastAPI:
    """入出境查驗系統."""
    app = FastAPI(title="入出境查驗系統", version="1", docs_url=None, redoc_url=None)
    search = WatchlistSearch(known.control)

    @app.post("/persons/search")
    def persons(query: c.PersonQuery) -> c.PersonReply:
        """Who on the control lists may be the holder of this document."""
        now = datetime.now(UTC)
        try:
            zone = parse(query.mrz, today=now.date())
        except MalformedMrz:
            raise HTTPException(422, "not a machine-readable zone") from None
        found = search.search(zone, now)
        searched = [
            c.ListSearched(
                list_id=one.list_id,
                kind=one.kind.value,
                version=one.version,
                issued_at=one.issued_at,
                stale=one.stale(now),
                entries=len(one.entries),
            )
            for one in known.control
        ]
        return c.PersonReply(
            query_id=query.query_id,
            answered_at=now,
            data_as_of=min(one.issued_at for one in known.control),
            searched=searched,
            hits=[_hit(one) for one in found.hits[:100]],
        )

    @app.get("/control-lists")
    def control_lists() -> c.ControlListsDown:
        """Every list, whole."""
        return c.ControlListsDown(lists=[_down(one) for one in known.control])

    @app.put("/records/{record_id}")
    def record(record_id: c.Name, sent: c.RecordSent) -> c.Taken:
        """Keep an inspection; the same again changes nothing."""
        return records.take(record_id, sent.sha256)

    return app


def lost_documents(title: str, listed: ControlList) -> FastAPI:
    """One source of lost documents."""
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None)
    entries = {(one.number, one.issuing_state): entry for entry in listed.entries for one in entry.documents}

    @app.post("/documents/search")
    def documents(query: c.DocumentQuery) -> c.LostReply:
        """Whether a document is listed as lost or stolen."""
        entry = entries.get((query.document_number, query.issuing_state))
        found = []
        if entry is not None:
            agree = ["document_number", "issuing_state"]
            found = [c.PersonHit(list_id=listed.list_id, entry_id=entry.entry_id, score=1.0, matching=agree)]
        return c.LostReply(
            query_id=query.query_id,
            answered_at=datetime.now(UTC),
            data_as_of=listed.issued_at,
            list_id=listed.list_id,
            version=listed.version,
            entries=len(listed.entries),
            found=found,
        )

    @app.get("/control-list")
    def control_list() -> c.ControlListDown:
        """The list, whole."""
        return _down(listed)

    return app


def rmas(known: Sources) -> FastAPI:
    """區域移動警示系統: asks the issuing economy at the moment of the question."""
    app = FastAPI(title="區域移動警示系統", version="1", docs_url=None, redoc_url=None)
    economies = {state for state, _ in known.reported}

    @app.post("/document-status")
    def status(query: c.DocumentQuery) -> c.DocumentStatusReply:
        """What the issuer says of its document; «unknown» where the issuer takes no part."""
        said = known.reported.get((query.issuing_state, query.document_number))
        if said is None:
            said = "valid" if query.issuing_state in economies else "unknown"
        return c.DocumentStatusReply.model_validate(
            {"query_id": query.query_id, "answered_at": datetime.now(UTC), "status": said}
        )

    return app


def webapis(known: Sources, discrepancies: Kept) -> FastAPI:
    """船舶航前旅客資訊系統."""
    app = FastAPI(title="船舶航前旅客資訊系統", version="1", docs_url=None, redoc_url=None)
    manifest = known.manifest

    @app.post("/pre-checks/search")
    def pre_checks(query: c.PreCheckQuery) -> c.PreCheckReply:
        """On which voyages somebody was announced with this document."""
        found = manifest.announced(query.document_number, query.issuing_state)
        announced = []
        if found is not None:
            announced = [_announced(manifest.voyage, *found)]
        return c.PreCheckReply(
            query_id=query.query_id,
            answered_at=datetime.now(UTC),
            data_as_of=manifest.issued_at,
            announced=announced,
            voyages=[manifest.voyage],
        )

    @app.get("/voyages")
    def voyages() -> c.Voyages:
        """Voyages that have a manifest."""
        return c.Voyages(voyages=[manifest.voyage])

    @app.get("/voyages/{voyage}/manifest")
    def whole(voyage: c.Name) -> c.ManifestDown:
        """A manifest, whole."""
        if voyage != manifest.voyage:
            raise HTTPException(404, "no such voyage")
        travellers = [
            c.TravellerDown.model_validate({**_entry(entry).model_dump(), "pre_check": outcome.value})
            for outcome, entries in manifest.travellers.items()
            for entry in entries
        ]
        return c.ManifestDown(
            voyage=voyage,
            version=manifest.version,
            issued_at=manifest.issued_at,
            stale_after=manifest.stale_after,
            travellers=travellers,
        )

    @app.put("/voyages/{voyage}/discrepancies/{report_id}")
    def discrepancy(voyage: c.Name, report_id: c.Name, sent: c.Discrepancy) -> c.Taken:
        """Keep what was not as announced; the same again changes nothing."""
        if voyage != manifest.voyage:
            raise HTTPException(404, "no such voyage")
        return discrepancies.take(report_id, sent.sha256)

    return app


def _announced(voyage: str, outcome: PreCheck, entry: ListEntry) -> c.Announced:
    return c.Announced.model_validate({"voyage": voyage, "entry_id": entry.entry_id, "pre_check": outcome.value})


def _hit(hit: WatchlistHit) -> c.PersonHit:
    return c.PersonHit(
        list_id=hit.list_id,
        entry_id=hit.entry_id,
        score=min(1.0, max(0.0, hit.score)),
        matching=list(hit.matching),
        differing=list(hit.differing),
    )


def _down(one: ControlList) -> c.ControlListDown:
    return c.ControlListDown(
        list_id=one.list_id,
        kind=one.kind.value,
        version=one.version,
        issued_at=one.issued_at,
        stale_after=one.stale_after,
        entries=[_entry(entry) for entry in one.entries],
    )


def _entry(entry: ListEntry) -> c.ListEntry:
    return c.ListEntry.model_validate(
        {
            "entry_id": entry.entry_id,
            "names": [{"primary": n.primary, "secondary": n.secondary, "weak": n.weak} for n in entry.names],
            "documents": [{"number": d.number, "issuing_state": d.issuing_state} for d in entry.documents],
            "born": [_born(one.earliest, one.latest) for one in entry.born],
            "nationalities": list(entry.nationalities),
            "sex": entry.sex,
            "personal_numbers": list(entry.personal_numbers),
        }
    )


def _born(earliest: date, latest: date) -> str:
    if earliest == latest:
        return earliest.isoformat()
    if earliest.year == latest.year and earliest.month == latest.month:
        return earliest.strftime("%Y-%m")
    return str(earliest.year) if earliest.year == latest.year else f"{earliest.year}/{latest.year}"
