"""Specimens with protected fingers: the station reads what the state enrolled, and it is the traveller's own finger."""

from __future__ import annotations

from datetime import date

import pytest

from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.chip_session import read_chip
from inspection_station.documents.emrtd.finger_pictures import finger_pictures
from inspection_station.documents.mrz import parse
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.personas.finger_group import finger_group
from inspection_station.training.specimen_passport import fingers_for, specimen_passport, training_authority
from inspection_station.training.virtual_chip import PROFILES, VirtualChip, VirtualChipConnection

DAY = date(2026, 5, 4)


def test_only_chips_that_keep_fingers_have_them_drawn() -> None:
    without = [name for name, profile in PROFILES.items() if profile.terminals is None]
    assert [fingers_for(PROFILES[name], 3) for name in without] == [None] * len(without)
    assert "DG3" not in specimen_passport(3, at=DAY, profile=PROFILES["pace-cam"]).files


@pytest.mark.slow
def test_the_fingers_of_a_specimen_are_read_with_terminal_keys_and_refused_without() -> None:
    profile = PROFILES["eac-pace"]
    issued = specimen_passport(3, at=DAY, profile=profile)
    assert issued.files["DG3"] == finger_group(3)
    authority = training_authority(DAY)
    terminals = profile.terminal_authority(authority, DAY)
    assert terminals is not None

    def read(*, with_keys: bool):
        return read_chip(
            VirtualChipConnection(VirtualChip(issued)),
            access_key=MrzKey.of(parse(issued.mrz_lines, today=DAY)),
            trust=authority.trust_store(),
            with_portrait=True,
            at=DAY,
            printed_zone=issued.mrz_lines,
            terminal_keys=terminals.keys() if with_keys else None,
            with_fingers=with_keys,
        )

    outcome = read(with_keys=True)
    assert outcome.reading.overall is CheckResult.SUCCESSFUL
    assert [finger.position for finger in outcome.fingers] == [2, 7]
    assert [one.pixels.shape for one in finger_pictures(outcome.fingers)] == [(400, 320), (400, 320)]
    (refused,) = [c for c in read(with_keys=False).reading.checks if c.name == "terminal-authentication"]
    assert (refused.result, "no terminal keys for UTO" in refused.evidence) == (CheckResult.UNDETERMINED, True)
