"""Out on a stick, back on a stick: the same objects, for the right eyes, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_stage import STATION, World
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.gateway.bundles import TakenIn, import_bundle, write_return
from inspection_station.headquarters.bundle_exchange import export_bundle, import_return
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.recipients import new_recipient_key, public_part
from inspection_station.headquarters.sealed_bundle import NotForUs, read_bundle, read_header, write_bundle
from inspection_station.headquarters.wire import BadSignature, WireError


def there_and_back(world: World) -> TakenIn:
    out, back = world.folder / "out.bundle", world.folder / "back.bundle"
    export_bundle(out, STATION, world.store.outbox, world.clock)
    taken = import_bundle(world.gateway, out)
    write_return(world.gateway, taken, back)
    return taken


def test_what_waits_goes_out_and_its_receipts_come_back(world: World) -> None:
    for number in range(4):
        world.seal(f"i-{number}", pictures=1, alarm=number == 3)
    taken = there_and_back(world)
    assert (taken.requests, taken.pictures) == (2, 4)
    assert world.waiting() == 9
    done = import_return(world.folder / "back.bundle", world.store.outbox, world.clock, Rules())
    assert (done.confirmed, done.held, done.stale) == (9, 0, 0)
    assert world.waiting() == 0
    world.clock.advance(100)
    world.run()
    assert world.store.outbox.state().head.epoch == 1


def test_importing_twice_on_either_side_changes_nothing(world: World) -> None:
    world.seal("i-1", pictures=2)
    there_and_back(world)
    import_bundle(world.gateway, world.folder / "out.bundle")
    back = world.folder / "back.bundle"
    assert import_return(back, world.store.outbox, world.clock, Rules()).confirmed == 3
    again = import_return(back, world.store.outbox, world.clock, Rules())
    assert again.confirmed == 0
    assert again.stale == 2
    assert world.waiting() == 0


def test_a_link_that_came_meanwhile_makes_the_answers_stale_and_nothing_worse(world: World) -> None:
    world.seal("i-1")
    there_and_back(world)
    world.run()
    assert world.waiting() == 0
    assert import_return(world.folder / "back.bundle", world.store.outbox, world.clock, Rules()).stale == 1
    assert world.store.check().problems == ()


def test_only_headquarters_and_the_escrow_key_open_a_bundle(world: World, tmp_path: Path) -> None:
    world.seal("inspection-1")
    escrow = new_recipient_key()
    out = tmp_path / "out.bundle"
    export_bundle(out, STATION, world.store.outbox, world.clock, public_part(escrow))
    identity = world.store.outbox.identity()
    assert identity is not None
    station_key = Ed25519PrivateKey.from_private_bytes(identity.station_key).public_key()
    assert len(list(read_bundle(out, "to headquarters", escrow, station_key))) == 1
    with pytest.raises(NotForUs):
        read_bundle(out, "to headquarters", new_recipient_key(), station_key)
    with pytest.raises(BadSignature):
        read_bundle(out, "to headquarters", escrow, Ed25519PrivateKey.generate().public_key())
    with pytest.raises(WireError):
        read_bundle(out, "to station", escrow, station_key)
    assert b"inspection-1" not in out.read_bytes()


RECIPIENT, SIGNER = new_recipient_key(), Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "whole.bundle"
    write_bundle(path, "to station", "g", SIGNER, [public_part(RECIPIENT)], [b"x" * 700_000, b"y" * 700_000, b""])
    return path


def test_a_bundle_exchanged_for_another_between_verifying_and_reading_is_refused(whole: Path, tmp_path: Path) -> None:
    """Whoever holds the stick can change the file at any moment."""
    held, other = tmp_path / "held.bundle", tmp_path / "other.bundle"
    held.write_bytes(whole.read_bytes())
    entries = read_bundle(held, "to station", RECIPIENT, SIGNER.public_key())
    write_bundle(other, "to station", "g", SIGNER, [public_part(RECIPIENT)], [b"z" * 10])
    held.write_bytes(other.read_bytes())
    with pytest.raises(WireError, match="exchanged"):
        list(entries)
    held.write_bytes(whole.read_bytes())
    entries = read_bundle(held, "to station", RECIPIENT, SIGNER.public_key())
    changed = bytearray(whole.read_bytes())
    changed[-1_200_000] ^= 1
    held.write_bytes(changed)
    with pytest.raises(WireError):
        list(entries)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_bundle_that_was_cut_or_changed_anywhere_is_refused(whole: Path, data: st.DataObject) -> None:
    content = bytearray(whole.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    change = data.draw(st.sampled_from(["cut", "flip", "double", "swap"]))
    if change == "cut":
        del content[at:]
    elif change == "flip":
        content[at] ^= data.draw(st.integers(1, 255))
    elif change == "double":
        content += content[at:]
    else:
        content[at : at + 1] = content[at : at + 1] + b"\0"
    hostile = whole.with_name("hostile.bundle")
    hostile.write_bytes(content)
    with pytest.raises(WireError):
        list(read_bundle(hostile, "to station", RECIPIENT, SIGNER.public_key()))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_noise_is_no_bundle(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.bundle"
    path.write_bytes(b"STATION-BUNDLE-1" + len(noise).to_bytes(4, "big") + noise)
    with pytest.raises(WireError):
        read_header(path)
