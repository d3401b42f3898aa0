"""What every driver must do, as named checks that run over any device: a maker's hardware or a simulated far end.

The world round the device (a card laid down, a cable pulled) is moved by a ``DeviceScript``; a check whose ability the
script lacks is reported as not run, never as passed. See ``docs/drivers.md``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import TimeoutError as CallTimeout
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, active_count
from typing import Any, Final, Protocol

from inspection_station.hardware.errors import DeviceError
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind
from inspection_station.hardware.worker import DeviceCall, DeviceWorker

CANCEL_SECONDS: Final = 0.3
"""The port's limit for ending a wait."""
CALL_SECONDS: Final = 15.0
"""After this a call counts as hanging."""
THREAD_SECONDS: Final = 5.0
"""After this a thread of a closed device counts as left behind."""


class Ability(StrEnum):
    """What a script can do to the world round the device."""

    PRESENT = "present"
    UNPLUG = "unplug"
    GARBAGE = "garbage"
    STALL = "stall"
    LIFT = "lift"


class DeviceScript(Protocol):
    """Moves the world round one device. Methods of abilities not listed are not called."""

    @property
    def abilities(self) -> frozenset[Ability]: ...
    @property
    def personal_data(self) -> tuple[str, ...]:
        """Texts of the document or person shown, which no error may contain."""
        ...

    def reset(self) -> None:
        """Plugged in, nothing presented, no fault pending."""
        ...

    def present(self) -> None:
        """Lay a document down, swipe it, put a chip into the field, let the camera see. May be called while waiting."""
        ...

    def unplug(self) -> None: ...
    def replug(self) -> None: ...
    def garbage(self) -> None:
        """Make the device's next answer something its protocol does not allow; present something if need be."""
        ...

    def stall(self) -> None:
        """Make the device silent until its own limit; present something if need be."""
        ...

    def lift(self) -> None:
        """Take the chip out of the field (chip readers)."""
        ...


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class ConformanceResult:
    """One check's outcome; ``detail`` says what was seen instead, or why it was not run."""

    check: str
    rule: str
    outcome: Outcome
    detail: str
    ms: int


class NotConforming(Exception):
    """A check saw something the port does not allow."""


@dataclass
class Trial:
    """One device in one check: calls on its own thread, with a time limit, every error text kept for the last check."""

    device: Any
    script: DeviceScript
    error_texts: list[str] = field(default_factory=list)
    _worker: DeviceWorker[Any] | None = None

    @property
    def info(self) -> DeviceInfo:
        info = self.device.info
        if not isinstance(info, DeviceInfo):
            raise NotConforming("info is no DeviceInfo")
        return info

    def call(self, what: Callable[[Any, Event], Any]) -> Any:
        """Run to the end; raises what the device raises, NotConforming when it hangs."""
        return self.result(self.start(what))

    def start(self, what: Callable[[Any, Event], Any]) -> DeviceCall[Any]:
        if self._worker is None:
            self._worker = DeviceWorker(self.device)
        return self._worker.submit(what)

    def result(self, call: DeviceCall[Any], seconds: float = CALL_SECONDS) -> Any:
        try:
            return call.result(seconds)
        except CallTimeout:
            raise NotConforming(f"the call still hangs after {seconds:g} s") from None
        except DeviceError as error:
            self.error_texts += [str(error), repr(error), error.detail]
            raise

    def open(self) -> None:
        self.call(lambda device, _: device.open())

    def close(self) -> None:
        self.call(lambda device, _: device.close())

    def wait(self, device: Any, cancel: Event) -> Any:
        """The blocking call of the device's kind."""
        match self.info.kind:
            case DeviceKind.DOCUMENT_READER:
                return device.await_document(cancel)
            case DeviceKind.CHIP_READER:
                return device.connect(cancel, CALL_SECONDS / 2)
            case DeviceKind.CAMERA:
                return device.next_frame(cancel, -1)
            case DeviceKind.FINGERPRINT_READER:
                return device.capture(cancel)

    def take(self) -> Any:
        """Wait, present meanwhile, and give what the device gave."""
        waiting = self.start(self.wait)
        self.under_way(waiting)
        if Ability.PRESENT in self.script.abilities:
            self.script.present()
        return self.result(waiting)

    def under_way(self, waiting: DeviceCall[Any], seconds: float = 0.1) -> None:
        """Give a wait time to begin: some readers drop what comes before. Counted from when the device's thread has it,
        which on a busy machine may itself take a while.
        """
        until = time.monotonic() + CALL_SECONDS
        while not (waiting.running() or waiting.done()) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(seconds)

    def expect(self, kind: type[Exception], what: Callable[[], Any], when: str) -> Exception:
        """``what`` must raise ``kind``."""
        try:
            what()
        except kind as error:
            return error
        except NotConforming:
            raise
        except Exception as other:
            raise NotConforming(f"{when}: {type(other).__name__} instead of {kind.__name__}") from other
        raise NotConforming(f"{when}: nothing was raised, {kind.__name__} was due")

    def end(self) -> None:
        """Close the device and its thread. Raises NotConforming when it hangs."""
        if self._worker is None:
            self.device.close()
        elif not self._worker.close(CALL_SECONDS):
            raise NotConforming("close hangs")


