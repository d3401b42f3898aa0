"""A chip that its zone does not open can be opened by the number printed on the document."""

from __future__ import annotations

from desk_props import FakeDesk, Script

from inspection_station.desk.commands import TypeCan
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.console import Console, Fill, Form
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.press import press, send
from inspection_station.ui.presenters.screen import screen
from inspection_station.wording import Wording

EN = Wording("en", strict=True)


def an_unopened_chip() -> FakeDesk:
    return FakeDesk(Script(failing={Step.CHIP: "CHP-02", Step.FINGERPRINTS: "DEV-02"})).begin()


def test_on_the_page_of_an_unopened_chip_f5_asks_for_the_number() -> None:
    desk = an_unopened_chip()
    console = Console(language="en", looked_at=Stage.CHIP)
    labels = {a.key: a.label for a in screen(desk.snapshot(), console, EN, now=0.0).actions}
    assert labels[Key.F5] == "Type CAN"
    console, _ = press(console, Key.F5, desk.snapshot(), 0.0)
    assert console.panel == Fill(Form.CAN)
    refused, sent = send(console, {"can": "12 45"}, desk.snapshot())
    assert (refused.hint, sent) == ("hint.can", ())
    _, sent = send(console, {"can": " 123456 "}, desk.snapshot())
    assert sent == (TypeCan("123456"),)


def test_elsewhere_f5_is_for_the_zone() -> None:
    console, _ = press(Console(), Key.F5, an_unopened_chip().snapshot(), 0.0)
    assert console.panel == Fill(Form.ZONE)
    read = FakeDesk(Script(failing={Step.FINGERPRINTS: "DEV-02"})).begin()
    console, _ = press(Console(looked_at=Stage.CHIP), Key.F5, read.snapshot(), 0.0)
    assert console.panel == Fill(Form.ZONE)


def test_the_number_is_not_in_what_a_log_could_print() -> None:
    assert "123456" not in repr(TypeCan("123456"))
