"""``inspection-gateway init-packs|publish-pack|withdraw-pack|refresh-packs|renew-pack-root|list-packs|export-packs``.

Keys are files; ``$PACK_PASSPHRASE`` opens those that are encrypted and encrypts those that are drawn.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.gateway.screening_now import screened_if_begun
from inspection_station.gateway.verbs import (
    DONE,
    NEGATIVE,
    add_verb,
    pack_passphrase,
    refuse,
    repository_of,
    signers_of,
    tell,
    with_gateway,
)
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.gateway.service import Gateway


def register(verbs: Any) -> None:
    """Add the verbs."""
    init = add_verb(verbs, "init-packs", _init, "draw the keys of data packs, begin their repository")
    init.add_argument("offline", type=Path, metavar="DIR", help="root and role keys go here: take them away")

    publish = add_verb(verbs, "publish-pack", _publish, "the next version of a data pack; lists are screened")
    publish.add_argument("kind", metavar="KIND", help="control-list, manifest, face-group, trust-anchors …")
    publish.add_argument("files", type=Path, nargs="+", metavar="FILE")
    publish.add_argument("--name", metavar="NAME", help="small letters, digits, hyphens (default: the first file's)")
    publish.add_argument("--stale-hours", type=float, default=24.0, help="amber from then on (default 24)")
    publish.add_argument("--valid-hours", type=float, default=168.0, help="not used from then on (default 168)")
    publish.add_argument("--key", type=Path, metavar="FILE", help="the kind's key (default: in the keys' folder)")

    publish.add_argument("--face-key", type=Path, metavar="FILE", help="opens .faces and .portraits")
    publish.add_argument("--release", metavar="VERSION", help="of an application: the version of the program")

    withdraw = add_verb(verbs, "withdraw-pack", _withdraw, "take a data pack back from all stations")
    withdraw.add_argument("kind", metavar="KIND")
    withdraw.add_argument("name", metavar="NAME")
    withdraw.add_argument("--key", type=Path, metavar="FILE", help="the kind's key")

    add_verb(
        verbs,
        "refresh-packs",
        _refresh,
        "sign anew that the packs are current (cron, each day)",
    )

    root = add_verb(verbs, "renew-pack-root", _renew, "the root's next version, by two of its keys")
    root.add_argument("keys", type=Path, nargs="+", metavar="KEY")

    add_verb(verbs, "list-packs", _list, "what is published")

    export = add_verb(verbs, "export-packs", _export, "all packs in a bundle sealed for one station")
    export.add_argument("station", metavar="STATION")
    export.add_argument("file", type=Path, metavar="FILE")


def _init(options: argparse.Namespace) -> int:
    from inspection_station.gateway.pack_keys import draw_key
    from inspection_station.gateway.pack_repository import ROOT_KEYS
    from inspection_station.headquarters.packs import PackKind

    repository, keys = repository_of(options)
    if repository.exists:
        return refuse(options, NEGATIVE, "USE-03", "there are packs here already", "use another folder")
    secret = pack_passphrase()
    roots = [draw_key(options.offline / f"root-{number + 1}.pem", secret) for number in range(ROOT_KEYS)]
    targets = draw_key(options.offline / "targets.pem", secret)
    kinds = {kind: draw_key(keys / f"{kind.value}.pem", secret) for kind in PackKind}
    snapshot, timestamp = draw_key(keys / "snapshot.pem", secret), draw_key(keys / "timestamp.pem", secret)
    root = repository.create(roots, targets, kinds, snapshot, timestamp, datetime.now(UTC))
    path = options.offline / "root.json"
    path.write_bytes(root)
    found = {"root": path.name, "sha256": _sha256(root), "threshold": 2, "keys": ROOT_KEYS}
    return tell(options, found, f"root {found['sha256']}: give {path.name} to every station")


def _publish(options: argparse.Namespace) -> int:
    from inspection_station.gateway.pack_content import content_of
    from inspection_station.headquarters.packs import PackKind

    repository, keys = repository_of(options)
    kind = _kind(options.kind)
    name = options.name or options.files[0].stem.lower()
    if not 0 < options.stale_hours <= options.valid_hours <= 24 * 366:
        raise ValueError("a pack is stale after more than 0 hours, and invalid later than that")
    content = content_of(kind, options.files, options.face_key, options.release)
    now = datetime.now(UTC)
    done = repository.publish(
        kind,
        name,
        content,
        now + timedelta(hours=options.stale_hours),
        now + timedelta(hours=options.valid_hours),
        signers_of(options, keys, kind),
        now,
    )
    found = {
        **done.label.told(),
        "parts": len(content),
        "snapshot_bytes": done.snapshot_bytes,
        "delta_bytes": done.delta_bytes or None,
    }
    text = f"{kind.value} {name} version {done.label.version}, {counted(len(content), 'part')}"
    if kind in (PackKind.CONTROL_LIST, PackKind.MANIFEST):
        screened = screened_if_begun(options)
        found["screened"] = screened
        text += f", {screened['late_hits']} late hits" if screened is not None else ""
    return tell(options, found, text)


def _withdraw(options: argparse.Namespace) -> int:
    repository, keys = repository_of(options)
    kind = _kind(options.kind)
    repository.withdraw(kind, options.name, signers_of(options, keys, kind), datetime.now(UTC))
    found = {"kind": kind.value, "name": options.name, "withdrawn": True}
    return tell(options, found, f"{kind.value} {options.name} is withdrawn")


def _refresh(options: argparse.Namespace) -> int:
    from inspection_station.gateway.pack_keys import load_key
    from inspection_station.headquarters.packs import PackKind

    repository, keys = repository_of(options)
    secret, now = pack_passphrase(), datetime.now(UTC)
    snapshot, timestamp = (load_key(keys / f"{role}.pem", secret) for role in ("snapshot", "timestamp"))
    here = {kind: path for kind in PackKind if (path := keys / f"{kind.value}.pem").is_file()}
    kinds = {kind: load_key(path, secret) for kind, path in here.items()}
    until = repository.refresh(snapshot, timestamp, now, kinds)
    endings, due = repository.endings(), repository.need_a_person(now)
    for role, ends in due.items():
        do = "run «renew-pack-root»" if role == "root" else "sign it anew where its key is kept"
        sys.stderr.write(f"PCK-04: {role} runs out at {ends.isoformat()}. Do this: {do}.\n")
    found = {
        "accepted_until": until.isoformat(),
        "roles": {role: ends.isoformat() for role, ends in endings.items()},
        "running_out": sorted(due),
    }
    tell(options, found, f"accepted until {until.isoformat()}")
    return NEGATIVE if due else DONE


def _renew(options: argparse.Namespace) -> int:
    from inspection_station.gateway.pack_keys import load_keys

    repository, _ = repository_of(options)
    root = repository.rotate_root(load_keys(options.keys, pack_passphrase()), datetime.now(UTC))
    return tell(options, {"sha256": _sha256(root)}, f"root {_sha256(root)}")


def _list(options: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    labels = repository_of(options)[0].labels()
    found = {"packs": [{**label.told(), "age": label.age(now).value} for label in labels]}
    rows = [f"{one.kind.value:<22}{one.name:<24}{one.version:>6}  {one.age(now).value}" for one in labels]
    return tell(options, found, "\n".join(rows) or "nothing is published")


def _export(options: argparse.Namespace) -> int:
    from inspection_station.gateway.stations import known_station
    from inspection_station.headquarters.packs_source import bundle_entries
    from inspection_station.headquarters.sealed_bundle import TO_STATION, write_bundle

    repository, _ = repository_of(options)

    def act(gateway: Gateway) -> int:
        with gateway.database.reading() as connection:
            known = known_station(connection, options.station)
        count = write_bundle(
            options.file,
            TO_STATION,
            gateway.settings.gateway_id,
            gateway.authority.receipts,
            [known.bundle_key],
            bundle_entries(repository.files()),
        )
        found = {"station": options.station, "entries": count, "bytes": options.file.stat().st_size}
        return tell(options, found, f"{counted(count, 'entry', 'entries')} for {options.station}")

    return with_gateway(options, act)


def _kind(text: str) -> Any:
    from inspection_station.headquarters.packs import PackKind

    try:
        return PackKind(text)
    except ValueError:
        raise ValueError(f"no such kind of pack; there are: {', '.join(PackKind)}") from None


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()
