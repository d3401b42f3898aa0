"""What reaches station and gateway from outside, for the fuzz run: messages, packets, bundles, packs, lists."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
for _place in (_TESTS / "fakes", _TESTS / "headquarters", _TESTS / "storage"):
    if str(_place) not in sys.path:
        sys.path.insert(0, str(_place))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from pack_world import control_list  # noqa: E402
from store_stories import record  # noqa: E402

from inspection_station.headquarters import wire  # noqa: E402
from inspection_station.headquarters.messages import Answer, Request, seal_packet  # noqa: E402
from inspection_station.headquarters.packing import pack, unpack  # noqa: E402
from inspection_station.headquarters.packs import PackKind, PackRefused  # noqa: E402
from inspection_station.headquarters.packs_body import content_digest, read_snapshot, write_snapshot  # noqa: E402
from inspection_station.headquarters.questions import Question, Questions, Topic  # noqa: E402
from inspection_station.headquarters.receipts import Kind, Verdict  # noqa: E402
from inspection_station.headquarters.recipients import new_recipient_key, public_part  # noqa: E402
from inspection_station.headquarters.sealed_bundle import TO_STATION, read_bundle, write_bundle  # noqa: E402
from inspection_station.inspection.outbox import LogHead  # noqa: E402
from inspection_station.matching.clearance_list import MalformedClearance, load_clearance  # noqa: E402
from inspection_station.matching.manifest import load_manifest  # noqa: E402
from inspection_station.matching.permits import load_permits, load_rules  # noqa: E402
from inspection_station.matching.watchlist_lists import MalformedList, load_lists  # noqa: E402
from inspection_station.storage.envelope import Place, wrap  # noqa: E402

REFUSALS = (wire.WireError, PackRefused, MalformedList, MalformedClearance)
_STATION = "station-1"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_BODIES = [
    wrap(record(f"i-{n}"), Place(_STATION, False, "inc-1", n, bytes(32), bytes(16), "2026", 1)).data for n in (1, 2)
]
_CONTENT = {"head": b'{"version": "1"}', "a": b"{}" * 40}
_SNAPSHOT = write_snapshot(PackKind.RULES, "entry", 1, _CONTENT)
_DIGEST = content_digest(_CONTENT)
_BUNDLE_KEY = new_recipient_key()
_QUESTIONS = Questions(
    _STATION,
    2500,
    (Question("01a22d2b-5734-7006-b259-ecea60f36651", Topic.DOCUMENT, number="X1234567", issuing_state="UTO"),),
).encode()


def _packet(data: bytes) -> None:
    half = len(data) // 2
    unpack(data[:half], data[half:])


def _packed() -> bytes:
    text, raw = pack(_BODIES)
    longest = max(len(text), len(raw))
    return text.ljust(longest, b"\0") + raw.ljust(longest, b"\0")


def _bundle(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as file:
        file.write(data)
        file.flush()
        for _ in read_bundle(Path(file.name), TO_STATION, _BUNDLE_KEY, _KEY.public_key()):
            pass


def _bundled() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "b"
        entries = iter([wire.encode(["picture/1", bytes(32), b"x" * 500]), wire.encode(["pack-file/1", "a", 0, b"y"])])
        write_bundle(target, TO_STATION, "gateway", _KEY, [public_part(_BUNDLE_KEY)], entries)
        return target.read_bytes()


def _text(load: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: load(data.decode("utf-8", "replace"))


_MANIFEST = b"""[manifest]
voyage = "EXPLORER-118"
version = "2"
issued_at = "2026-11-23T02:00:00Z"
stale_after = "2026-11-24T02:00:00Z"
[[manifest.travellers]]
entry_id = "0001"
documents = [{number = "X1234567", issuing_state = "UTO"}]
born = ["1971-05-02"]
pre_check = "refer"
"""
_PERMITS = b"""[permits]
version = "1"
issued_at = 2026-11-23T02:00:00Z
stale_after = 2026-11-24T02:00:00Z
[[permits.entries]]
entry_id = "1"
kind = "entry permit"
valid_from = 2026-11-01
valid_until = 2027-01-31
documents = ["C12345678"]
"""
_RULES = b'version = "1"\n[[needed]]\nclasses = ["foreigner"]\nnationalities = ["UTO"]\n'
_CLEARANCE = b"""[clearance]
mission = "M-1"
version = "3"
made_at = "2026-11-23T02:00:00Z"
[[clearance.documents]]
number = "X1234567"
issuing_state = "UTO"
outcome = "cleared"
inspection_id = "1"
decided_at = "2026-11-22T22:10:00Z"
"""

EXCHANGE: dict[str, tuple[Callable[[bytes], object], tuple[bytes, ...]]] = {
    "wire": (
        lambda data: wire.decode(data, 1 << 20),
        (wire.encode(["a", 1, -5, b"x", [True, None, "text", [[[1]]]], 1 << 40]), b"\x9b" + b"\xff" * 8, b"\x81" * 400),
    ),
    "request": (
        Request.decode,
        (Request(_STATION, (), seal_packet(_STATION, [(Kind.DECISION, _BODIES[0])], _KEY)).encode(),),
    ),
    "answer": (
        Answer.decode,
        (Answer("g", LogHead(1, 9, bytes(32), 4), bytes(64), ((Verdict.ACCEPTED, 8),), 0, (bytes(32),), ()).encode(),),
    ),
    "questions": (Questions.decode, (_QUESTIONS,)),
    "packet": (_packet, (_packed(),)),
    "bundle": (_bundle, (_bundled(),)),
    "snapshot": (lambda data: read_snapshot(data, PackKind.RULES, "entry", 1, _DIGEST), (_SNAPSHOT,)),
    "control-list": (_text(load_lists), (control_list("X1", "Y2").encode(),)),
    "manifest": (_text(load_manifest), (_MANIFEST,)),
    "permits": (_text(load_permits), (_PERMITS,)),
    "rules": (_text(load_rules), (_RULES,)),
    "whitelist": (_text(load_clearance), (_CLEARANCE,)),
}
