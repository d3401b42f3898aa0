"""Every kind of training chip is read by the station, and every fault of a chip shows on every kind."""

from dataclasses import replace

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT

from inspection_station.documents.emrtd.access_keys import AccessKey, CanKey
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.inspection.chip import AccessProtocol, CheckResult
from inspection_station.training.passport_issue import AccessOffer
from inspection_station.training.virtual_chip import PROFILES, ChipProfile, VirtualChip, VirtualChipConnection

CAN = "574319"
KINDS = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())


def read(profile: ChipProfile, fault: str | None = None, key: AccessKey = KEY) -> ChipOutcome:
    issued = profile.issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault=fault, can=CAN)
    waited: list[float] = []
    chip = VirtualChip(issued, limits=profile.limits, sleep=waited.append)
    trust = AUTHORITY.trust_store()
    outcome = read_chip(
        VirtualChipConnection(chip), access_key=key, trust=trust, with_portrait=True, at=DAY, printed_zone=LINES
    )
    assert len(waited) == (outcome.commands if profile.limits.command_seconds else 0)
    return outcome


@KINDS
def test_every_kind_of_chip_is_read_and_passes(profile: ChipProfile) -> None:
    outcome = read(profile)
    assert outcome.reading.overall is CheckResult.SUCCESSFUL
    assert outcome.portrait == PORTRAIT
    expected = AccessProtocol.BAC if profile.access is AccessOffer.BAC else AccessProtocol.PACE
    assert outcome.reading.access is expected
    proven = {c.section for c in outcome.reading.checks if c.result is CheckResult.SUCCESSFUL}
    assert ("5.6.4.1.1" in proven) is (profile.signer is not None)
    assert ("5.6.4.1.2" in proven) is (profile.agreement is not None)
    assert ("5.6.4.1.3" in proven) is (profile.name == "pace-cam")


@KINDS
@pytest.mark.parametrize(
    "fault", ["wrong_hash", "wrong_signer", "revoked_signer", "wrong_dg1", "clone", "keys_missing"]
)
def test_every_fault_fails_on_every_kind(profile: ChipProfile, fault: str) -> None:
    outcome = read(profile, fault)
    assert outcome.reading.overall is CheckResult.FAILED


@KINDS
def test_a_withheld_offer_fails_on_every_kind(profile: ChipProfile) -> None:
    outcome = read(profile, "downgrade")
    assert [c.name for c in outcome.reading.checks if c.result is CheckResult.FAILED] == ["card-access"]


@pytest.mark.parametrize("name", [name for name, p in PROFILES.items() if p.access is not AccessOffer.BAC])
def test_the_number_on_the_card_opens_every_kind_that_offers_pace(name: str) -> None:
    assert read(PROFILES[name], key=CanKey(CAN)).reading.access is AccessProtocol.PACE


def test_the_same_seed_makes_the_same_keys() -> None:
    profile = PROFILES["pace-ca-aa"]
    assert profile.keys(3) == profile.keys(3)
    assert profile.keys(3) != profile.keys(4)
    assert replace(profile, agreement=None).keys(3).agreement is None
