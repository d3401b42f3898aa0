"""The document reader, armed: waits for the next document and passes it on, again and again.

A reader that went away is armed again when its supervisor says it is back; nothing here waits or polls.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from inspection_station.hardware.errors import CaptureCancelled, DeviceError
from inspection_station.hardware.ports import DeviceKind, DeviceState, DocumentScan
from inspection_station.hardware.supervisor import DeviceRack, DeviceStatus
from inspection_station.hardware.worker import DeviceCall
from inspection_station.inspection.document import MrzSource


class ReadyReader:
    """``on_scan`` and ``on_fault`` are called from the device's thread and must only pass on."""

    def __init__(
        self, rack: DeviceRack, on_scan: Callable[[DocumentScan], None], on_fault: Callable[[str, str], None]
    ) -> None:
        self._reader = rack.of_kind(DeviceKind.DOCUMENT_READER)
        self._on_scan = on_scan
        self._on_fault = on_fault
        self._lock = Lock()
        self._call: DeviceCall[DocumentScan] | None = None
        self._wanted = False

    @property
    def wanted(self) -> bool:
        """Whether a document is being waited for."""
        return self._wanted

    def arm(self) -> None:
        """Wait for a document. Harmless when already waiting."""
        with self._lock:
            self._wanted = True
            if self._reader is None:
                return
            if self._call is not None:
                return
            call = self._reader.submit(lambda device, cancel: device.await_document(cancel))
            self._call = call
        call.add_done_callback(lambda future: self._done(call, future))

    def disarm(self) -> None:
        """Stop waiting."""
        with self._lock:
            self._wanted = False
            call, self._call = self._call, None
        if call is not None:
            call.stop()

    def feed(self, text: str) -> None:
        """Text that came by the keyboard: through the wedge device where the profile has one, else as it is."""
        device = self._reader.device if self._reader is not None else None
        take = getattr(device, "feed", None)
        if callable(take):
            take(text)
        else:
            self._on_scan(DocumentScan(MrzSource.KEYBOARD_WEDGE, text=text))

    def device_changed(self, status: DeviceStatus) -> None:
        """The reader is back: wait again if a document is wanted."""
        if status.kind is DeviceKind.DOCUMENT_READER and status.state is DeviceState.READY and self._wanted:
            self.arm()

    def _done(self, call: DeviceCall[DocumentScan], future: Future[DocumentScan]) -> None:
        with self._lock:
            current = self._call is call
            if current:
                self._call = None
        if future.cancelled() or not current:
            return
        fault = future.exception()
        if fault is None:
            self._wanted = False
            self._on_scan(future.result())
            return
        if isinstance(fault, CaptureCancelled):
            return
        if isinstance(fault, DeviceError):
            self._on_fault(fault.code, fault.detail)
        else:
            self._on_fault("SYS-01", type(fault).__name__)
        # A reader that is still well waits on; one that went away or talks nonsense without end is waited for in
        # ``device_changed``, at the supervisor's pace.
        if self._wanted and self._reader is not None and self._reader.status.state is DeviceState.READY:
            self.arm()
