"""A swipe reader on a real pair of pseudo-terminals: dribbling, framing, garbage, unplugging."""

import os
import struct
import threading
import time
from contextlib import suppress
from threading import Event

import pytest
from fakes.unhurried import PATIENCE, Heeded, until
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.hardware.drivers.serial_mrz import (
    LONGEST_MESSAGE,
    SerialMrzReader,
    SwipeMessage,
    factory,
)
from inspection_station.hardware.errors import DeviceError, DeviceGarbage, DeviceNotFound, DeviceUnplugged
from inspection_station.hardware.ports import DriverSettings
from inspection_station.inspection.document import MrzSource

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")

# Doc 9303 part 4 appendix B, the Utopian specimen.
TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
TD1 = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")


class Line:
    """The far end of a serial line."""

    def __init__(self, **settings) -> None:
        self.master, self._slave = os.openpty()
        # A sender that a busy machine keeps waiting has not fallen silent.
        given = {"port": os.ttyname(self._slave), "quiet_seconds": 0.6, **settings}
        self.reader = SerialMrzReader(DriverSettings(given))
        self.reader.open()
        self._sender: threading.Thread | None = None

    def received(self) -> int:
        """Bytes that have come and that nobody has read."""
        import fcntl
        import termios

        return struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4)))[0]

    def read_while_sent(self, payload: bytes, piece: int = 1, pause: float = 0.001):
        """What the reader gives when the payload comes in pieces, once it waits."""
        cancel = Heeded()

        def send():
            if not cancel.looked_at.wait(PATIENCE):
                return
            for start in range(0, len(payload), piece):
                os.write(self.master, payload[start : start + piece])
                time.sleep(pause)

        self._sender = threading.Thread(target=send)
        self._sender.start()
        return self.reader.await_document(cancel)

    def unplug(self) -> None:
        ends = (self._slave, self.master)
        self.master = self._slave = -1  # first: the reader notices the first end and the test may be over by then
        for end in ends:
            os.close(end)

    def close(self) -> None:
        if self._sender is not None:
            self._sender.join()  # it must not write into a descriptor that has become another file
        self.reader.close()
        for end in (self.master, self._slave):
            if end >= 0:
                os.close(end)


@pytest.fixture
def line():
    one = Line()
    yield one
    one.close()


@pytest.mark.parametrize("lines", [TD3, TD1])
@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("", "\r", "\r"),
        ("", "\r\n", "\r\n"),
        ("", "\n", "\n"),
        ("\x02", "\r", "\r\x03"),
        ("\x02", "\r", "\x03"),
        ("", "", ""),
        ("", "", "\r"),
    ],
)
def test_a_zone_sent_byte_by_byte_arrives_whole_in_every_framing(line, lines, before, between, after):
    scan = line.read_while_sent((before + between.join(lines) + after).encode())
    assert scan.source is MrzSource.SWIPE
    assert scan.text.replace("\n", "") == "".join(lines)
    if between:
        assert scan.text == "\n".join(lines)


def test_two_swipes_are_two_scans(line):
    for lines in (TD3, TD1):
        assert line.read_while_sent("\r".join([*lines, ""]).encode(), piece=16).text == "\n".join(lines)


def test_what_was_swiped_while_nobody_waited_is_thrown_away(line):
    swiped = "\r".join([*TD1, ""]).encode()
    os.write(line.master, swiped)
    until(lambda: line.received() == len(swiped))
    assert line.read_while_sent("\r".join([*TD3, ""]).encode(), piece=8).text == "\n".join(TD3)


def test_a_torn_zone_is_handed_on_as_it_came_for_the_parser_to_refuse(line):
    torn = TD3[0] + "\r" + TD3[1][:20] + "\r"
    assert line.read_while_sent(torn.encode(), piece=4).text == TD3[0] + "\n" + TD3[1][:20]


@pytest.mark.parametrize(
    ("payload", "said", "code"),
    [
        (b"A" * (LONGEST_MESSAGE + 500), "more than 2048 bytes", "DOC-10"),
        (bytes(range(128, 256)), "wrong speed", "DOC-11"),
        (b"ERR 4\r", "message of 4 characters", "DOC-10"),
    ],
)
def test_garbage_is_refused_by_its_size_and_the_next_swipe_goes_through(line, payload, said, code):
    with pytest.raises(DeviceGarbage, match=said) as raised:
        line.read_while_sent(payload, piece=256)
    assert raised.value.code == code
    assert line.read_while_sent("\r".join([*TD3, ""]).encode(), piece=8).text == "\n".join(TD3)


def test_pulling_the_cable_in_mid_swipe_is_unplugged(line):
    threading.Timer(0.15, line.unplug).start()
    os.write(line.master, b"P<UTO")
    with pytest.raises(DeviceUnplugged):
        line.reader.await_document(Event())
    with pytest.raises(DeviceError):
        line.reader.probe()
    with pytest.raises(DeviceNotFound):
        line.reader.open()


def test_a_second_program_on_the_same_port_is_refused(line):
    other = SerialMrzReader(DriverSettings({"port": os.ttyname(line._slave)}))
    with pytest.raises(DeviceNotFound):
        other.open()


def test_an_extra_terminator_can_be_set():
    line = Line(terminators=";")
    assert line.read_while_sent(";".join([*TD3, ""]).encode(), piece=8).text == "\n".join(TD3)
    line.close()


@pytest.mark.parametrize(
    "settings",
    [{}, {"port": 3}, {"port": "p", "bauds": 9600}, {"port": "p", "parity": "X"}, {"port": "p", "baud": True}],
)
def test_settings_that_are_wrong_are_refused_by_name(settings):
    with pytest.raises(ValueError, match="serial-mrz"):
        factory(DriverSettings(settings))


@given(st.lists(st.binary(max_size=300), max_size=30), st.floats(0.0, 0.4))
def test_any_bytes_give_a_text_nothing_or_a_typed_refusal_and_never_keep_memory(pieces, step):
    message = SwipeMessage(0.15)
    now = 0.0
    for piece in [*pieces, b""]:
        message.add(piece, now)
        now += step
        try:
            text = message.take(now)
        except DeviceGarbage:
            continue
        assert text is None or (text and "\r" not in text)
    with suppress(DeviceGarbage):
        message.take(now + 5.0)
    assert message.take(now + 10.0) is None
