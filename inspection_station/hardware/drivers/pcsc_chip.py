"""Chip readers behind PC/SC: pcscd on Linux, WinSCard on Windows, CryptoTokenKit on macOS (PC/SC part 5).

Settings: ``reader``, part of the reader's name («» takes any); ``timeout``, the longest wait for a chip in seconds.
The native call is used directly: its codes tell a lifted document from a pulled cable, which the layers above it blur.
"""

from __future__ import annotations

import time
from threading import Event
from typing import Any, Final

from inspection_station.hardware.errors import (
    CaptureCancelled,
    CardRemoved,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
    NoCard,
)
from inspection_station.hardware.ports import ChipConnection, DeviceInfo, DeviceKind, DriverSettings
from inspection_station.hardware.settings import SettingsReader

DRIVER: Final = "pcsc-chip"
_POLL_MILLISECONDS: Final = 80
_NOTICING_POLLS: Final = 7  # half a second: the service looks for the card every 0.4 s
_WRONG_LENGTH: Final = b"\x67\x00"
_START_SERVICE: Final = (
    "the PC/SC service does not answer: install pcscd and start it (systemctl start pcscd.socket), "
    "on Windows start the service «Smart Card»"
)
_TURNED_AWAY: Final = (
    "the PC/SC service runs and turns this user away: log in at the desktop, or allow it by a rule of polkit "
    "(org.debian.pcsc-lite.access_pcsc)"
)


def _library() -> Any:
    """pyscard's binding; DeviceNotFound where it cannot be loaded, so that the rest of the station still starts."""
    try:
        import smartcard.scard as scard
    except ImportError:
        raise DeviceNotFound("pyscard cannot be loaded: install pyscard and the PC/SC library") from None
    return scard


class _Meaning:
    """What the native codes mean here, looked up by name since not every platform has all of them."""

    _GONE = ("E_READER_UNAVAILABLE", "E_UNKNOWN_READER", "E_NO_READERS_AVAILABLE")
    _NO_SERVICE = ("E_NO_SERVICE", "E_SERVICE_STOPPED", "E_INVALID_HANDLE", "E_SYSTEM_CANCELLED", "F_COMM_ERROR")
    _LIFTED = ("W_REMOVED_CARD", "E_NO_SMARTCARD", "W_RESET_CARD", "W_UNPOWERED_CARD", "W_UNRESPONSIVE_CARD")

    def __init__(self, scard: Any) -> None:
        def codes(names: tuple[str, ...]) -> frozenset[int]:
            return frozenset(c for n in names if (c := getattr(scard, f"SCARD_{n}", None)) is not None)

        self.gone, self.no_service, self.lifted = codes(self._GONE), codes(self._NO_SERVICE), codes(self._LIFTED)
        self.timed_out = codes(("E_TIMEOUT",))
        self.exchanged = codes(("E_PROTO_MISMATCH",))
        """In mid-exchange: another card, or the same one anew, lies there and has agreed on nothing yet."""

    def fault(self, code: int, what: str) -> DeviceError:
        """The error to raise for a code; ``what`` was being tried."""
        if code in self.lifted:
            return CardRemoved(f"{what}: the document is no longer on the reader")
        if code in self.gone:
            return DeviceUnplugged(f"{what}: the reader is no longer there")
        if code in self.no_service:
            return DeviceUnplugged(f"{what}: {_START_SERVICE}")
        if code in self.timed_out:
            return DeviceStalled(f"{what}: no answer within the reader's time limit")
        return DeviceGarbage(f"{what}: the reader reports {code & 0xFFFFFFFF:08X}")


