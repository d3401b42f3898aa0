"""Giving a decided record to the store with its pictures, and telling the desk how it ended."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime

from inspection_station.desk.ports import RecordStore
from inspection_station.desk.vault import Vault
from inspection_station.inspection import events as e
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.values import SealedRecord

log = logging.getLogger(__name__)

STORE_FAULT = "STO-05"
"""Code for a fault of the store that has none of its own."""


def seal(
    store: RecordStore,
    vault: Vault,
    record: InspectionRecord,
    decided: e.DecisionTaken,
    answer: Callable[[e.Event], None],
) -> None:
    """Start sealing; ``answer`` gets RecordSealed or SealingFailed, from the store's thread or this one.

    A picture that is no longer in memory (after a crash) is left out of the record rather than promised by it.
    """
    blobs = {}
    for kept in record.blobs:
        data = vault.get(kept.blob)
        if data is not None:
            blobs[kept.blob.sha256] = data
    record = replace(record, blobs=tuple(kept for kept in record.blobs if kept.blob.sha256 in blobs))

    def done(future: Future[SealedRecord]) -> None:
        fault = future.exception()
        if fault is None:
            _log_sealed(record)
        answer(e.RecordSealed(future.result().record_hash) if fault is None else _failed(fault))

    try:
        store.seal(record, blobs, decided).add_done_callback(done)
    except Exception as fault:
        answer(_failed(fault))


def _log_sealed(record: InspectionRecord) -> None:
    """For the log file: that and how it ended, nothing of the traveller or of the officer's words."""
    began, decided = (datetime.fromisoformat(at) for at in (record.started_at, record.decided_at))
    log.info(
        "inspection sealed",
        extra={
            "record": record.inspection_id,
            "scenario": record.scenario,
            "disposition": record.decision.disposition.value,
            "findings": dict(sorted(Counter(finding.code for finding in record.findings).items())),
            "ms": round((decided - began).total_seconds() * 1e3),
        },
    )


def _failed(fault: BaseException) -> e.SealingFailed:
    code = getattr(fault, "code", STORE_FAULT)
    log.error("inspection not sealed", extra={"code": code, "fault": type(fault).__name__})
    return e.SealingFailed(code, type(fault).__name__)
