"""``doctor`` says what is there and what to do; ``conformance`` tries a driver. Both through the command line."""

import json
import os
import time
from datetime import UTC, datetime
from threading import Thread

import pytest
from fakes.unhurried import shortest, took

from inspection_station.cli import main
from inspection_station.cli.dependency_probe import probe_in_child
from inspection_station.cli.doctor_report import Item, all_required_present, report

needs_pty = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")


def test_doctor_lists_every_dependency_and_driver_with_stable_keys(capsys):
    code = main(["doctor", "--json", "--profile", "training"])
    told = json.loads(capsys.readouterr().out)
    assert code == (0 if told["ok"] else 3)
    keys = {"name", "kind", "present", "version", "needed_for", "do", "required"}
    assert all(set(item) == keys for item in told["items"])
    names = {item["name"] for item in told["items"]}
    assert {
        "PySide6",
        "OpenCV",
        "dlib",
        "face models",
        "onnxruntime",
        "cryptography",
        "pyscard",
        "pcscd",
        "pyserial",
        "pyusb",
        "tesseract",
        "fonts",
        "key store",
        "SQLCipher",
        "disk space",
        "clock",
        "serial-mrz",
        "training-camera",
    } <= names


def test_what_is_missing_comes_with_what_to_do(capsys):
    main(["doctor", "--json"])
    items = json.loads(capsys.readouterr().out)["items"]
    assert all(item["do"] for item in items if not item["present"])


def test_doctor_speaks_to_people_too(capsys):
    main(["doctor"])
    assert "required" in capsys.readouterr().out


def test_an_unknown_profile_is_bad_usage(capsys):
    assert main(["doctor", "--profile", "no-such-profile"]) == 2
    assert "no profile" in capsys.readouterr().err


def test_only_required_things_decide_about_the_exit():
    def item(present: bool, required: bool) -> Item:
        return Item("x", "module", present, "", "", "", required)

    assert all_required_present((item(True, True), item(False, False)))
    assert not all_required_present((item(False, True),))


def test_a_clock_before_the_program_was_made_is_named(tmp_path):
    items = {i.name: i for i in report(tmp_path, datetime(1970, 1, 2, tzinfo=UTC))}
    assert not items["clock"].present
    assert "SEC-01" in items["clock"].do


def test_a_library_that_crashes_hangs_or_is_missing_does_not_hold_up_the_others(tmp_path, monkeypatch):
    (tmp_path / "library_that_crashes.py").write_text("import os\nos.abort()\n")
    (tmp_path / "library_that_hangs.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.syspath_prepend(tmp_path)
    missing, crashing = "module:library_that_is_missing:none", "module:library_that_crashes:none"
    hanging, good = "module:library_that_hangs:none", "module:json:none"
    began = time.monotonic()
    found = probe_in_child([[missing, crashing], [good, hanging]], 10.0)
    assert time.monotonic() - began < 50
    assert "ModuleNotFoundError" in found[missing].why
    assert not found[crashing].present
    assert not found[hanging].present
    assert found[good].present


def test_what_was_not_reached_in_time_is_never_said_to_work():
    def probe() -> None:
        found = probe_in_child([["encrypted store", "module:no_such_module:none"]], 0.0)
        assert not found["encrypted store"].present
        assert not found["module:no_such_module:none"].present

    assert shortest(lambda: took(probe), 2.0) < 2


@needs_pty
def test_conformance_tries_a_driver_over_its_own_far_end(capsys):
    checks = ["--check", "opens twice", "--check", "gives what is presented"]
    assert main(["conformance", "serial-mrz", "--json", *checks]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["driver"] == "serial-mrz"
    assert told["conforming"] is True
    assert [c["check"] for c in told["checks"] if c["outcome"] == "passed"][:2] == checks[1::2]


@needs_pty
def test_conformance_with_settings_tries_the_device_itself(capsys):
    master, slave = os.openpty()
    try:
        port = f"port={os.ttyname(slave)}"
        assert main(["conformance", "serial-mrz", "--set", port, "--set", "baud=19200"]) == 0
        out = capsys.readouterr().out
        assert "✓ opens twice" in out
        assert "– comes back" in out
    finally:
        os.close(slave)
        os.close(master)


@needs_pty
def test_a_person_is_asked_to_present_and_to_pull_the_cable(capsys, monkeypatch):
    master, slave = os.openpty()
    reads, writes = os.pipe()
    monkeypatch.setattr("sys.stdin", os.fdopen(reads))
    Thread(target=lambda: (time.sleep(1.5), os.close(slave), os.close(master), os.write(writes, b"\n" * 9))).start()
    check = ["--check", "absent is not found"]
    arguments = ["conformance", "serial-mrz", "--by-hand", "--set", f"port={os.ttyname(slave)}", *check]
    assert main(arguments) == 0
    assert "Pull the device's cable out" in capsys.readouterr().err
    os.close(writes)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no-such-driver"], 2),
        (["serial-mrz", "--set", "prot=3"], 2),
        (["serial-mrz", "--set", "port"], 2),
        (["serial-mrz", "--check", "no such check"], 2),
        (["serial-mrz", "--set", "port=/dev/ttyNONE"], 3),
    ],
)
def test_conformance_refuses_bad_usage_and_says_when_the_device_is_missing(arguments, code, capsys):
    assert main(["conformance", *arguments, "--json"]) == code
    shown = capsys.readouterr()
    assert shown.err
    assert set(json.loads(shown.out)["error"]) == {"code", "what", "do"}
