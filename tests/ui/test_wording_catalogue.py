"""Both languages say the same things, say all of them, and nothing is said in code."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

import pytest

import inspection_station
from inspection_station.desk.exchange_view import Act, Freshness
from inspection_station.desk.list_search import ONLINE_ONLY
from inspection_station.desk.reasons import reason_table
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.defects import DefectKind
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.questions import AgencySystem
from inspection_station.inspection.biometrics import ComparisonBand, FingerAbsence, FingerPosition, ReferenceKind
from inspection_station.inspection.chip import AccessProtocol, CheckResult
from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzField, MrzSource
from inspection_station.inspection.face_search import HEADQUARTERS_ONLY, GroupUse
from inspection_station.inspection.findings import Severity
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.papers import Announced, PermitStatus
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import SCENARIOS, Step
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.face_quality import NOT_ASSESSED
from inspection_station.matching.ports import FacePrompt, FingerPrompt
from inspection_station.storage.values import Lane
from inspection_station.storage.voyage_close import ClosingStep
from inspection_station.ui.presenters.console import Pane
from inspection_station.ui.presenters.opening import QUITTING, STEPS_OF_STARTING
from inspection_station.ui.presenters.reach import Reach
from inspection_station.ui.presenters.tone import TONE_OF_SEVERITY, Tone
from inspection_station.wording import LANGUAGES, Wording, WordingMissing, catalogue, counted

SOURCE = Path(inspection_station.__file__).parent
UI = SOURCE / "ui"


def values(kind: Iterable[Enum]) -> set[str]:
    return {str(member.value) for member in kind}


STEPS = values(Step)
LETS_PASS = {d.value for d in Disposition if d.lets_pass}
# Keys built from values of the core: prefix -> every value that can stand behind it.
FAMILIES: dict[str, set[str]] = {
    "step": STEPS | {"decision"},
    "retry": STEPS,
    "guide": STEPS,
    "banner.running": values(Stage) - {"decision", "closed"} | {"reason"},
    "tone": values(Tone),
    "clearance": values(ClearanceStatus) - {"cleared", "already landed"},
    "keys.shape": values(Tone) - {"note"},
    "detail": {"expired", "expiry-unknown"},  # keys of DOC-03
    "scenario": set(SCENARIOS),
    "disposition": values(Disposition),
    "pass": LETS_PASS,
    "class": values(PersonClass),
    "field": values(MrzField),
    "source": values(MrzSource),
    "access": values(AccessProtocol),
    "result": values(CheckResult),
    "prompt": values(FacePrompt) | values(FingerPrompt),
    "finger": values(FingerPosition),
    "absence": values(FingerAbsence),
    "reference": values(ReferenceKind),
    "band": values(ComparisonBand),
    "list": values(ListKind) | set(ONLINE_ONLY) | values(AgencySystem) | {"permits", "manifest"},
    "permit": values(PermitStatus),
    "announced": values(Announced),
    "health": values(DeviceKind),
    "state": values(DeviceState),
    "sex": {"M", "F", "X"},
    "theme": {"day", "dusk", "night"},
    "measure": set(NOT_ASSESSED),
    "group-use": values(GroupUse),
    "group-reason": {"absent", "expired", HEADQUARTERS_ONLY, "other"},
    "reason": {why.code for why in Why},
    "defect": {kind.name.lower().replace("_", "-") for kind in DefectKind},
    "splash": {*STEPS_OF_STARTING, QUITTING, "other"},
    "reach": values(Reach),
    "exchange.title": values(Pane),
    "exchange.lane": {lane.name.lower().replace("_", "-") for lane in Lane},
    "exchange.pack": values(PackKind),
    "exchange.age": values(Freshness),
    "exchange.step": values(ClosingStep) | {"sealing", "writing"},
    "exchange.file": {"bundle", "packs"},
    "exchange.budget": {"used", "spent", "port-link"},
    "exchange.intro": {"export", "import", "looking", "no-stick", "no-file"},
    "exchange.key": {"destroyed", "standing"},
    "exchange.option": {"sync", "export", "import", "port-link", "dear-link", "close-voyage", "look-again"},
    **{f"exchange.act.{act.value}": {"running", "done", "failed"} for act in Act},
}
# Keys whose last part comes from data or from a few literals in one module.
LOOSE = (
    "error.",
    "check.",
    "identifier.",
    "document.",
    "word.",
    "digit.",
    "action.",
    "form.",
    "panel.",
    "state.",
    "health.",
    "keys.",
)
FLOWS_CODES = {"BIO-02", "BIO-04", "SYN-01", "UNKNOWN"}  # FLOWS 4.2, for steps still to come


def literals(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def codes_in_product(without: str | None = None) -> set[str]:
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        if without is not None and path.is_relative_to(SOURCE / without):
            continue
        found |= set(re.findall(r"\"([A-Z]{3}-\d{2})\"", path.read_text(encoding="utf-8")))
    return found


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_and_the_same_blanks() -> None:
    chinese, english = catalogue("zh_TW"), catalogue("en")
    assert set(chinese) == set(english)
    assert {k for k in chinese if blanks(chinese[k]) != blanks(english[k])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str) -> None:
    assert [key for key, text in catalogue(language).items() if not text] == []


@pytest.mark.parametrize("prefix", sorted(FAMILIES))
def test_every_value_that_can_be_shown_is_worded(prefix: str) -> None:
    keys = catalogue("en")
    assert {f"{prefix}.{value}" for value in FAMILIES[prefix]} - set(keys) == set()


def test_every_code_of_the_product_is_worded_in_full() -> None:
    wording = Wording("zh_TW", strict=True)
    assert all(wording.error(code).do for code in codes_in_product(without="gateway"))  # an administrator's


def test_english_counts_read_right_where_there_is_one_of_something() -> None:
    counts = {
        "count",
        "messages",
        "pictures",
        "packs",
        "confirmed",
        "refused",
        "sent",
        "left",
        "purged",
        "kept",
        "waiting",
    }
    texts = [t.format_map({b: "1" if b in counts else "…" for b in blanks(t)}) for t in catalogue("en").values()]
    wrong = [text for text in texts if re.search(r"\b1 (?:[a-z-]{2,}s|wait|are)\b", text)]
    assert wrong == []
    assert (counted(1, "entry", "entries"), counted(2, "entry", "entries")) == ("1 entry", "2 entries")
    assert (counted(0, "record"), counted(1, "record")) == ("0 records", "1 record")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_asks_for_no_value_that_some_check_does_not_give(language: str) -> None:
    given: dict[str, frozenset[str]] = {}
    for why in Why:
        given[why.code] = given.get(why.code, why.names) & why.names
    given["known-defect"] = frozenset({"defect"})  # the sentence spells the defect out
    texts = catalogue(language)
    for code, names in given.items():
        asked = {name for _, name, _, _ in string.Formatter().parse(texts[f"reason.{code}"]) if name is not None}
        assert asked <= names, code


def test_every_severity_has_a_word() -> None:
    wording = Wording("en", strict=True)
    assert all(wording.text(f"tone.{TONE_OF_SEVERITY[s].value}") for s in Severity)


def test_every_exemption_and_skip_code_is_in_the_reason_table() -> None:
    table = reason_table()
    assert all(table.of(code) for code in (*values(Exemption), "KHR"))


def test_no_key_is_left_over() -> None:
    said = set().union(*(literals(path) for path in SOURCE.rglob("*.py")))
    families = {f"{prefix}.{value}" for prefix, found in FAMILIES.items() for value in found}
    codes = codes_in_product() | FLOWS_CODES
    first_parts = {text.split(".")[0] for text in said}
    left = set()
    for key in catalogue("en"):
        if key in said or key in families:
            continue
        if key.startswith("error."):
            if key.split(".")[1] not in codes:
                left.add(key)
            continue
        loose = next((prefix for prefix in LOOSE if key.startswith(prefix)), None)
        if loose is None and not key.startswith("banner."):
            left.add(key)
            continue
        from_data = loose in ("check.", "identifier.", "document.")
        if not from_data and key.split(".")[1] not in first_parts:
            left.add(key)
    assert left == set()


SAYING = {
    "setText",
    "setToolTip",
    "setAccessibleName",
    "setAccessibleDescription",
    "setWindowTitle",
    "setPlaceholderText",
    "QLabel",
    "QPushButton",
    "show_text",
    "drawText",
}


def test_nothing_the_officer_reads_is_written_in_the_code_of_the_screens() -> None:
    found = []
    for path in UI.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SAYING:
                for text in (n for a in node.args for n in ast.walk(a) if isinstance(n, ast.Constant)):
                    if (
                        isinstance(text.value, str)
                        and re.search(r"[^\W\d_]{3,}", text.value)
                        and not is_key(text.value)
                    ):
                        found.append(f"{path.name}:{node.lineno} {text.value!r}")
        found += [f"{path.name}: {s!r}" for s in literals(path) - docstrings(tree) if re.search("[\u4e00-\u9fff]", s)]
    assert found == []


def is_key(text: str) -> bool:
    return text in catalogue("en") or text == "ink2"


def docstrings(tree: ast.Module) -> set[str]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {ast.get_docstring(n, clean=False) or "" for n in ast.walk(tree) if isinstance(n, owners)}


def test_a_missing_key_is_an_error_in_tests() -> None:
    with pytest.raises(WordingMissing):
        Wording("zh_TW", strict=True).text("no.such.key")


def test_a_missing_key_shows_itself_to_an_officer_instead_of_stopping_the_line() -> None:
    assert Wording("zh_TW", strict=False).text("no.such.key") == "[no.such.key]"


def test_a_code_without_an_entry_keeps_its_code_and_says_whom_to_tell() -> None:
    error = Wording("en", strict=False).error("XYZ-99")
    assert error.code == "XYZ-99"
    assert "administrator" in error.do


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no such language"):
        Wording("fr")
