"""What goes over the wire between the gateway and each agency's system: the contract, recorded in ``docs/agencies``.

No agency publishes its interface. These are ours, in open forms (HTTPS, JSON, OpenAPI; templates of ISO/IEC 19794-2),
and the place to change when an agency gives its own. Unknown fields of an answer are let be; missing or mistyped ones
make the answer unusable. Octets are Base64.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, EncodedBytes, EncoderProtocol, Field


class PlainBase64(EncoderProtocol):
    """Base64 of RFC 4648 §4, without line breaks."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        """Raises ValueError."""
        return b64decode(data, validate=True)

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """As it travels."""
        return b64encode(value)

    @classmethod
    def get_json_format(cls) -> Literal["base64"]:
        """How OpenAPI calls it."""
        return "base64"


Base64 = Annotated[bytes, EncodedBytes(encoder=PlainBase64)]
QueryId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Version = Annotated[str, Field(max_length=64)]
State = Annotated[str, Field(pattern=r"^[A-Z]{0,3}$")]
Number = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z0-9]+$")]
Octets = Annotated[Base64, Field(min_length=1, max_length=1 << 20)]
Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1000, le=1000)]
Count = Annotated[int, Field(ge=0)]
MOST = 100


class Message(BaseModel):
    """Anything that is sent."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Query(Message):
    """A question; the answer repeats its id."""

    query_id: QueryId


class Reply(Message):
    """An answer. ``data_as_of`` is left out by a system that asks others live."""

    query_id: QueryId
    answered_at: AwareDatetime
    data_as_of: AwareDatetime | None = None


class Taken(Message):
    """Something that was sent up is kept. ``duplicate``: it was there before."""

    id: Name
    sha256: Digest
    received_at: AwareDatetime
    duplicate: bool = False


# 入出境查驗系統


class PersonQuery(Query):
    """The zone of a document, line by line."""

    mrz: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z0-9<]{30,44}$")]], Field(min_length=2, max_length=3)]


class ListSearched(Message):
    """A control list as it is at the moment of the search."""

    list_id: Name
    kind: Name
    version: Version
    issued_at: AwareDatetime
    stale: bool
    entries: Count


class PersonHit(Message):
    """A possible hit: identifiers that agree and that differ."""

    list_id: Name
    entry_id: Name
    score: Share
    matching: list[Name] = []
    differing: list[Name] = []


class PersonReply(Reply):
    """Every list that was searched, and the possible hits."""

    searched: Annotated[list[ListSearched], Field(max_length=64)]
    hits: Annotated[list[PersonHit], Field(max_length=MOST)]


class ListedDocument(Message):
    """A document that is looked for."""

    number: Number
    issuing_state: State = ""


class ListedName(Message):
    """A name or alias."""

    primary: Annotated[str, Field(min_length=1, max_length=200)]
    secondary: Annotated[str, Field(max_length=200)] = ""
    weak: bool = False


class ListEntry(Message):
    """Someone, or a document, looked for; dates as ``1971-05-02``, ``1971-05``, ``1971`` or ``1970/1973``."""

    entry_id: Name
    names: list[ListedName] = []
    documents: list[ListedDocument] = []
    born: list[Annotated[str, Field(max_length=20)]] = []
    nationalities: list[State] = []
    sex: Literal["", "M", "F"] = ""
    personal_numbers: list[Number] = []


class ControlListDown(Message):
    """One list, whole."""

    list_id: Name
    kind: Name
    version: Version
    issued_at: AwareDatetime
    stale_after: AwareDatetime
    entries: list[ListEntry]


class ControlListsDown(Message):
    """All lists of a system."""

    lists: Annotated[list[ControlListDown], Field(min_length=1, max_length=64)]


class RecordSent(Message):
    """An inspection as it was sealed at the station; ``sha256`` is that of the sealed envelope."""

    sha256: Digest
    station: Name
    sequence: Count
    scenario: Name
    disposition: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    reasons: list[Name] = []
    decided_at: AwareDatetime
    officer_id: Name
    person_class: Name
    mrz: list[str] = []
    supersedes: Name | None = None


# 船舶航前旅客資訊系統


class PreCheckQuery(Query):
    """The document of somebody who should have been announced."""

    document_number: Number
    issuing_state: State = ""


class Announced(Message):
    """Somebody announced for a voyage with this document, and what the check before the voyage came to."""

    voyage: Name
    entry_id: Name
    pre_check: Literal["clear", "refer", "refuse"]


class PreCheckReply(Reply):
    """On which voyages the document was announced; none: it was not."""

    announced: Annotated[list[Announced], Field(max_length=MOST)]
    voyages: Annotated[list[Name], Field(max_length=64)]


class Voyages(Message):
    """Voyages that have a manifest."""

    voyages: list[Name]


class TravellerDown(ListEntry):
    """Somebody of a manifest."""

    pre_check: Literal["clear", "refer", "refuse"]


class ManifestDown(Message):
    """The manifest of a voyage, whole."""

    voyage: Name
    version: Version
    issued_at: AwareDatetime
    stale_after: AwareDatetime
    travellers: list[TravellerDown]


class Discrepancy(Message):
    """Something aboard is not as announced."""

    sha256: Digest
    kind: Literal["not on manifest", "missing", "duplicate", "not landed", "not returned"]
    document_number: Annotated[str, Field(max_length=40)] = ""
    entry_id: Annotated[str, Field(max_length=64)] = ""
    seen_at: AwareDatetime
    station: Name


# 區域移動警示系統 · lost documents


class DocumentQuery(Query):
    """A document by issuer and number."""

    document_number: Number
    issuing_state: State = ""
    document_code: Annotated[str, Field(pattern=r"^[A-Z<]{0,2}$")] = ""


class DocumentStatusReply(Reply):
    """What the issuing economy says of its document; ``unknown``: it does not take part or did not answer."""

    status: Literal["valid", "not recorded", "lost", "stolen", "cancelled", "unknown"]
    reference: Name | None = None


class LostReply(Reply):
    """What one source has of the document."""

    list_id: Name
    version: Version
    entries: Count
    found: Annotated[list[PersonHit], Field(max_length=MOST)]
