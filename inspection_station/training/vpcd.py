"""A virtual chip on the PC/SC daemon: the card's side of the virtual smart card protocol (vsmartcard's vpcd).

Each message is a two-byte big-endian length and a body. Bodies of one byte are the reader's: 0 power off, 1 power on,
2 reset, 4 answer-to-reset wanted; any other body is a command for the chip.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event

from inspection_station.training.virtual_chip.card import ANSWER_TO_RESET, ChipLeft, VirtualChip

DEFAULT_HOST, DEFAULT_PORT = "localhost", 35963
_POWER_OFF, _POWER_ON, _RESET, _ANSWER_TO_RESET = 0, 1, 2, 4
_POLL_SECONDS = 0.1
_HANG_UPS = 10  # without a word, in a row; a daemon that starts may do it once
# Without an immediate acknowledgement each exchange waits 40 ms for the daemon's delayed one.
_QUICK_ACKNOWLEDGEMENT = getattr(socket, "TCP_QUICKACK", None)


class DaemonUnreachable(OSError):
    """Nobody listens where the daemon's virtual reader should, or no longer."""


class ReaderOccupied(DaemonUnreachable):
    """Somebody listens and does not take the passport: another one lies there, or it is no virtual reader."""


def serve(
    chip: VirtualChip,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    *,
    stop: Event,
    inserted: Callable[[], None] | None = None,
    patience: float = 5.0,
    lifted_for: float = 1.0,
) -> None:
    """Lays the chip on the virtual reader until ``stop`` is set; calls ``inserted`` once it lies there: when the daemon
    has asked it something. Connected alone says nothing, since a second card is left waiting without a word.

    DaemonUnreachable when nobody listens for ``patience`` seconds, at the start or after the daemon went away;
    ReaderOccupied when nothing is asked for so long. A document that is lifted in mid-reading (a fault it was issued
    with) is laid down again after ``lifted_for`` seconds.
    """
    lain, hung_up = False, 0
    while not stop.is_set():
        connection = _reach(host, port, stop, patience, lain)
        if connection is None:
            return
        with connection:
            chip.reset()
            if not _asked(connection, stop, patience):
                hung_up += 1
                if hung_up > _HANG_UPS:
                    raise ReaderOccupied("what listens there is no virtual reader: it hangs up without a word")
                stop.wait(_POLL_SECONDS)
                continue
            if not lain and inserted is not None:
                inserted()
            lain, hung_up = True, 0
            _converse(connection, chip, stop)
        stop.wait(lifted_for)


def _asked(connection: socket.socket, stop: Event, patience: float) -> bool:
    """Waits for the first byte without taking it; the daemon looks every 0.4 s what lies there. False when it hung up
    or ``stop`` was set.
    """
    for _ in range(max(1, int(patience / _POLL_SECONDS))):
        if stop.is_set():
            return False
        try:
            return bool(connection.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            continue
        except OSError:
            return False
    raise ReaderOccupied("the virtual reader does not take the passport: another one lies there")


def _reach(host: str, port: int, stop: Event, patience: float, lain: bool) -> socket.socket | None:
    attempts = max(1, int(patience / _POLL_SECONDS))
    for _ in range(attempts):
        try:
            connection = socket.create_connection((host, port), timeout=2)
        except OSError:
            if stop.wait(_POLL_SECONDS):
                return None
            continue
        connection.settimeout(_POLL_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    if lain:
        raise DaemonUnreachable("the PC/SC daemon went away while the passport lay there")
    raise DaemonUnreachable("nobody listens there: install pcscd and vsmartcard-vpcd and start pcscd")


def _converse(connection: socket.socket, chip: VirtualChip, stop: Event) -> None:
    """Answers until the daemon hangs up, the document is lifted, or ``stop`` is set."""
    while True:
        body = _message(connection, stop)
        if body is None:
            return
        if len(body) == 1:
            if body[0] in (_POWER_OFF, _POWER_ON, _RESET):
                chip.reset()
            elif body[0] == _ANSWER_TO_RESET:
                _send(connection, ANSWER_TO_RESET)
            continue
        try:
            answer = chip.process(body)
        except ChipLeft:
            return
        if not _send(connection, answer):
            return


def _send(connection: socket.socket, body: bytes) -> bool:
    try:
        connection.sendall(len(body).to_bytes(2, "big") + body)
    except OSError:
        return False
    return True


def _message(connection: socket.socket, stop: Event) -> bytes | None:
    header = _exactly(connection, 2, stop)
    return None if header is None else _exactly(connection, int.from_bytes(header, "big"), stop)


def _exactly(connection: socket.socket, count: int, stop: Event) -> bytes | None:
    """That many bytes; None when the daemon hung up or ``stop`` was set."""
    received = b""
    while len(received) < count:
        if stop.is_set():
            return None
        if _QUICK_ACKNOWLEDGEMENT is not None:
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGEMENT, 1)
        try:
            chunk = connection.recv(count - len(received))
        except TimeoutError:
            continue
        except OSError:
            return None
        if not chunk:
            return None
        received += chunk
    return received
