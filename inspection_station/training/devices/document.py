"""The training document reader: a full-page reader, or a swipe reader, over whoever stands on the stage."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Event
from typing import Final

import cv2
import numpy as np

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import CaptureCancelled, DeviceGarbage
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource
from inspection_station.training.devices.backstage import POLL_SECONDS, Backstage, common_settings
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
        torn = self._backstage.struck_by(Fault.TORN_MRZ)
        scan = self._swiped(presence, torn) if self._swipe else self._page(presence, torn)
        scan = replace(scan, device_ms=(time.monotonic() - began) * 1000)
        if not torn:  # what was spoilt is put down again without being asked for
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

    def _swiped(self, presence: Presence, torn: bool) -> DocumentScan:
        lines = self._backstage.stage.props.lines(presence.traveller)
        if torn:
            lines = (*lines[:-1], lines[-1][: len(lines[-1]) // 2])
        return DocumentScan(MrzSource.SWIPE, text="\n".join(lines))

    def _page(self, presence: Presence, torn: bool) -> DocumentScan:
        page = self._backstage.stage.props.page(presence.traveller)
        return DocumentScan(MrzSource.FULL_PAGE, image=_with_torn_zone(page) if torn else page)


def _with_torn_zone(page: bytes) -> bytes:
    """The page with the right half of its zone covered, as by a thumb."""
    picture = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise DeviceGarbage("the page cannot be decoded", code="DOC-01")
    height, width = picture.shape[:2]
    cv2.ellipse(picture, (width, round(height * 0.88)), (width // 2, height // 6), 0, 0, 360, (120, 150, 205), -1)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


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
