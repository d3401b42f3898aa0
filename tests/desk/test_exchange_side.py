"""What officers ask of the exchange, on a store of its own and with a real gateway on loopback."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from store_stories import KeysInMemory, decided, picture, record, story

from inspection_station.desk import commands as c
from inspection_station.desk.connected_desk import ConnectedDesk
from inspection_station.desk.exchange_acts import StationActs
from inspection_station.desk.exchange_side import ExchangeSide, Shown
from inspection_station.desk.exchange_view import Act, ActView, ExchangeView, Freshness, ListAge
from inspection_station.desk.list_search import ListSearch
from inspection_station.desk.officer_session import OfficerSession, new_entry
from inspection_station.desk.sticks import sticks
from inspection_station.desk.view import DeskSnapshot, FrameSlot
from inspection_station.gateway.command import main as gateway_main
from inspection_station.headquarters.loop import Conversation, ExchangeLoop
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.headquarters.plan import Rules
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.outbox import Settlement
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.watchlist_lists import ControlList
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore

PATIENCE = 60.0
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path_factory.mktemp("gateway") / "gateway")
    made.start()
    yield made
    made.stop()


class Bench:
    """A store and its side; ``enrol`` before ``start`` where the exchange is wanted."""

    def __init__(self, folder: Path) -> None:
        self.station = f"side-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.store = StationStore.open(folder / "store", KeysInMemory(), station_id=self.station, clock=CLOCK)
        self.lists = ListSearch()
        self.media = [folder / "stick"]
        self.media[0].mkdir()
        self.loop: ExchangeLoop | None = None
        self.side: ExchangeSide | None = None

    def enrol(self, gateway: GatewayProcess) -> None:
        self.store.outbox.enrol(gateway.enrolled(self.station))
        conversation = Conversation(self.station, self.store.outbox, CLOCK, Rules(first_pause=30.0, longest_pause=60.0))
        self.loop = ExchangeLoop(conversation, self.store.outbox, CLOCK)

    def start(self, kept_for: timedelta = timedelta(0)) -> ExchangeSide:
        vault = PackVault(self.folder / "packs", bytes(32))
        turns = PackTurns(vault, CLOCK, {})
        session = OfficerSession("T-001", (new_entry("T-002", "right", may_second=True),))
        acts = StationActs(self.station, session, self.store, turns, CLOCK, kept_for, self.loop)
        loop = self.loop
        shown = Shown(CLOCK, self.lists.ages, vault, None if loop is None else lambda: loop.status)
        self.side = ExchangeSide(replace(shown, sticks=lambda: sticks(self.media)), acts)
        if loop is not None:
            loop.on_status = self.side.status_changed
            loop.start()
        self.side.start()
        return self.side

    def seal(self, name: str) -> None:
        name = f"{self.station}-{name}"  # the gateway outlives the test
        ref, data = picture(name, 9000)
        self.store.seal(record(name, pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result(PATIENCE)

    def close(self) -> None:
        if self.side is not None:
            self.side.stop()
        if self.loop is not None:
            self.loop.close()
        self.store.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def ended(side: ExchangeSide, command: c.ExchangeCommand) -> ActView:
    """What a wish came to."""
    before = 0 if side.view.act is None else side.view.act.number
    side.carry_out(command)
    assert until(lambda: side.view.act is not None and side.view.act.number > before and not side.view.act.running)
    assert side.view.act is not None
    return side.view.act


def test_who_wishes_something_does_not_wait_for_it(bench: Bench) -> None:
    side = bench.start()
    held, go_on = threading.Event(), threading.Event()

    def hold(view: ExchangeView) -> None:
        held.set()
        assert go_on.wait(PATIENCE)

    forget = side.listen(hold)
    side.carry_out(c.LookForSticks())
    assert held.wait(PATIENCE)  # its thread stands still
    side.carry_out(c.SyncNow())
    side.carry_out(c.LookForSticks())
    go_on.set()
    forget()


def test_sync_now_asks_at_once_though_a_pause_was_kept(bench: Bench, gateway: GatewayProcess) -> None:
    bench.enrol(gateway)
    side = bench.start()
    assert until(lambda: side.view.online)
    bench.seal("one")  # nobody wakes the exchange: the next look would be in a minute
    act = ended(side, c.SyncNow())
    assert (act.act, act.code, dict(act.figures)["left"]) == (Act.SYNC, "", "0")
    assert until(lambda: side.view.waiting == 0)
    assert side.view.last_contact is not None


def test_a_lost_link_is_told_and_taken_up_again_by_sync_now(bench: Bench, gateway: GatewayProcess) -> None:
    bench.enrol(gateway)
    side = bench.start()
    assert until(lambda: side.view.online)
    gateway.kill()
    try:
        bench.seal("one")
        act = ended(side, c.SyncNow())
        assert act.code == "NET-02"
        assert until(lambda: not side.view.online and side.view.fault == "NET-02")
        assert side.view.waiting == 2
        bench.seal("two")  # the officer goes on
    finally:
        gateway.start()
    act = ended(side, c.SyncNow())  # the pause of thirty seconds is not waited for
    assert act.code == ""
    assert until(lambda: side.view.waiting == 0 and side.view.online)


def test_a_running_station_exports_itself_and_takes_the_answer_in(
    bench: Bench, gateway: GatewayProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.enrol(gateway)
    assert bench.loop is not None
    for name in ("one", "two", "three"):
        bench.seal(name)
    bench.store.outbox.settle(_paused(bench))  # no link for the next minute
    side = bench.start()
    side.carry_out(c.LookForSticks())
    assert until(lambda: side.view.sticks is not None)
    assert side.view.sticks is not None
    stick = side.view.sticks[0]
    assert stick.files == ()
    steps: list[ActView] = []
    forget = side.listen(lambda view: steps.append(view.act) if view.act is not None else None)
    act = ended(side, c.ExportToStick(stick.path))
    forget()
    figures = dict(act.figures)
    assert (act.code, figures["messages"], figures["pictures"]) == ("", "3", "3")
    assert any(step.running and step.share is not None for step in steps)
    out = Path(stick.path) / figures["file"]
    assert out.stat().st_size == int(figures["bytes"])
    place = ["--folder", str(gateway.folder), "--database", gateway.url, "--json"]
    assert gateway_main(["import-bundle", str(out), "--answer", str(out.parent / "back.bundle"), *place]) == 0
    capsys.readouterr()
    side.carry_out(c.LookForSticks())
    assert until(lambda: bool(side.view.sticks and side.view.sticks[0].files))
    assert side.view.sticks is not None
    (file,) = side.view.sticks[0].files  # what the station wrote itself is not offered to it
    assert (file.name, file.form) == ("back.bundle", "bundle")
    act = ended(side, c.ImportFromStick(file.path))
    assert (act.code, dict(act.figures)["confirmed"]) == ("", "6")
    assert until(lambda: side.view.waiting == 0)
    acts = {"bundle exported", "bundle imported"}
    assert until(lambda: acts <= {entry.act for entry in bench.store.audit()})  # noted when the writer comes to it


def _paused(bench: Bench) -> Settlement:
    state = bench.store.outbox.state()
    return Settlement(replace(state, not_before=CLOCK.now() + timedelta(seconds=60)))


def test_a_stick_that_was_pulled_out_and_a_file_that_is_none_are_told(bench: Bench, gateway: GatewayProcess) -> None:
    bench.enrol(gateway)
    bench.seal("one")
    side = bench.start()
    assert ended(side, c.ExportToStick(str(bench.folder / "gone"))).code == "STK-02"
    nonsense = bench.media[0] / "x.bundle"
    nonsense.write_bytes(b"nonsense")
    assert ended(side, c.ImportFromStick(str(nonsense))).code == "SYN-02"
    side.carry_out(c.LookForSticks())
    assert until(lambda: side.view.sticks is not None)
    assert side.view.sticks is not None
    assert side.view.sticks[0].files == ()
    assert [path.name for path in bench.media[0].iterdir()] == ["x.bundle"]


def test_a_station_that_is_not_enrolled_says_so_and_closes_voyages_all_the_same(bench: Bench) -> None:
    side = bench.start()
    bench.seal("one")
    assert until(lambda: side.view.fault == "SEC-04")
    assert not side.view.enrolled
    for command in (c.SyncNow(), c.ExportToStick(str(bench.media[0]))):
        assert ended(side, command).code == "SEC-04"
    act = ended(side, c.CloseVoyage("T-002", "right"))
    assert (act.code, dict(act.figures)["kept"], dict(act.figures)["key"]) == ("", "1", "destroyed")
    assert bench.store.check().sound


def test_a_voyage_is_closed_by_two_officers_or_not_at_all(bench: Bench) -> None:
    side = bench.start()
    bench.seal("one")
    for officer, code in (("T-002", "wrong"), ("T-001", "right"), ("nobody", "right")):
        assert ended(side, c.CloseVoyage(officer, code)).code == "SEC-02"
    assert "voyage closed" not in [entry.act for entry in bench.store.audit()]
    bench.store.journal("open", story("open")[0])
    assert ended(side, c.CloseVoyage("T-002", "right")).code == "STO-08"
    bench.store.discard_journal("open")
    assert ended(side, c.CloseVoyage("T-002", "right")).code == ""


def test_a_port_link_is_used_until_it_is_left(bench: Bench, gateway: GatewayProcess) -> None:
    bench.store.outbox.set_budget("voyage", 1)
    bench.enrol(gateway)
    bench.seal("one")
    side = bench.start()
    assert until(lambda: side.view.online and side.view.waiting == 1)
    assert side.view.later == 8999  # the picture waits for a cheaper link, the decision went
    side.carry_out(c.UsePortLink(True))
    assert ended(side, c.SyncNow()).code == ""
    assert until(lambda: side.view.waiting == 0 and side.view.port_link)


def test_ages_of_lists_are_green_amber_and_red(bench: Bench) -> None:
    now = CLOCK.now()
    hour = timedelta(hours=1)

    def a_list(name: str, stale: timedelta) -> ControlList:
        return ControlList(name, ListKind.WANTED, "1", now - 5 * hour, now + stale, ())

    bench.lists.replace(
        [a_list("fresh", hour), a_list("old", -hour), a_list("over", -hour)], ["absent"], {"over": now - hour}
    )
    side = bench.start()
    assert until(lambda: len(side.view.lists) == 4)
    ages = {one.name: one.freshness for one in side.view.lists}
    assert ages == {
        "fresh": Freshness.GREEN,
        "old": Freshness.AMBER,
        "over": Freshness.RED,
        "absent": Freshness.RED,
    }
    assert side.view.oldest is not None
    assert side.view.oldest.freshness is Freshness.RED


class StillDesk:
    """Implements ``view.Desk`` with one snapshot."""

    def __init__(self) -> None:
        self.frames, self.finger_frames = FrameSlot(), FrameSlot()
        self.posted: list[c.Command] = []
        self.shown = DeskSnapshot(
            4, True, "quayside", "T-001", "KEL", None, None, None, (), (), 7, 60.0, 0, False, None, ()
        )

    def snapshot(self) -> DeskSnapshot:
        return self.shown

    def post(self, command: c.Command) -> None:
        self.posted.append(command)

    def picture(self, ref: BlobRef) -> bytes | None:
        return None

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        listener(self.shown)
        return lambda: None


def test_screens_get_desk_and_exchange_as_one(bench: Bench) -> None:
    inner = StillDesk()
    side = bench.start()
    desk = ConnectedDesk(inner, side)
    heard: list[DeskSnapshot] = []
    forget = desk.subscribe(heard.append)
    assert desk.snapshot().exchange == side.view
    assert desk.snapshot().unsent == 7  # nobody tells of lanes: the desk's own count stands
    desk.post(c.BeginInspection())
    desk.post(c.LookForSticks())
    assert inner.posted == [c.BeginInspection()]
    assert until(lambda: bool(heard) and heard[-1].exchange is not None and heard[-1].exchange.sticks is not None)
    forget()
    assert ExchangeView().oldest is None
    assert ListAge("wanted", "x", "1", Freshness.GREEN).hours is None
