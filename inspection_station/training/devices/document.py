"""The training document reader: a full-page reader, or a swipe reader, over whoever stands on the stage."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Event
from typing import Final

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import CaptureCancelled, DeviceGarbage
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource
from inspection_station.training.devices.backstage import POLL_SECONDS, Backstage, common_settings
from inspection_station.training.devices.spoilt_pages import SPOILING, SPOILT_SWIPES
from inspection_station.training.devices.stage import Presence
from inspection_station.training.faults import Fault

DRIVER: Final = "training-document"
PAGE_SECONDS: Final = 0.9
"""A full-page reader with white light alone; with infrared and ultraviolet it would be 2 to 3 s."""
SWIPE_SECONDS: Final = 0.25


class TrainingDocumentReader:
    """Gives each laying down of a document once. Setting ``gives``: ``page`` (JPEG of the page) or ``swipe`` (text)."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        stage, pace = common_settings(reader)
        self._swipe = reader.take("gives", "page", among=("page", "swipe")) == "swipe"
        reader.finish()
        gives = frozenset({"mrz"} if self._swipe else {"page image"})
        info = DeviceInfo(DeviceKind.DOCUMENT_READER, DRIVER, "training document reader", gives, training=True)
        self._backstage = Backstage(info, stage, pace)
        self._given = -1

    @property
    def info(self) -> DeviceInfo:
        return self._backstage.info

    def open(self) -> None:
        self._backstage.open()

    def close(self) -> None:
        self._backstage.close()

    def probe(self) -> None:
        self._backstage.check()

    def await_document(self, cancel: Event) -> DocumentScan:
        """The document, once for each time it is laid down. Takes as long as a real reader, times ``pace``."""
        presence = self._await_presence(cancel)
        began = time.monotonic()
        self._backstage.stall_if_told(cancel)
        self._backstage.take_time(cancel, SWIPE_SECONDS if self._swipe else PAGE_SECONDS)
        if self._backstage.struck_by(Fault.GARBAGE):
            raise DeviceGarbage("the training document reader sent nonsense", code="DOC-01")
        spoilt = next((fault for fault in (*SPOILING, *SPOILT_SWIPES) if self._backstage.struck_by(fault)), None)
        scan = self._scan(presence, spoilt)
        scan = replace(scan, device_ms=(time.monotonic() - began) * 1000)
        if spoilt is not Fault.TORN_MRZ:  # the thumb is taken away without being asked to
            self._given = presence.laid
        return scan

    def _await_presence(self, cancel: Event) -> Presence:
        stage = self._backstage.stage
        while True:
            self._backstage.check()
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a document")
            presence = stage.presence
            if presence.traveller is not None and presence.laid != self._given:
                return presence
            stage.wait_for_change(presence.number, POLL_SECONDS)

    def _scan(self, presence: Presence, spoilt: Fault | None) -> DocumentScan:
        """As a reader of this kind gives it; faults of pictures come as pictures and those of swipes as text."""
        props = self._backstage.stage.props
        lines = props.lines(presence.traveller)
        if spoilt is not None and spoilt in SPOILT_SWIPES:
            return DocumentScan(MrzSource.SWIPE, text=SPOILT_SWIPES[spoilt](lines))
        if self._swipe and spoilt is Fault.TORN_MRZ:
            return DocumentScan(MrzSource.SWIPE, text="\n".join((*lines[:-1], lines[-1][: len(lines[-1]) // 2])))
        if self._swipe and spoilt is None:
            return DocumentScan(MrzSource.SWIPE, text="\n".join(lines))
        page = props.page(presence.traveller)
        return DocumentScan(MrzSource.FULL_PAGE, image=page if spoilt is None else SPOILING[spoilt](page))


class TrainingDocumentFactory:
    """Entry point ``training-document``."""

    kind = DeviceKind.DOCUMENT_READER

    def __call__(self, settings: DriverSettings) -> TrainingDocumentReader:
        return TrainingDocumentReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        return (TrainingDocumentReader(DriverSettings()).info,)

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.training.devices.rehearsal import stage_rehearsal

        return stage_rehearsal(self)


factory = TrainingDocumentFactory()
