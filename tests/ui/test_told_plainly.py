"""Nothing that the officer has to know is left to a small line, to a grey word, or to a picture that is not there."""

from __future__ import annotations

from dataclasses import replace

from desk_props import FakeDesk, Script, a_zone, grey_picture

from inspection_station.desk.commands import Decide
from inspection_station.desk.view import Notice
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Taken
from inspection_station.inspection.face_search import FaceSearchResult, GroupSearched
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.candidates_page import CandidatesPage, candidates_page
from inspection_station.ui.presenters.console import Choice, Choose, Console
from inspection_station.ui.presenters.options import list_panel
from inspection_station.ui.presenters.result_pages import DecisionPage
from inspection_station.ui.presenters.screen import Screen, screen
from inspection_station.ui.presenters.step_pages import DocumentPage, Reference, Trouble
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording

EN = Wording("en", strict=True)
NO_FINGERS = {Step.FINGERPRINTS: "DEV-02"}


def seen(desk: FakeDesk) -> Screen:
    return screen(desk.snapshot(), Console(language="en"), EN, now=0.0)


def begun(**script: object) -> FakeDesk:
    script.setdefault("failing", NO_FINGERS)
    return FakeDesk(Script(**script)).begin()  # type: ignore[arg-type]


def test_without_a_portrait_the_page_is_shown_for_the_officers_eye() -> None:
    desk = begun(page=grey_picture(220, (900, 630)), failing={**NO_FINGERS, Step.CHIP: "CHP-01"})
    page = seen(desk).page
    assert isinstance(page, DecisionPage)
    assert desk.inspection is not None
    assert desk.inspection.document is not None
    assert page.reference == Reference(desk.inspection.document.page_image, "Data page", "No portrait", whole=True)


def test_of_a_national_not_even_the_page_stands_beside_an_empty_place() -> None:
    desk = begun(page=grey_picture(), zone=a_zone(nationality="TWN", issuing_state="TWN"), taiwan_id=True)
    page = seen(desk).page
    assert isinstance(page, DecisionPage)
    assert page.reference.picture is None


def test_a_group_without_anybody_in_it_is_not_green() -> None:
    inspection = begun().inspection
    assert inspection is not None
    evidence = inspection.evidence[Step.GROUPS]
    assert isinstance(evidence, Taken)
    assert isinstance(evidence.result, FaceSearchResult)
    full, empty = evidence.result.searched[0], replace(evidence.result.searched[1], templates=0)

    def page_of(*groups: GroupSearched) -> CandidatesPage:
        found = replace(evidence, result=replace(evidence.result, searched=groups))
        searched = replace(inspection, evidence={**inspection.evidence, Step.GROUPS: found})
        return candidates_page(searched, EN, revealed=False, page=0)

    assert [row.tone for row in page_of(full, empty).groups] == [Tone.OK, Tone.UNCHECKED]
    assert page_of(full, empty).title_tone is Tone.OK
    assert page_of(empty).title_tone is Tone.UNCHECKED


def test_a_document_that_was_laid_down_wrongly_is_the_headline_with_what_to_do() -> None:
    desk = FakeDesk(Script(hold=frozenset(Step))).begin()
    desk.publish(notices=(Notice("DOC-04", "2 zones in view", 1),))
    shown = seen(desk)
    error = EN.error("DOC-04")
    assert (shown.banner.title, shown.banner.reason, shown.banner.code) == (error.what, error.do, "DOC-04")
    assert shown.banner.tone is Tone.LOOK
    assert isinstance(shown.page, DocumentPage)
    assert shown.page.trouble == Trouble(Tone.LOOK, error, "")
    assert "2 zones" not in shown.hint  # technical, for the log


def test_the_places_where_two_entries_differ_stand_in_the_headline() -> None:
    desk = FakeDesk(Script(hold=frozenset(Step))).begin()
    desk.publish(notices=(Notice("DOC-09", "1:3", 1),))
    assert "1:3" in seen(desk).banner.title


def test_the_lengths_of_lines_that_are_no_zones_stand_in_the_headline_and_a_drivers_words_do_not() -> None:
    desk = FakeDesk(Script(hold=frozenset(Step))).begin()
    desk.publish(notices=(Notice("DOC-10", "44, 43", 1),))
    assert "44, 43" in seen(desk).banner.title
    desk.publish(notices=(Notice("DOC-10", "a message of 12 characters", 2),))
    assert seen(desk).banner.title == EN.error("DOC-10").what


def test_an_expired_document_says_since_when_and_is_referred_for_that() -> None:
    desk = begun(expired=True)
    row = seen(desk).checks[0]
    assert (row.code, row.detail) == ("DOC-03", "on 2031-08-30")
    assert desk.inspection is not None
    panel = list_panel(Choose(Choice.REASON, "RF"), desk.inspection, EN)
    assert panel.by_enter == Decide(Disposition.RF, ("S23",))


def test_a_store_that_takes_nobody_is_told_in_the_banner_and_enter_says_why() -> None:
    desk = FakeDesk(Script())
    desk.publish(stopped="STO-09", notices=(Notice("STO-09", "", 1),))
    shown, error = seen(desk), EN.error("STO-09")
    assert (shown.banner.tone, shown.banner.title, shown.banner.code) == (Tone.BAR, error.what, "STO-09")
    assert shown.banner.reason == error.do
    assert shown.actions[-1].why == error.what
    desk.publish(stopped="", notices=())
    assert seen(desk).banner.tone is Tone.NOTE
    assert not seen(desk).actions[-1].why
