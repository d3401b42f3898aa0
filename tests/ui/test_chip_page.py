"""Pages at their fullest, beneath the strip of the exchange: every check of a chip, every field of a zone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk_props import FakeDesk, Script
from exchange_props import STANDING
from PySide6.QtWidgets import QLabel
from screen_events import settle_events

from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.inspection.chip import ChipCheck
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.pages.chip import ChipView
from inspection_station.ui.pages.document import DocumentView
from inspection_station.ui.presenters.chip_page import chip_page
from inspection_station.ui.presenters.console import Console

TOLD = {
    "access": Check.ACCESS_PACE.failed(Why.PACE_REFUSED("(status 6300); BAC was used")),
    "terminal-authentication": Check.TERMINAL_AUTHENTICATION.undetermined(Why.NO_TERMINAL_KEYS("DG3", state="UTO")),
    "signer-trust": Check.SIGNER_TRUST.undetermined(Why.ISSUER_UNKNOWN("x", country="UT", version="")),
    "signer-revocation": Check.SIGNER_REVOCATION.undetermined(Why.REVOCATION_WITHOUT_ANCHOR()),
    "algorithm-strength": Check.ALGORITHM_STRENGTH.undetermined(Why.WEAK_ALGORITHM(methods="SHA1, RSA 1024")),
    "chip-authentication": Check.CHIP_AUTHENTICATION.failed(Why.KEY_NOT_HELD()),
    "mrz-against-chip": Check.MRZ_AGAINST_CHIP.failed(Why.ZONE_DIFFERS(fields="document_number, date_of_birth")),
    "data-group-hash": Check.DATA_GROUP_HASH.failed(Why.HASH_DIFFERS("SHA256", group="DG2")),
    "biometric-header": Check.BIOMETRIC_HEADER.failed(Why.HEADER_DEVIATES("x", group="DG3")),
}


def every_check() -> tuple[ChipCheck, ...]:
    names = {check.value[1]: check for check in Check}
    rest = [check.successful("x") for name, check in names.items() if name not in TOLD]
    return (*TOLD.values(), *rest[:-1], names[rest[-1].name].not_supported("x"))


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=["laptop", "full-hd"])
@pytest.mark.parametrize("language", ["zh_TW", "en"])
def test_every_check_and_reason_is_seen_without_scrolling(
    open_window: Callable[..., MainWindow], language: str, size: tuple[int, int]
) -> None:
    script = Script(failing={Step.FINGERPRINTS: "DEV-02"}, checks=every_check())
    desk = FakeDesk(script, exchange=STANDING).begin()  # whose strip takes a line from every page
    window = open_window(desk, size, language=language)
    window.console = Console(language=language, looked_at=Stage.CHIP)
    for _ in range(2):
        window.draw()
        settle_events()
    page = window.view.stack.currentWidget()
    assert isinstance(page, ChipView)
    assert page.area.verticalScrollBar().maximum() == 0
    shown = [label for label in page.findChildren(QLabel) if label.isVisible()]
    assert all(label.visibleRegion().boundingRect().height() == label.height() for label in shown)
    if language == "zh_TW":
        assert desk.inspection is not None
        reasons = [row.value for row in chip_page(desk.inspection, window.wording).checks[: len(TOLD)]]
        assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in reasons), reasons


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=["laptop", "full-hd"])
@pytest.mark.parametrize("language", ["zh_TW", "en"])
def test_every_field_of_the_zone_is_seen_without_scrolling(
    open_window: Callable[..., MainWindow], language: str, size: tuple[int, int]
) -> None:
    desk = FakeDesk(Script(failing={Step.FINGERPRINTS: "DEV-02"}), exchange=STANDING).begin()
    window = open_window(desk, size, language=language)
    window.console = Console(language=language, looked_at=Stage.DOCUMENT)
    for _ in range(2):
        window.draw()
        settle_events()
    page = window.view.stack.currentWidget()
    assert isinstance(page, DocumentView)
    assert page.area.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize("why", list(Why), ids=lambda why: why.name)
def test_every_reason_has_a_sentence_for_the_log_and_keeps_its_values_for_the_screen(why: Why) -> None:
    values = {
        name: name.upper() for name in ("group", "fields", "day", "state", "country", "code", "allowed", "methods")
    }
    told = why("DETAIL", **values, fault="f", status="6A82", version="; v")
    assert told.text
    assert "{" not in told.text
    assert "DETAIL" not in str(told.reason.values)
