"""Late hits before the officer: a notice that interrupts, stays, survives a restart, and goes when it was read."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from desk_bench import Bench

from inspection_station.desk import commands as c
from inspection_station.desk.late_hits import LATE_HIT
from inspection_station.desk.view import DeskSnapshot
from inspection_station.headquarters.late_hits import sign
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.late_hit import LateHit, SignedLateHit
from inspection_station.inspection.watchlist import ListKind, WatchlistHit
from inspection_station.wording import Wording

KEY = Ed25519PrivateKey.generate()


def late(inspection_id: str, entry_id: str = "W-9") -> SignedLateHit:
    hit = WatchlistHit("wanted", ListKind.WANTED, entry_id, 0.9, ("name", "date_of_birth"), ("sex",))
    return sign(LateHit(inspection_id, "ab" * 32, hit, "2026-2", "2026-11-23T02:00:00Z"), "g", "B-1", KEY)


def told(snapshot: DeskSnapshot) -> bool:
    return bool(snapshot.late_hits)


def read(snapshot: DeskSnapshot) -> c.ReadLateHit:
    return c.ReadLateHit(snapshot.late_hits[0].late_hit_id)


def test_a_late_hit_is_told_at_once_with_the_record_it_is_about(bench: Bench) -> None:
    bench.store.late_hits.keep([late("i-old")], ())
    shown = bench.until(told)
    (view,) = shown.late_hits
    assert (view.inspection_id, view.list_id, view.kind, view.entry_id) == ("i-old", "wanted", "wanted", "W-9")
    notice = shown.notices[-1]
    assert (notice.code, notice.inspection_id) == (LATE_HIT, "i-old")
    assert "i-old" in notice.detail
    assert "W-9" in notice.detail


def test_the_officer_is_told_who_the_earlier_traveller_was(bench: Bench) -> None:
    bench.place()
    inspection = bench.until_stage(Stage.DECISION).inspection
    assert inspection is not None
    assert inspection.document is not None
    bench.post(c.Decide(Disposition.AD))
    bench.until_ready()
    bench.store.late_hits.keep([late(inspection.inspection_id)], ())
    (view,) = bench.until(told).late_hits
    assert inspection.document.mrz.document_number in view.person
    assert inspection.document.mrz.name.primary in view.person


def test_it_stays_over_the_next_travellers_until_it_was_read(bench: Bench) -> None:
    bench.store.late_hits.keep([late("i-old")], ())
    bench.until(told)
    bench.place()
    shown = bench.until_stage(Stage.DECISION)
    assert LATE_HIT in {notice.code for notice in shown.notices}
    bench.post(c.Decide(Disposition.AD))
    shown = bench.until_ready()
    assert told(shown)
    bench.post(read(shown))
    bench.until(lambda s: not told(s) and LATE_HIT not in {n.code for n in s.notices})
    (kept,) = bench.store.late_hits.of_record("i-old")
    assert kept.seen_by == "o-1"
    assert bench.store.audit(1)[0].act == "late hit read"


def test_several_are_read_one_after_the_other_the_oldest_first(bench: Bench) -> None:
    bench.store.late_hits.keep([late("i-1"), late("i-2"), late("i-2", "W-10")], ())
    shown = bench.until(told)
    assert "(+2)" in shown.notices[-1].detail
    for left in (2, 1, 0):
        bench.post(read(shown), read(shown))  # twice: the second changes nothing
        shown = bench.until(lambda s, left=left: len(s.late_hits) == left)  # type: ignore[misc]


def test_what_nobody_read_is_told_again_after_a_restart(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.store.late_hits.keep([late("i-old")], ())
    first.until(told)
    first.close()
    second = Bench(tmp_path)
    try:
        second.until(told)
    finally:
        second.close()


def test_a_message_about_an_unknown_late_hit_does_no_harm(bench: Bench) -> None:
    bench.post(c.ReadLateHit("00" * 32), c.ReadLateHit("no hexadecimal"))
    assert bench.alive()


def test_officers_read_what_happened_and_what_to_do_in_both_languages() -> None:
    for language in ("zh_TW", "en"):
        error = Wording(language).error(LATE_HIT)
        assert error.what
        assert error.why
        assert error.do
