"""Looks whether parts of the installation really load and answer, in a child process: one may hang, or crash in C.

``probe_in_child`` gives what was found by the deadline; what was not reached is reported so, never as working.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, cast


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe saw. ``version`` is a version or another short word on it; ``why`` says what is amiss."""

    present: bool
    version: str = ""
    why: str = ""


def probe_in_child(groups: Sequence[Sequence[str]], seconds: float) -> dict[str, Found]:
    """Run each group of probes in a child of its own, side by side, for at most ``seconds``.

    A name is a probe of this file («usb backend») or «module:NAME:DISTRIBUTION».
    """
    context = multiprocessing.get_context("spawn")
    results = {name: _not_reached(name) for group in groups for name in group}
    children: dict[Any, Any] = {}
    for group in groups:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_run, args=(theirs, tuple(group)), daemon=True)
        child.start()
        theirs.close()
        children[ours] = child
    until = time.monotonic() + seconds
    open_pipes = dict(children)
    while open_pipes and (left := until - time.monotonic()) > 0:
        for pipe in wait(list(open_pipes), left):
            try:
                name, found = cast(Connection, pipe).recv()
                results[name] = found
            except (EOFError, OSError):
                del open_pipes[pipe]
    for pipe, child in children.items():
        child.kill()
        child.join(1.0)
        pipe.close()
    return results


def _not_reached(name: str) -> Found:
    """What can be said without trying: a module is installed, or not. The rest counts as missing."""
    kind, _, rest = name.partition(":")
    if kind == "module":
        module, distribution = rest.split(":")
        with suppress(importlib.metadata.PackageNotFoundError):
            if importlib.util.find_spec(module.partition(".")[0]) is not None:
                return Found(True, importlib.metadata.version(distribution), "installed, but it did not load in time")
    return Found(False, "", "did not answer in time")


def _run(pipe: Connection, names: tuple[str, ...]) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # libraries print; standard output belongs to the report alone
        os.dup2(nowhere.fileno(), 2)
    for name in names:
        pipe.send((name, _found(name)))
    pipe.close()


def _found(name: str) -> Found:
    kind, _, rest = name.partition(":")
    try:
        if kind == "module":
            return _module(*rest.split(":"))
        if kind == "attached":
            return _attached(rest)
        return PROBES[name]()
    except Exception as fault:  # whatever a library raises while it is being tried is the finding
        return Found(False, "", f"{type(fault).__name__}: {fault}"[:200])


def _module(module: str, distribution: str) -> Found:
    importlib.import_module(module)
    with suppress(importlib.metadata.PackageNotFoundError):
        return Found(True, importlib.metadata.version(distribution))
    return Found(True, "version unknown")


def _pcsc_service() -> Found:
    from inspection_station.hardware.errors import DeviceNotFound
    from inspection_station.hardware.registry import DriverRegistry

    try:
        readers = DriverRegistry().attached("pcsc-chip")
    except DeviceNotFound:
        return Found(False)
    return Found(True, f"{len(readers)} reader(s)")


def _usb_backend() -> Found:
    import libusb_package

    backend = libusb_package.get_libusb1_backend()
    return Found(backend is not None, "libusb 1.0" if backend else "", "" if backend else "no libusb found")


def _tesseract() -> Found:
    program = shutil.which("tesseract")
    if program is None:
        return Found(False, "", "the program tesseract is not on the path")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=1.5, check=True)
    first = (said.stdout or said.stderr).splitlines()[0]
    return Found(True, first.removeprefix("tesseract ").strip())


def _key_store() -> Found:
    import keyring

    from inspection_station.storage.keys import PRODUCTION_BACKENDS

    chosen = keyring.get_keyring()
    names = [
        f"{type(backend).__module__}.{type(backend).__qualname__}"
        for backend in getattr(chosen, "backends", None) or [chosen]
    ]
    for name in names:
        if name in PRODUCTION_BACKENDS:
            return Found(True, name.removeprefix("keyring.backends."))
    return Found(False, "", f"only {', '.join(names)}, which is not trusted with a live store's key")


def _encrypted_store() -> Found:
    """Makes a small store and looks whether the file on disk can be told from noise."""
    from inspection_station.storage.connection import open_writer

    with tempfile.TemporaryDirectory() as folder:
        connection = open_writer(Path(folder), os.urandom(32))
        connection.execute("CREATE TABLE doctor (word TEXT)")
        connection.close()
        files = list(Path(folder).glob("*.db"))
        plain = any(path.read_bytes().startswith(b"SQLite format 3") for path in files)
    if plain or not files:
        return Found(False, "", "the store was written in plain text")
    return Found(True, importlib.metadata.version("sqlcipher3"))


def _face_models() -> Found:
    face_recognition_models = importlib.import_module("face_recognition_models")

    names = ("face_recognition_model_location", "pose_predictor_five_point_model_location")
    paths = [Path(getattr(face_recognition_models, name)()) for name in names]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        return Found(False, "", f"missing: {', '.join(missing)}")
    return Found(True, f"{sum(path.stat().st_size for path in paths) // 1_000_000} MB")


def _attached(driver: str) -> Found:
    from inspection_station.hardware.errors import DeviceError
    from inspection_station.hardware.registry import DriverRegistry

    try:
        names = [info.name for info in DriverRegistry().attached(driver)]
    except DeviceError as error:
        return Found(False, "", error.detail)
    return Found(bool(names), "; ".join(names), "" if names else "none seen")


PROBES: Final[dict[str, Callable[[], Found]]] = {
    "pcsc service": _pcsc_service,
    "usb backend": _usb_backend,
    "tesseract": _tesseract,
    "key store": _key_store,
    "encrypted store": _encrypted_store,
    "face models": _face_models,
}


def python_version() -> str:
    """As people write it."""
    return ".".join(map(str, sys.version_info[:3]))
