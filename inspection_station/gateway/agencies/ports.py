"""What the gateway needs of each agency's system, so that an adapter, another adapter or a fake fits alike.

Every call may raise ``AgencyFault``. Calls come from several threads at once. ``within`` is the number of seconds after
which an answer is of no use. What goes up bears an id for ever: the same once more changes nothing at the agency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from inspection_station.headquarters.questions import AgencySystem, Hit, Question, Scope, Topic
from inspection_station.matching.manifest import Manifest
from inspection_station.matching.watchlist_lists import ControlList


class AgencyFault(Exception):
    """An agency's system that gave no usable answer. The text quotes nothing that was asked or answered."""

    code = "AGY-01"


class NoAnswer(AgencyFault):
    """No connection, a connection that broke, an error of the system, or no answer in time."""


class Resting(AgencyFault):
    """It did not answer lately, so it is not asked for a while."""

    code = "AGY-02"


class WrongAnswer(AgencyFault):
    """An answer that is not of the contract's form, or one to another question."""

    code = "AGY-03"


class NotConfigured(AgencyFault):
    """This gateway has no address of the system."""

    code = "AGY-04"


class Denied(AgencyFault):
    """The system does not let the gateway in, or refuses what was asked."""

    code = "AGY-05"


class CannotSay(AgencyFault):
    """The system answered that it cannot answer this question: it lives, and nobody looked."""

    code = "AGY-07"


class TooMany(AgencyFault):
    """As many questions as may be under way at once are: this one was not asked."""

    code = "AGY-06"


@dataclass(frozen=True, slots=True)
class Found:
    """What a system said. ``answered_at`` by its clock; ``as_of``: its data's time, None where it asks live."""

    answered_at: datetime
    as_of: datetime | None = None
    scopes: tuple[Scope, ...] = ()
    hits: tuple[Hit, ...] = ()


class Answering(Protocol):
    """A system that stations may ask."""

    @property
    def system(self) -> AgencySystem: ...
    @property
    def topics(self) -> frozenset[Topic]: ...
    def answer(self, question: Question, within: float) -> Found: ...


@dataclass(frozen=True, slots=True)
class RecordUp:
    """An inspection for 入出境查驗系統. ``sha256`` of the sealed envelope; ``plain`` what the contract names of it."""

    record_id: str
    sha256: bytes
    plain: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PictureUp:
    """A picture for an agency that keeps them: of whose inspection and document, and what it shows."""

    record_id: str
    sha256: bytes
    purpose: str
    media_type: str
    document_number: str = field(repr=False)
    issuing_state: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The system has it. ``known``: it had it before."""

    at: datetime
    known: bool


@dataclass(frozen=True, slots=True)
class GroupDown:
    """A face group as the system gives it: subject and template (float32, little endian) of a named model."""

    group_id: str
    version: int
    model_id: str
    as_of: datetime
    templates: tuple[tuple[str, bytes], ...] = field(repr=False)


class EntryExitSystem(Answering, Protocol):
    """入出境查驗系統 (IF-01): control lists down, records up; a person is searched online."""

    def control_lists(self, within: float) -> Sequence[ControlList]: ...
    def take_record(self, record: RecordUp, within: float) -> Acknowledged: ...


class ForeignerBiometrics(Answering, Protocol):
    """外來人口個人生物特徵識別系統 (IF-02): fingerprints, one to many online, and kept."""

    def keep_finger(self, picture: PictureUp, within: float) -> Acknowledged: ...


class IdentityConfirmation(Answering, Protocol):
    """人別確認輔助系統 (IF-03): faces 1:1, 1:designated person, 1:group; portraits up in batches, groups down."""

    def take_portraits(self, pictures: Sequence[PictureUp], within: float) -> Acknowledged: ...
    def group(self, group_id: str, within: float) -> GroupDown: ...


class EmergencyIdentity(Answering, Protocol):
    """緊急人別與影像平台 (IF-04): faces in the emergency set, its group down, records up."""

    def group(self, group_id: str, within: float) -> GroupDown: ...
    def take_record(self, record: RecordUp, within: float) -> Acknowledged: ...


class WebApis(Answering, Protocol):
    """船舶航前旅客資訊系統 (IF-07): manifests with pre-checks down, discrepancies up."""

    def voyages(self, within: float) -> Sequence[str]: ...
    def manifest(self, voyage: str, within: float) -> Manifest: ...
    def report_discrepancy(
        self, voyage: str, report_id: str, plain: Mapping[str, object], within: float
    ) -> Acknowledged: ...


class LostDocuments(Answering, Protocol):
    """One source of lost and stolen documents (IF-15); each source has an age of its own."""

    def control_list(self, within: float) -> ControlList: ...
