"""Giving a decided record to the store with its pictures, and telling the desk how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

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
        answer(e.RecordSealed(future.result().record_hash) if fault is None else _failed(fault))

    try:
        store.seal(record, blobs, decided).add_done_callback(done)
    except Exception as fault:
        answer(_failed(fault))


def _failed(fault: BaseException) -> e.SealingFailed:
    log.error("a record could not be sealed: %s", type(fault).__name__)
    return e.SealingFailed(getattr(fault, "code", STORE_FAULT), type(fault).__name__)
