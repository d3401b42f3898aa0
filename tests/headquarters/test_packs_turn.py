"""Packs on the exchange's thread: asked for now and then, given up for anything urgent, and never in the way."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from exchange_world import SharedClock
from pack_world import Publisher, now, vault_in

from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.ports import HeadquartersUnreachable


class Link:
    """Headquarters' repository in this process; down when told."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher, self.down, self.asked = publisher, False, 0

    def pack_part(self, path: str, offset: int) -> tuple[bytes, int] | None:
        self.asked += 1
        if self.down:
            raise HeadquartersUnreachable("no answer")
        return self.publisher.repository.part(path, offset, 700)


def test_packs_are_brought_told_once_and_asked_for_again_after_a_while(tmp_path: Path) -> None:
    publisher, clock, heard = Publisher(tmp_path / "repository"), SharedClock(now()), []
    vault = vault_in(tmp_path / "packs", publisher)
    turns = PackTurns(vault, clock, {}, lambda: heard.append(len(vault.labels())))
    link = Link(publisher)
    publisher.publish({"a": b"1"})
    turns.turn(link, lambda: False)
    assert heard == [1]
    assert (turns.status.fault, turns.status.last_checked is None) == ("", False)
    asked = link.asked
    turns.turn(link, lambda: False)
    assert link.asked == asked
    clock.advance(601)
    turns.turn(link, lambda: False)
    assert link.asked > asked
    assert heard == [1]


def test_a_link_that_is_down_is_told_and_tried_again_soon(tmp_path: Path) -> None:
    publisher, clock = Publisher(tmp_path / "repository"), SharedClock(now())
    turns = PackTurns(vault_in(tmp_path / "packs", publisher), clock, {})
    link = Link(publisher)
    link.down = True
    turns.turn(link, lambda: False)
    assert turns.status.fault == "NET-02"
    link.down = False
    clock.advance(61)
    turns.turn(link, lambda: False)
    assert turns.status.fault == ""


def test_anything_urgent_gets_the_link_at_once_and_the_fetch_goes_on_later(tmp_path: Path) -> None:
    publisher, clock = Publisher(tmp_path / "repository"), SharedClock(now())
    vault = vault_in(tmp_path / "packs", publisher)
    turns, link = PackTurns(vault, clock, {}), Link(publisher)
    publisher.publish({str(number): bytes(range(256)) for number in range(50)}, PackKind.RULES, "rules")
    turns.turn(link, lambda: link.asked >= 5)
    assert link.asked == 5
    assert not vault.labels()
    turns.turn(link, lambda: False)
    assert [label.name for label in vault.labels()] == ["rules"]


def test_a_station_without_a_root_says_so_and_asks_for_nothing(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "repository")
    turns, link = PackTurns(vault_in(tmp_path / "packs"), SharedClock(now()), {}), Link(publisher)
    turns.turn(link, lambda: False)
    assert (turns.status.fault, turns.status.own, link.asked) == ("PCK-05", False, 0)


def test_a_training_station_lives_off_its_own_packs_until_it_is_given_a_root(tmp_path: Path) -> None:
    publisher, clock = Publisher(tmp_path / "repository"), SharedClock(now())
    publisher.publish({"a": b"1"})
    link = Link(publisher)
    turns = PackTurns(vault_in(tmp_path / "packs"), clock, {}, training=True)
    turns.turn(link, lambda: False)
    assert (turns.status.fault, turns.status.own, link.asked) == ("", True, 0)
    vault_in(tmp_path / "packs", publisher)
    clock.advance(61)
    turns.turn(link, lambda: False)
    assert (turns.status.fault, turns.status.own, link.asked > 0) == ("", False, True)