Check = Callable[[Trial], None]


@dataclass(frozen=True, slots=True)
class NamedCheck:
    """A check, the rule it holds the driver to, the abilities it needs and the kinds it is for."""

    name: str
    rule: str
    run: Check
    needs: frozenset[Ability] = frozenset()
    kinds: frozenset[DeviceKind] = frozenset(DeviceKind)

    def obstacle(self, script: DeviceScript) -> str | None:
        """Why it cannot be run here, or None."""
        if lacking := self.needs - script.abilities:
            return f"the script cannot {', '.join(sorted(lacking))}"
        return None


def run_conformance(device: Device, script: DeviceScript, only: Collection[str] = ()) -> tuple[ConformanceResult, ...]:
    """Run every check (or those named in ``only``) over the device, one after the other; each leaves it closed.

    Never raises for the device's faults.
    """
    return tuple(conformance_results(device, script, only))


def conformance_results(
    device: Device, script: DeviceScript, only: Collection[str] = ()
) -> Iterator[ConformanceResult]:
    """As ``run_conformance``, giving each result as soon as it is there."""
    from inspection_station.hardware.conformance_checks import CHECKS

    texts: list[str] = []
    kind = device.info.kind
    for check in CHECKS:
        if kind not in check.kinds or (only and check.name not in only):
            continue
        if reason := check.obstacle(script):
            yield ConformanceResult(check.name, check.rule, Outcome.NOT_RUN, reason, 0)
        else:
            yield _run(check, device, script, texts)
    yield _no_personal_data(script, texts)


def _run(check: NamedCheck, device: Device, script: DeviceScript, texts: list[str]) -> ConformanceResult:
    began = time.monotonic()
    threads = active_count()
    trial = Trial(device, script)
    failure: str | None = None
    try:
        script.reset()
        check.run(trial)
    except NotConforming as found:
        failure = str(found)
    except Exception as fault:  # whatever a driver raises where nothing was due fails the check, not the run
        failure = f"{type(fault).__name__}: {fault}"
    try:
        trial.end()
        script.reset()
    except Exception as fault:  # as above
        failure = failure or f"at the end: {type(fault).__name__}: {fault}"
    failure = failure or _threads_left(threads)
    texts += trial.error_texts
    outcome = Outcome.PASSED if failure is None else Outcome.FAILED
    return ConformanceResult(check.name, check.rule, outcome, failure or "", round((time.monotonic() - began) * 1000))


def _threads_left(before: int) -> str | None:
    until = time.monotonic() + THREAD_SECONDS
    while active_count() > before:
        if time.monotonic() > until:
            return f"{active_count() - before} thread(s) left after close"
        time.sleep(0.01)
    return None


def _no_personal_data(script: DeviceScript, texts: list[str]) -> ConformanceResult:
    name, rule = "no personal data in errors", "no error text holds anything of the document or the person"
    if not script.personal_data:
        return ConformanceResult(name, rule, Outcome.NOT_RUN, "the script shows nothing personal", 0)
    leaks = sum(datum in text for datum in script.personal_data for text in texts)
    outcome = Outcome.FAILED if leaks else Outcome.PASSED
    return ConformanceResult(name, rule, outcome, f"{leaks} of {len(texts)} texts" if leaks else "", 0)
