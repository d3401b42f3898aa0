"""What is concluded once everything of a chip is read: who signed it, how, and for which state (TR-03135-1 §5.6.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from inspection_station.documents.emrtd import lds, passive_authentication
from inspection_station.documents.emrtd.algorithm_strength import check_algorithms
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.document_facts import settle
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.documents.emrtd.security_object_form import check_security_object_form
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import ChipCheck

_BY_THE_SECURITY_OBJECT = (
    Check.GENUINENESS,
    Check.SIGNER_TRUST,
    Check.SIGNER_VALIDITY,
    Check.SIGNER_REVOCATION,
    Check.ISSUING_STATE,
)


def concluded(
    made: Sequence[ChipCheck],
    sod: SecurityObject | None,
    files: Mapping[str, bytes],
    lines: tuple[str, ...] | None,
    trust: TrustStore,
    at: date,
) -> list[ChipCheck]:
    """The checks ``made`` and those of the signer, settled against known defects; undetermined, each of the signer's,
    where there is no security object to go by. ``files`` hold «EF.SOD» and the groups that were read.
    """
    if sod is None:
        return [*made, *(check.undetermined(Why.NO_SECURITY_OBJECT_TO_GO_BY()) for check in _BY_THE_SECURITY_OBJECT)]
    verdict = passive_authentication.check_signer(sod.signed, trust, at)
    signer = verdict.certificate
    found = [*made, *verdict.checks, check_security_object_form(files["EF.SOD"])]
    found.append(check_algorithms(sod, signer, verdict.chain))
    if lines is None:
        found.append(Check.ISSUING_STATE.undetermined(Why.NO_ISSUING_STATE()))
    else:
        found.append(passive_authentication.check_issuing_state(lines[0][2:5], signer))
        found.append(passive_authentication.check_document_type(lines[0][:2], signer))
    groups = {n: files[file.name] for n, file in enumerate(lds.GROUPS, 1) if file.name in files}
    return list(settle(found, trust, sod=sod, signer=signer, lines=lines, groups=groups, at=at))
