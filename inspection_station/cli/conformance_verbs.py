"""``conformance DRIVER``: runs the suite over a driver, with its own far end or with a person's help; ``conformance
chip`` runs the published cases for the reading of chips.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from inspection_station.cli.chip_conformance import add_options, chip_conformance
from inspection_station.command_line.refusal import refuse

if TYPE_CHECKING:
    from inspection_station.hardware.conformance import ConformanceResult, DeviceScript
    from inspection_station.hardware.ports import Device
    from inspection_station.hardware.registry import DriverRegistry

_DONE, _FINDING, _USAGE, _MISSING = 0, 1, 2, 3
_CHIP = "chip"
_DO = "check cable and settings («inspection-station doctor» lists what is seen), then try again"


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``conformance``."""
    parser = verbs.add_parser("conformance", help="whether a driver keeps every rule of its port")
    parser.add_argument("driver", metavar="DRIVER", help="its entry point's name, e.g. serial-mrz; or «chip»")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="a setting; the device itself is then tried"
    )
    parser.add_argument("--by-hand", action="store_true", help="ask a person to present documents and pull the cable")
    parser.add_argument("--check", metavar="NAME", action="append", default=[], help="only this check")
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="JSON on standard output")
    parser.set_defaults(run=_conformance)


def _conformance(options: argparse.Namespace) -> int:
    from inspection_station.hardware.conformance import Outcome, conformance_results
    from inspection_station.hardware.conformance_checks import CHECKS
    from inspection_station.hardware.errors import DeviceError
    from inspection_station.hardware.registry import DriverRegistry, UnknownDriver

    if options.driver == _CHIP:
        return chip_conformance(options)
    known = [check.name for check in CHECKS]
    if strange := [name for name in options.check if name not in known]:
        return refuse(options.json, _USAGE, "USE-01", f"no check «{strange[0]}»; there are: {', '.join(known)}")
    try:
        run = _rehearsal(DriverRegistry(), options)
    except (UnknownDriver, ValueError) as error:
        return refuse(options.json, _USAGE, "USE-01", str(error.args[0]) if error.args else str(error))
    except DeviceError as error:
        return refuse(options.json, _MISSING, "DEV-01", error.detail, _DO)
    results: list[ConformanceResult] = []
    try:
        with run as (device, script):
            device.open()  # without the device every check would fail for the same reason: say it once
            device.close()
            for result in conformance_results(device, script, options.check):
                results.append(result)
                if not options.json:
                    print(_line(result), flush=True)
    except DeviceError as error:
        return refuse(options.json, _MISSING, "DEV-01", error.detail, _DO)
    conforming = not any(r.outcome is Outcome.FAILED for r in results)
    if options.json:
        checks = [dataclasses.asdict(r) for r in results]
        report = {"driver": options.driver, "conforming": conforming, "checks": checks}
        print(json.dumps(report, ensure_ascii=False, indent=2))
    return _DONE if conforming else _FINDING


def _rehearsal(
    registry: DriverRegistry, options: argparse.Namespace
) -> AbstractContextManager[tuple[Device, DeviceScript]]:
    from inspection_station.hardware.ports import DeviceKind
    from inspection_station.hardware.rehearsal import PromptingScript, StillScript, rehearsal_of

    factory = registry.factory(options.driver)
    settings = dict(_setting(text) for text in options.set)
    own = rehearsal_of(factory)
    if own is not None and not settings and not options.by_hand:
        return own
    device = registry.make(options.driver, settings)
    chip = factory.kind is DeviceKind.CHIP_READER
    script = PromptingScript(_say, _ask, chip=chip) if options.by_hand else StillScript()
    return nullcontext((device, script))


def _setting(text: str) -> tuple[str, str]:
    from inspection_station.hardware.settings import TypedSetting

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"«{text}» is not KEY=VALUE")
    return key, TypedSetting(value)


def _say(text: str) -> None:
    print(f">> {text}", file=sys.stderr, flush=True)


def _ask(text: str) -> None:
    _say(text)
    sys.stdin.readline()


def _line(result: ConformanceResult) -> str:
    from inspection_station.hardware.conformance import Outcome

    mark = {Outcome.PASSED: "✓", Outcome.FAILED: "✕", Outcome.NOT_RUN: "–"}[result.outcome]
    return f"{mark} {result.check:<32} {result.rule}" + (f"\n    {result.detail}" if result.detail else "")
