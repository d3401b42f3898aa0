"""The fuzz run: ``python tests/fuzz/run_fuzz.py --minutes N [--target NAME …] [--finds DIR]``.

Each target runs in a process of its own with 256 MB on top of what it holds at the beginning and some seconds an input.
With atheris at hand (``--engine atheris``) the coverage guides; without it good inputs are altered blindly, with an eye
for tag-length-value. What falls is written down with its trace, and the run ends with exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import FrameType

MEMORY = 256 * 1024 * 1024
HANG_SECONDS = 5.0
LARGEST = 64 * 1024
_ROUND_SECONDS = 60.0
_REPOSITORY = Path(__file__).resolve().parents[2]


class Hang(BaseException):
    """One input took too much of the processor's time. Not an Exception: nothing on the way may swallow it."""


def _raise_hang(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def limit_memory() -> None:
    """256 MB more of address space than now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def altered(seeds: tuple[bytes, ...], chance: random.Random) -> bytes:
    """One of the seeds with one to eight alterations of which each alone could be made by hand."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4, 8))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(9):
            case 0 if data:
                data[min(at, len(data) - 1)] = chance.randrange(256)
            case 1 if data:
                data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
            case 2:
                del data[at : at + chance.choice((1, 2, 5, 50, 500))]
            case 3:
                data[at:at] = chance.randbytes(chance.choice((1, 2, 4, 30)))
            case 4:  # an element's length
                forms = (b"\x80", b"\x84\xff\xff\xff\xff", b"\x82\xff\xff", b"\x81\x80", b"\x00", b"\x7f")
                data[at : at + 1] = chance.choice(forms)
            case 5:  # a piece twice, or nested in itself
                piece = bytes(data[at : at + chance.choice((4, 20, 200))])
                data[at:at] = piece * chance.choice((1, 2, 40))
            case 6:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + chance.choice((8, 64, 512))]
            case 7:
                tag = chance.choice((b"\x30", b"\xa0", b"\x24", b"\x31", b"\x7f\x60", b"\x02", b"\x06"))
                data[at:at] = (tag + b"\x80") * chance.choice((1, 30, 2000))
            case _:
                del data[at:]
    return bytes(data[:LARGEST])


def tried(run: object, expected: tuple[type[Exception], ...], data: bytes) -> str | None:
    """The trace of what fell, None where the input was taken or refused as it should be."""
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG_SECONDS)
    try:
        run(data)  # type: ignore[operator]
    except expected:
        return None
    except (Exception, Hang):
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def _keep(finds: Path, name: str, data: bytes, trace: str) -> None:
    finds.mkdir(parents=True, exist_ok=True)
    mark = f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    (finds / f"{mark}.bin").write_bytes(data)
    (finds / f"{mark}.txt").write_text(trace, encoding="utf-8")


def run_blind(name: str, seconds: float, seed: int, finds: Path) -> int:
    """One target in this process: exit code 1 after a find."""
    from fuzz_targets import EXPECTED, TARGETS

    target = TARGETS[name]
    signal.signal(signal.SIGVTALRM, _raise_hang)
    limit_memory()
    chance, count, fell = random.Random(seed), 0, 0
    kinds: set[str] = set()
    for data in target.seeds:
        trace = tried(target.run, EXPECTED, data)
        if trace is not None:
            _keep(finds, name, data, trace)
            fell += 1
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = altered(target.seeds, chance)
        count += 1
        trace = tried(target.run, EXPECTED, data)
        if trace is not None:
            fell += 1
            kind = "\n".join(trace.splitlines()[-6:])
            if kind not in kinds and len(kinds) < 20:
                kinds.add(kind)
                _keep(finds, name, data, trace)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{name}: {count} inputs, {fell} fell, {len(kinds)} kinds, peak {peak} MB\n")
    return 1 if fell else 0


def run_guided(name: str, seconds: float, seed: int, finds: Path) -> int:
    """The same under atheris, which keeps what reaches new branches in a corpus beside the finds."""
    import atheris

    with atheris.instrument_imports(include=["inspection_station"]):
        from fuzz_targets import EXPECTED, TARGETS

    target = TARGETS[name]
    finds.mkdir(parents=True, exist_ok=True)
    corpus = finds / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for data in target.seeds:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    signal.signal(signal.SIGVTALRM, _raise_hang)
    kinds: set[str] = set()

    def one(data: bytes) -> None:
        trace = tried(target.run, EXPECTED, data)
        if trace is not None:
            kind = "\n".join(trace.splitlines()[-6:])
            if kind not in kinds and len(kinds) < 20:
                kinds.add(kind)
                _keep(finds, name, data, trace)

    pages = int(Path("/proc/self/statm").read_text().split()[1])
    most = (pages * resource.getpagesize() + MEMORY) // 2**20
    options = [
        sys.argv[0],
        f"-max_total_time={int(seconds)}",
        f"-rss_limit_mb={most}",
        f"-timeout={int(HANG_SECONDS * 20)}",
        f"-max_len={LARGEST}",
        f"-seed={seed or 1}",
        f"-artifact_prefix={finds}/{name}-",
        "-print_final_stats=1",
        str(corpus),
    ]
    atheris.Setup(options, one)
    atheris.Fuzz()
    return 1 if kinds else 0


def _child(name: str, seconds: float, seed: int, engine: str, finds: Path) -> int:
    command = [sys.executable, __file__, "--one", name, "--seconds", str(seconds), "--seed", str(seed)]
    command += ["--engine", engine, "--finds", str(finds)]
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, cwd=_REPOSITORY, stdout=output, stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").splitlines()
    wanted = [line for line in lines if line.startswith((name, "stat::number_of_exec", "stat::peak", "#", "=="))]
    sys.stdout.write("\n".join(wanted[-4:] if engine == "atheris" else wanted) + "\n")
    if done.returncode not in (0, 1):
        sys.stdout.write(f"{name}: ended with {done.returncode}\n" + "\n".join(lines[-15:]) + "\n")
    sys.stdout.flush()
    return done.returncode


def main() -> int:
    """Exit 0 nothing fell, 1 something did."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--target", action="append")
    options.add_argument("--engine", choices=("blind", "atheris"), default="blind")
    options.add_argument("--finds", type=Path, default=_REPOSITORY / ".run" / "fuzz")
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--one", help=argparse.SUPPRESS)
    options.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        run = run_guided if given.engine == "atheris" else run_blind
        return run(given.one, given.seconds, given.seed, given.finds)
    from fuzz_targets import TARGETS

    os.environ["PYTHONPATH"] = os.pathsep.join((str(_REPOSITORY), os.environ.get("PYTHONPATH", "")))
    names = given.target or list(TARGETS)
    end, worst, round_number = time.monotonic() + given.minutes * 60, 0, 0
    each = min(_ROUND_SECONDS, given.minutes * 60 / len(names))
    while time.monotonic() < end:
        for name in names:
            code = _child(name, each, given.seed + round_number, given.engine, given.finds)
            worst = max(worst, 1 if code else 0)
        round_number += 1
    sys.stdout.write(f"{'something fell: see ' + str(given.finds) if worst else 'nothing fell'}\n")
    return worst


if __name__ == "__main__":
    sys.exit(main())