class PcscConnection:
    """``ChipConnection`` over one card handle."""

    def __init__(self, scard: Any, handle: Any, protocol: int, answer_to_reset: bytes) -> None:
        self._scard = scard
        self._handle: Any = handle
        self._protocol = protocol
        self._answer_to_reset = answer_to_reset
        self._meaning = _Meaning(scard)
        self._gone = False

    @property
    def answer_to_reset(self) -> bytes:
        """As the reader gave it when the connection was made."""
        return self._answer_to_reset

    def transmit(self, command: bytes) -> bytes:
        """One exchange.

        A reader that cannot carry an extended command answers 6700 through this driver, as a chip that cannot
        would: the caller then falls back to short ones. CardRemoved, DeviceUnplugged, DeviceStalled,
        DeviceGarbage otherwise.
        """
        if self._handle is None or self._gone:
            raise CardRemoved("the document is no longer on the reader")
        try:
            return self._exchange(command)
        except CardRemoved:
            self._gone = True  # the service may take half a second to notice: until then it would say other things
            raise

    def _exchange(self, command: bytes) -> bytes:
        code, answer = self._scard.SCardTransmit(self._handle, self._protocol, list(command))
        if code != self._scard.SCARD_S_SUCCESS:
            return self._after_failure(code, command)
        if not answer:  # what some drivers give instead of an error when the chip leaves during the exchange
            raise CardRemoved("the document is no longer on the reader")
        if len(answer) < 2:
            raise DeviceGarbage("the reader returned an answer shorter than its status word")
        return bytes(octet & 0xFF for octet in answer)

    def _after_failure(self, code: int, command: bytes) -> bytes:
        known = self._meaning.lifted | self._meaning.gone | self._meaning.no_service | self._meaning.timed_out
        if code in known:
            raise self._meaning.fault(code, "exchange with the chip")
        if code in self._meaning.exchanged:
            raise CardRemoved("exchange with the chip: the document was moved")
        self._require_present()
        if len(command) > 5 and command[4] == 0:
            return _WRONG_LENGTH
        for _ in range(_NOTICING_POLLS):
            time.sleep(_POLL_MILLISECONDS / 1000)
            self._require_present()
        raise self._meaning.fault(code, "exchange with the chip")

    def _require_present(self) -> None:
        status, _, state, _, _ = self._scard.SCardStatus(self._handle)
        if status != self._scard.SCARD_S_SUCCESS:
            raise self._meaning.fault(status, "exchange with the chip")
        if not state & getattr(self._scard, "SCARD_PRESENT", 0x0004):
            raise CardRemoved("the document is no longer on the reader")

    def disconnect(self) -> None:
        """Ends the connection and resets the chip, so that nobody inherits the session. Always succeeds."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._scard.SCardDisconnect(handle, self._scard.SCARD_RESET_CARD)


class PcscChipReader:
    """``ChipReader`` for every reader that PC/SC knows, or the one whose name holds ``reader``."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._wanted = reader.take("reader", "")
        self._longest_wait = reader.take("timeout", 60.0, low=0.0, high=3600.0)
        reader.finish()
        self._scard: Any = None
        self._context: Any = None
        self._connection: PcscConnection | None = None

    @property
    def info(self) -> DeviceInfo:
        """Named by what was asked for; the readers themselves are told by the factory's ``attached``."""
        name = self._wanted or "any PC/SC reader"
        return DeviceInfo(DeviceKind.CHIP_READER, DRIVER, name, frozenset({"chip"}))

    def open(self) -> None:
        """Reaches the service and finds the reader; DeviceNotFound says what is missing."""
        if self._context is not None:
            return
        scard = _library()
        code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code != scard.SCARD_S_SUCCESS:
            raise DeviceNotFound(_why_unreachable(scard, code))
        names = _reader_names(scard, context)
        if not any(self._wanted in name for name in names):
            scard.SCardReleaseContext(context)
            there = ", ".join(names) or "none"
            raise DeviceNotFound(f"no chip reader named «{self._wanted}» is attached; there: {there}")
        self._scard, self._context = scard, context

    def close(self) -> None:
        """Lets go of the chip and the service."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None
        context, self._context = self._context, None
        if context is not None:
            self._scard.SCardReleaseContext(context)

    def probe(self) -> None:
        """DeviceUnplugged when the service or the reader has gone; the reader may then be opened again."""
        self._require_open()
        if not self._matching():
            self.close()
            raise DeviceUnplugged("the chip reader is no longer there")

    def connect(self, cancel: Event, timeout: float) -> ChipConnection:
        """Waits for a chip and connects to it. NoCard after ``timeout`` seconds, CaptureCancelled when told to stop."""
        self._require_open()
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None
        ends = time.monotonic() + min(timeout, self._longest_wait)
        while True:
            if cancel.is_set():
                raise CaptureCancelled("the wait for a chip was stopped")
            name = self._reader_with_chip()
            if name is not None and (found := self._connect(name)) is not None:
                self._connection = found
                return found
            if time.monotonic() >= ends:
                raise NoCard("no chip answered; lay the document on the reader and leave it there")
            # A chip that is there but does not let itself be connected needs the pause too.
            self._pause(ends, chip_there=name is not None)

    def _require_open(self) -> None:
        if self._context is None:
            raise DeviceError("the chip reader is not open")

    def _matching(self) -> list[str]:
        return [name for name in _reader_names(self._scard, self._context) if self._wanted in name]

    def _states(self, known: list[tuple[str, int]], milliseconds: int) -> list[tuple[str, int, list[int]]]:
        code, states = self._scard.SCardGetStatusChange(self._context, milliseconds, known)
        if code in _Meaning(self._scard).timed_out:
            return []
        if code != self._scard.SCARD_S_SUCCESS:
            fault = _Meaning(self._scard).fault(code, "waiting for a chip")
            if isinstance(fault, DeviceUnplugged):
                self.close()
            raise fault
        return list(states)

    def _reader_with_chip(self) -> str | None:
        names = self._matching()
        if not names:
            self.close()
            raise DeviceUnplugged("the chip reader is no longer there")
        scard = self._scard
        self._seen = self._states([(name, scard.SCARD_STATE_UNAWARE) for name in names], 0)
        present = [(str(name), state) for name, state, _ in self._seen if state & scard.SCARD_STATE_PRESENT]
        # A mute one comes last, but is tried: a document put back quickly may have been powered while it moved.
        present.sort(key=lambda one: bool(one[1] & scard.SCARD_STATE_MUTE))
        return present[0][0] if present else None

    def _pause(self, ends: float, *, chip_there: bool) -> None:
        milliseconds = max(1, min(_POLL_MILLISECONDS, int(1000 * (ends - time.monotonic()))))
        if chip_there or not self._seen:
            time.sleep(milliseconds / 1000)
            return
        known = [(name, state & ~self._scard.SCARD_STATE_CHANGED) for name, state, _ in self._seen]
        self._states(known, milliseconds)

    def _connect(self, name: str) -> PcscConnection | None:
        """A connection, or None where the chip is not ready yet (another program has it, it is still being powered)."""
        scard = self._scard
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, handle, protocol = scard.SCardConnect(self._context, name, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        if code != scard.SCARD_S_SUCCESS:
            fault = _Meaning(scard).fault(code, "connecting to the chip")
            if isinstance(fault, DeviceUnplugged):
                self.close()
                raise fault
            return None
        status, _, _, _, answer_to_reset = scard.SCardStatus(handle)
        if status != scard.SCARD_S_SUCCESS:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
            return None
        return PcscConnection(scard, handle, protocol, bytes(octet & 0xFF for octet in answer_to_reset))


def _reader_names(scard: Any, context: Any) -> list[str]:
    code, names = scard.SCardListReaders(context, [])
    return [str(name) for name in names] if code == scard.SCARD_S_SUCCESS else []


def _why_unreachable(scard: Any, code: int) -> str:
    """Newer pcscd asks polkit who may use it; over a remote shell, or without a system bus, nobody may."""
    denied = code & 0xFFFFFFFF == scard.SCARD_W_SECURITY_VIOLATION & 0xFFFFFFFF
    return _TURNED_AWAY if denied else _START_SERVICE


class PcscChipFactory:
    """Entry point ``pcsc-chip``."""

    kind = DeviceKind.CHIP_READER

    def __call__(self, settings: DriverSettings) -> PcscChipReader:
        return PcscChipReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Every reader that PC/SC shows; DeviceNotFound where its service does not answer."""
        scard = _library()
        code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code != scard.SCARD_S_SUCCESS:
            raise DeviceNotFound(_why_unreachable(scard, code))
        try:
            names = _reader_names(scard, context)
        finally:
            scard.SCardReleaseContext(context)
        return tuple(DeviceInfo(self.kind, DRIVER, name, frozenset({"chip"})) for name in names)


factory = PcscChipFactory()
