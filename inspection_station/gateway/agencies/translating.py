"""Between the contracts' forms and the values of the house."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from inspection_station.gateway.agencies.contracts import ControlListsDown, ManifestDown
from inspection_station.gateway.agencies.contracts_biometric import (
    PictureSent,
)
from inspection_station.gateway.agencies.ports import Denied, PictureUp, RecordUp, WrongAnswer
from inspection_station.matching.manifest import Manifest, load_manifest
from inspection_station.matching.watchlist_lists import ControlList, MalformedList, load_lists

_T = TypeVar("_T")
_M = TypeVar("_M", bound=BaseModel)


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC; never below 0."""
    return max(0, round(moment.timestamp() * 1000))


def once_each(found: Iterable[_T], key: Callable[[_T], Hashable]) -> list[_T]:
    """The first of each: systems are known to say a thing twice."""
    seen: dict[Hashable, _T] = {}
    for one in found:
        seen.setdefault(key(one), one)
    return list(seen.values())


def lists_from(down: ControlListsDown) -> tuple[ControlList, ...]:
    """Lists as the station searches them. Raises WrongAnswer for one that it could not."""
    rows = [one.model_dump(mode="json") for one in once_each(down.lists, lambda one: one.list_id)]
    try:
        return load_lists(json.dumps(rows))
    except MalformedList as error:
        raise WrongAnswer("a list that cannot be searched") from error


def manifest_from(down: ManifestDown) -> Manifest:
    """The manifest as the station uses it. Raises WrongAnswer."""
    unique = down.model_copy(update={"travellers": once_each(down.travellers, lambda one: one.entry_id)})
    try:
        return load_manifest(f'{{"manifest":{unique.model_dump_json()}}}')
    except MalformedList as error:
        raise WrongAnswer("a manifest that cannot be used") from error


def record_sent(record: RecordUp, form: type[_M]) -> _M:
    """What the contract says of a record. Raises Denied for one that it has no words for: it is not sent at all."""
    return _formed(form, {**record.plain, "sha256": record.sha256.hex()})


def picture_sent(picture: PictureUp) -> PictureSent:
    """A picture as the contract has it. Raises Denied."""
    return _formed(
        PictureSent,
        {
            "sha256": picture.sha256.hex(),
            "record_id": picture.record_id,
            "purpose": picture.purpose,
            "media_type": picture.media_type,
            "document_number": picture.document_number,
            "issuing_state": picture.issuing_state,
            "picture": b64encode(picture.data),
        },
    )


def _formed(form: type[_M], plain: Mapping[str, object]) -> _M:
    try:
        return form.model_validate(plain)
    except ValidationError:
        raise Denied("what should be sent does not fit the contract") from None
