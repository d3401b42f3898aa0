"""What known defects do to verdicts (BSI TR-03135-1 §5.8).

A defect that explains a failure makes it undetermined; a revoked signer or compromised keys make a success a failure.
Green comes of a defect only where the guideline corrects what was compared, and never from a list taken by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from inspection_station.documents.emrtd.defects import Defect, DefectKind
from inspection_station.documents.emrtd.issuing_states import signs_for
from inspection_station.inspection.chip import CheckResult, ChipCheck

CARD_SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"
_FAILED, _UNDETERMINED, _SUCCESSFUL = CheckResult.FAILED, CheckResult.UNDETERMINED, CheckResult.SUCCESSFUL
_ACTIVE, _CHIP, _MAPPING = "5.6.4.1.1", "5.6.4.1.2", "5.6.4.1.3"
_NOT_TRUSTED = frozenset({0, 2, 3, 4})
"""Status codes of a revocation that make the signer not trusted; the others leave it undetermined (table 5.54)."""
_PROTOCOLS = {
    0: (_CHIP,),
    1: (_ACTIVE,),
    2: (_CHIP, _ACTIVE),
    3: (_MAPPING,),
    4: (_CHIP, _MAPPING),
    5: (_ACTIVE, _MAPPING),
    6: (_CHIP, _ACTIVE, _MAPPING),
}
_HASHES_INVALID = 4
KNOWN_DEFECT = "known-defect"
_Effect = Callable[[ChipCheck, Defect], CheckResult]


def settled(
    checks: Sequence[ChipCheck], defects: Iterable[Defect], content_type: str | None = None
) -> tuple[ChipCheck, ...]:
    """The checks as the defects leave them. ``content_type`` tells which security object they belong to, where they
    belong to one alone. Applying the same defects twice changes nothing more.
    """
    found = list(checks)
    for defect in defects:
        for at, check in enumerate(found):
            result = _result(check, defect, content_type)
            if result is not check.result:
                found[at] = replace(
                    check, result=result, evidence=f"{check.evidence}; {defect.told}", reason=defect.why.reason
                )
    return tuple(found)


def with_known_defects(
    checks: Sequence[ChipCheck], defects: Sequence[Defect], issuing_state: str | None
) -> tuple[ChipCheck, ...]:
    """All checks of a document as its known defects leave them, and a line for each defect."""
    corrected = [_with_country(check, defects, issuing_state) for check in checks]
    found = settled(corrected, defects)
    lines: dict[str, ChipCheck] = {}
    for defect in defects:
        touched = any(defect.told in check.evidence for check in found)
        unusable = defect.kind is DefectKind.DOCUMENT_UNUSABLE
        result = _UNDETERMINED if touched or unusable else CheckResult.NOT_SUPPORTED
        told = defect.told if touched or unusable else f"{defect.told}; changes nothing that was checked"
        lines.setdefault(told, ChipCheck(defect.kind.section, KNOWN_DEFECT, result, told, defect.why.reason))
    return (*found, *lines.values())


def _with_country(check: ChipCheck, defects: Sequence[Defect], state: str | None) -> ChipCheck:
    """The comparison of states made again with the corrected country (§5.8.2.2.5)."""
    if check.name != "issuing-state" or state is None:
        return check
    for defect in defects:
        if defect.kind is DefectKind.COUNTRY_WRONG and defect.country is not None:
            verdict = signs_for(defect.country, state)
            result = {True: _SUCCESSFUL, False: _FAILED, None: _UNDETERMINED}[verdict]
            if result is _SUCCESSFUL and not defect.vouched:
                result = _UNDETERMINED
            told = f"{state.strip('<')} signed by {defect.country}; {defect.told}"
            return replace(check, result=result, evidence=told, reason=defect.why.reason)
    return check


def _result(check: ChipCheck, defect: Defect, content_type: str | None) -> CheckResult:
    effect = _EFFECTS.get(defect.kind)
    if effect is None or (content_type == CARD_SECURITY_OBJECT and defect.kind is DefectKind.SECURITY_OBJECT_INVALID):
        return check.result
    if defect.kind is DefectKind.CARD_SECURITY_MALFORMED and content_type not in (None, CARD_SECURITY_OBJECT):
        return check.result
    if content_type == CARD_SECURITY_OBJECT and defect.kind is DefectKind.CARD_SECURITY_MALFORMED:
        return _softened(check) if check.name == "security-object-signature" else check.result
    return effect(check, defect)


def _softened(check: ChipCheck) -> CheckResult:
    return _UNDETERMINED if check.result is _FAILED else check.result


def _revoked(check: ChipCheck, defect: Defect) -> CheckResult:
    worst = _FAILED if defect.code in _NOT_TRUSTED else _UNDETERMINED
    if check.name in ("signer-revocation", "signer-trust") and check.section != "5.6.4.3.3":
        return _FAILED if check.result is _FAILED else worst
    return _UNDETERMINED if check.name == "data-group-hash" and check.result is _SUCCESSFUL else check.result


def _compromised(*sections: str) -> _Effect:
    def effect(check: ChipCheck, defect: Defect) -> CheckResult:
        return _FAILED if check.section in sections and check.result is not CheckResult.NOT_SUPPORTED else check.result

    return effect


def _protocol(check: ChipCheck, defect: Defect) -> CheckResult:
    return _softened(check) if check.section in _PROTOCOLS.get(defect.code or 0, ()) else check.result


def _of_groups(name: str) -> _Effect:
    def effect(check: ChipCheck, defect: Defect) -> CheckResult:
        concerned = any(check.evidence.startswith(f"DG{group}:") for group in defect.groups)
        return _softened(check) if check.name == name and concerned and _signed(check) else check.result

    return effect


def _signed(check: ChipCheck) -> bool:
    """A group that no security object names is no production error of its hash."""
    return "not in the security object" not in check.evidence


def _object_invalid(check: ChipCheck, defect: Defect) -> CheckResult:
    if check.name == "security-object-signature" and not check.evidence.startswith("EF.CardSecurity"):
        return _softened(check)
    hashes = defect.code == _HASHES_INVALID and check.name == "data-group-hash" and _signed(check)
    return _softened(check) if hashes else check.result


def _common_data(check: ChipCheck, defect: Defect) -> CheckResult:
    """Successful for what EF.SOD signs, undetermined for what it does not (§5.8.2.2.3)."""
    if check.name != "common-data" or check.result is not _FAILED:
        return check.result
    return _SUCCESSFUL if defect.vouched and "not signed" not in check.evidence else _UNDETERMINED


def _card_security(check: ChipCheck, defect: Defect) -> CheckResult:
    return _softened(check) if check.evidence.startswith("EF.CardSecurity") else check.result


def _certificate(check: ChipCheck, defect: Defect) -> CheckResult:
    """§5.8.2.3.4. By a state's own list its documents are good all the same: only failures are softened there."""
    if check.name != "signer-trust" and not (
        check.name == "security-object-signature" and "certificate is malformed" in check.evidence
    ):
        return check.result
    return _softened(check) if defect.code is None else _UNDETERMINED


def _printed(check: ChipCheck, defect: Defect) -> CheckResult:
    return _softened(check) if check.name == "mrz-against-chip" else check.result


_EFFECTS: dict[DefectKind, _Effect] = {
    DefectKind.SIGNER_REVOKED: _revoked,
    DefectKind.CHIP_KEYS_COMPROMISED: _compromised(_CHIP, _MAPPING),
    DefectKind.ACTIVE_KEYS_COMPROMISED: _compromised(_ACTIVE),
    DefectKind.PROTOCOL_FAILURE: _protocol,
    DefectKind.GROUP_MALFORMED: _of_groups("data-group-format"),
    DefectKind.GROUP_HASH_WRONG: _of_groups("data-group-hash"),
    DefectKind.SECURITY_OBJECT_INVALID: _object_invalid,
    DefectKind.COMMON_DATA_WRONG: _common_data,
    DefectKind.CARD_SECURITY_MALFORMED: _card_security,
    DefectKind.CERTIFICATE_MALFORMED: _certificate,
    DefectKind.PRINTED_ZONE_WRONG: _printed,
    DefectKind.CHECK_DIGIT_WRONG: _printed,
}
