"""What is put into the trust folder while the station runs counts for the next document."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT

from inspection_station.desk.chip_inspection import ChipInspection
from inspection_station.documents import mrz
from inspection_station.documents.emrtd.trust_folder import TrustFolder
from inspection_station.inspection.chip import CheckResult, ChipCheck
from inspection_station.training.defect_lists import PublishedDefect, defect_list, status_code
from inspection_station.training.passport_issue import issue_passport
from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection

AT = datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC)
ZONE = mrz.parse(LASTING_LINES, today=date(2026, 3, 14))


def trusted(inspection: ChipInspection) -> ChipCheck:
    issued = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    connection = VirtualChipConnection(VirtualChip(issued))
    answer = inspection.read(connection, ZONE, with_portrait=False, at=AT, cancel=Event())
    return next(check for check in answer.reading.checks if check.section == "5.6.4.3.6")


def test_a_list_that_arrives_between_two_documents_counts_for_the_second(tmp_path: Path) -> None:
    AUTHORITY.write_trust(tmp_path)
    folder = TrustFolder(tmp_path)
    inspection = ChipInspection(folder)
    before = trusted(inspection)
    assert before.result is CheckResult.SUCCESSFUL
    revoked = tmp_path / "revoked.dfl"
    revoked.write_bytes(defect_list(AUTHORITY, [PublishedDefect("1.1", AUTHORITY.signer(), status_code(3))]))
    os.utime(revoked, (1_700_000_000, 1_700_000_000))
    after = trusted(inspection)
    assert after.result is CheckResult.FAILED
    assert str(folder.current().version) in after.evidence
    assert str(folder.current().version) not in before.evidence
    assert replace(after, evidence="") != replace(before, evidence="")
