"""Whitelists of voyages from the records at headquarters, on SQLite and PostgreSQL: who may land, and who no longer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from exchange_world import SharedClock, admitted, enrolled
from pack_world import Publisher, now, vault_in
from screening_world import HOLDER, publish_list, screening_gateway, today
from securesystemslib.signer import CryptoSigner
from store_stories import picture, record

from inspection_station.desk.clearance_lists import ClearanceLists
from inspection_station.desk.installed_packs import CHECKS
from inspection_station.desk.ports import ClearanceAnswer
from inspection_station.gateway.pack_keys import PackKeyUnusable
from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.gateway.service import Gateway
from inspection_station.gateway.whitelists import Ordered, Whitelists
from inspection_station.headquarters.messages import Request, seal_packet
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.packs_source import FolderSource
from inspection_station.headquarters.packs_update import update_packs
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.record import InspectionRecord
from inspection_station.matching.clearance_list import ClearanceList, ClearedDocument, clearance_of, portraits_of
from inspection_station.storage.envelope import Place, wrap
from inspection_station.storage.values import StoredRecord

HOUR = timedelta(hours=1)
SHIP = Ordered("ship-1", ("voyage-1", "landing-1"), 6 * HOUR, 48 * HOUR)
PORTRAIT = picture("a portrait")


class Headquarters:
    """A gateway with stations, and the keys with which it publishes whitelists."""

    def __init__(self, folder: Path, url: str) -> None:
        self.clock: SharedClock = today()
        self.publisher = Publisher(folder / "packs")
        self.gateway: Gateway = screening_gateway(folder / "gateway", url, self.clock, self.publisher.folder)
        self.keys = folder / "keys"
        self.keys.mkdir()
        for name, signer in (
            ("whitelist", self.publisher.kinds[PackKind.WHITELIST]),
            ("snapshot", self.publisher.snapshot),
            ("timestamp", self.publisher.timestamp),
        ):
            (self.keys / f"{name}.pem").write_bytes(pem(signer))
        self.whitelists = self.another_worker()
        self.identities = {name: enrolled(self.gateway, name) for name in ("station-1", "station-2")}
        self.sequences = dict.fromkeys(self.identities, 0)

    def another_worker(self) -> Whitelists:
        gateway = self.gateway
        packs = PackRepository(self.publisher.folder)
        return Whitelists(gateway.database, gateway.pictures, packs, self.keys, None, self.clock.now)

    def send(self, *records: InspectionRecord, station: str = "station-1") -> None:
        bodies = []
        for one in records:
            self.sequences[station] += 1
            place = Place(station, False, "inc-1", self.sequences[station], bytes(32), bytes(16), "2026", 1)
            bodies.append((Kind.DECISION, wrap(one, place).data))
        key = Ed25519PrivateKey.from_private_bytes(self.identities[station].station_key)
        request = Request(station, (), seal_packet(station, bodies, key))
        self.gateway.answer(admitted(self.gateway, station), request)

    def content(self) -> dict[str, bytes]:
        """What a station would install now."""
        label = next(one for one in self.publisher.repository.labels() if one.kind is PackKind.WHITELIST)
        assert label.name == "ship-1"
        return self.publisher.repository.content(label)

    def listed(self) -> ClearanceList:
        return clearance_of(self.content())

    def statuses(self) -> dict[str, str]:
        return {one.key: one.outcome.value for one in self.listed().documents}

    def document(self, key: str) -> ClearedDocument:
        return next(one for one in self.listed().documents if one.fits(key, "UTO"))

    def portraits(self) -> dict[str, bytes]:
        return dict(portraits_of(self.content()))


def pem(signer: CryptoSigner) -> bytes:
    return signer._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def headquarters(tmp_path: Path, database_url: str) -> Iterator[Headquarters]:
    made = Headquarters(tmp_path, database_url)
    yield made
    made.gateway.database.close()


def inspected(
    name: str,
    number: str,
    disposition: Disposition = Disposition.PC,
    *,
    mission: str = "voyage-1",
    portrait: bool = False,
    reason: str = "",
    supersedes: str | None = None,
) -> InspectionRecord:
    made = record(
        name,
        disposition=disposition,
        pictures=(("portrait", PORTRAIT[0]),) if portrait else (),
        collection_reason=reason,
        supersedes=supersedes,
    )
    assert made.mrz is not None
    return replace(made, mission_id=mission, mrz=replace(made.mrz, document_number=number))


def published(headquarters: Headquarters, records: Sequence[InspectionRecord] = ()) -> dict[str, str]:
    if records:
        headquarters.send(*records)
    headquarters.whitelists.publish(SHIP)
    return headquarters.statuses()


def test_each_traveller_stands_as_the_pre_clearance_ended(headquarters: Headquarters) -> None:
    assert published(
        headquarters,
        [
            inspected("a", "A1"),
            inspected("b", "B1", Disposition.RF),
            inspected("c", "C1", Disposition.HD),
            inspected("d", "D1", Disposition.RE),
            inspected("e", "E1", mission="another voyage"),
            inspected("f", "F1", Disposition.AD),
            replace(inspected("g", "G1"), mrz=None),
        ],
    ) == {"A1": "cleared", "B1": "referred", "C1": "held", "D1": "refused"}


def test_the_newest_record_of_a_station_counts_and_a_voided_one_does_not(headquarters: Headquarters) -> None:
    assert published(
        headquarters,
        [
            inspected("a1", "A1", Disposition.RF),
            inspected("a2", "A1"),
            inspected("b1", "B1"),
            inspected("b2", "B1", Disposition.VD, supersedes="b1"),
            inspected("c1", "C1"),
            inspected("c2", "C1", Disposition.VD, supersedes="c1"),
            inspected("c3", "C1", Disposition.HD, supersedes="c2"),
        ],
    ) == {"A1": "cleared", "C1": "held"}


def test_where_two_stations_differ_the_stricter_counts(headquarters: Headquarters) -> None:
    headquarters.send(inspected("a", "A1", Disposition.HD))
    headquarters.send(inspected("b", "A1"), station="station-2")
    assert published(headquarters) == {"A1": "held"}
    headquarters.send(inspected("c", "A1"))
    assert published(headquarters) == {"A1": "cleared"}


def test_who_landed_has_landed_until_he_comes_back_on_board(headquarters: Headquarters) -> None:
    headquarters.send(inspected("a", "A1"), inspected("b", "B1"))
    headquarters.send(inspected("l", "A1", Disposition.LN, mission="landing-1"), station="station-2")
    assert published(headquarters) == {"A1": "already landed", "B1": "cleared"}
    assert headquarters.document("A1").inspection_id == "l"
    assert headquarters.listed().mission == "voyage-1"
    headquarters.send(inspected("r", "A1", Disposition.RB, mission="landing-1"), station="station-2")
    assert published(headquarters) == {"A1": "cleared", "B1": "cleared"}


def test_a_late_hit_takes_the_traveller_off_and_a_new_inspection_may_bring_him_back(
    headquarters: Headquarters,
) -> None:
    headquarters.whitelists.order(SHIP)
    assert published(headquarters, [inspected("a", HOLDER), inspected("b", "B1")])[HOLDER] == "cleared"
    publish_list(headquarters.publisher, HOLDER)
    headquarters.gateway.on_late_hits = headquarters.whitelists.refresh
    headquarters.gateway.screen()
    assert headquarters.statuses() == {HOLDER: "held", "B1": "cleared"}
    decided = headquarters.document("B1").decided_at
    assert headquarters.document(HOLDER).decided_at > decided  # a later word than the decision's
    headquarters.send(inspected("c", HOLDER))  # looked at again, with two persons, after the list was there
    headquarters.whitelists.refresh()
    assert headquarters.statuses()[HOLDER] == "cleared"


class NoRecords:
    """A station that inspected nobody itself."""

    def records(self, limit: int = 50, before: int | None = None) -> Sequence[StoredRecord]:
        return ()

    def record(self, inspection_id: str) -> StoredRecord | None:
        return None

    def picture(self, inspection_id: str, sha256: str) -> bytes | None:
        return None


def test_the_gangway_hears_of_a_late_hit_with_the_next_version(headquarters: Headquarters, tmp_path: Path) -> None:
    """From the records at headquarters to the answer that the officer at the gangway gets."""
    headquarters.whitelists.order(SHIP)
    headquarters.gateway.on_late_hits = headquarters.whitelists.refresh
    reference, data = PORTRAIT
    headquarters.gateway.pictures.append(bytes.fromhex(reference.sha256), len(data), 0, data)
    published(headquarters, [inspected("a", HOLDER, portrait=True)])
    vault = vault_in(tmp_path / "vault", headquarters.publisher)
    lists = ClearanceLists(vault, NoRecords(), lambda: frozenset({"voyage-1"}), tmp_path / "faces", bytes(range(32)))

    def answer() -> ClearanceAnswer:
        report = update_packs(vault, FolderSource(headquarters.publisher.folder), tmp_path, now(), CHECKS)
        assert not report.refused
        return lists.check(HOLDER, "UTO", headquarters.clock.now(), with_portrait=True)

    before = answer()
    assert (before.result.status, before.result.inspection_id) == (ClearanceStatus.CLEARED, "a")
    assert before.portrait == data
    publish_list(headquarters.publisher, HOLDER)
    headquarters.gateway.screen()
    assert answer().result.status is ClearanceStatus.HELD


def test_portraits_go_with_those_of_whom_they_may_be_kept(headquarters: Headquarters) -> None:
    reference, data = PORTRAIT
    headquarters.gateway.pictures.append(hashlib.sha256(data).digest(), len(data), 0, data)
    published(
        headquarters,
        [
            inspected("a", "A1", portrait=True),
            inspected("b", "B1", portrait=True, reason="K01"),
            inspected("c", "C1", Disposition.RE, portrait=True),
            inspected("d", "D1", Disposition.HD, portrait=True),
            inspected("e", "E1"),
        ],
    )
    assert headquarters.portraits() == {"UTO:A1": data, "UTO:D1": data}
    (label,) = (one for one in headquarters.publisher.repository.labels() if one.kind is PackKind.WHITELIST)
    counts = headquarters.whitelists.counts(label)
    assert counts == {"cleared": 3, "already_landed": 0, "referred": 0, "held": 1, "refused": 1, "portraits": 2}
    assert reference.size == len(data)


def test_a_portrait_that_has_not_come_yet_goes_with_the_next_version(headquarters: Headquarters) -> None:
    headquarters.whitelists.order(SHIP)
    published(headquarters, [inspected("a", "A1", portrait=True)])
    assert not headquarters.portraits()
    headquarters.gateway.pictures.append(bytes.fromhex(PORTRAIT[0].sha256), len(PORTRAIT[1]), 0, PORTRAIT[1])
    assert len(headquarters.whitelists.refresh()) == 1
    assert set(headquarters.portraits()) == {"UTO:A1"}


def test_what_did_not_change_is_published_again_only_when_it_grows_old(headquarters: Headquarters) -> None:
    headquarters.whitelists.order(SHIP)
    published(headquarters, [inspected("a", "A1")])
    assert headquarters.whitelists.refresh() == ()
    assert headquarters.another_worker().refresh() == ()
    headquarters.clock.advance(3.5 * 3600)
    (again,) = headquarters.whitelists.refresh()
    assert again.label.version == 2
    headquarters.send(inspected("b", "B1"))
    (changed,) = headquarters.another_worker().refresh()
    assert changed.label.version == 3
    assert 0 < changed.delta_bytes < 700


def test_a_voyage_that_is_over_is_kept_no_longer(headquarters: Headquarters) -> None:
    headquarters.whitelists.order(SHIP)
    published(headquarters, [inspected("a", "A1")])
    assert headquarters.whitelists.end("ship-1")
    assert not [one for one in headquarters.publisher.repository.labels() if one.kind is PackKind.WHITELIST]
    assert headquarters.whitelists.ordered() == ()
    assert headquarters.whitelists.refresh() == ()
    assert not headquarters.whitelists.end("ship-1")
    assert not headquarters.whitelists.end("nobody")


def test_without_its_key_nothing_is_published(headquarters: Headquarters) -> None:
    (headquarters.keys / "whitelist.pem").unlink()
    with pytest.raises(PackKeyUnusable):
        published(headquarters, [inspected("a", "A1")])
    assert headquarters.publisher.repository.labels() == ()


def test_every_status_of_the_station_can_be_told() -> None:
    assert {status.value for status in ClearanceStatus} >= {"cleared", "referred", "held", "refused", "already landed"}
