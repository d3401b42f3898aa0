"""What the service's OpenAPI document says beyond routes and parameters: bodies in CBOR, refusals, who may ask.

``tests/gateway/test_gateway_openapi.py`` holds every answer against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field

_ABOUT = """Headquarters' side of the exchange with mobile inspection stations. A station enrols once with a
ticket, then speaks over mutual TLS. Messages are arrays in a strict subset of CBOR; their fields, their limits and what
a round does are told in `docs/exchange.md`. What is refused is JSON with a code."""

CBOR = "application/cbor"
PICTURES = "application/octet-stream"


class Fault(BaseModel):
    """Why a request was refused: a code that stays, and a text for people that may change."""

    code: str = Field(pattern="^[A-Z]{3}-[0-9]{2}$")
    what: str


class Refusal(BaseModel):
    """The body of every answer that is not a success."""

    error: Fault


class UploadState(BaseModel):
    """How much of a picture is here."""

    reached: int = Field(description="bytes that are here, from the first on")
    published: bool = Field(description="it is whole, and its hash is right")

    model_config = ConfigDict(json_schema_extra={"examples": [{"reached": 81920, "published": False}]})


class PictureState(UploadState):
    """The same of one picture of a stream, by its hash in hexadecimal."""

    sha256: str

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sha256": "9b74" + "0" * 60, "reached": 92160, "published": True}]}
    )


class StreamState(BaseModel):
    """What came of a stream: each of its pictures once."""

    pictures: list[PictureState]


class Health(BaseModel):
    """Whether the service can do its work."""

    ok: bool

    model_config = ConfigDict(json_schema_extra={"examples": [{"ok": True}]})


Responses = dict[int | str, dict[str, Any]]

# Why, and the codes with what is said of each.
_WHY: Mapping[int, tuple[str, Mapping[str, str]]] = {
    400: (
        "not a message of the exchange, or of another version",
        {"SYN-02": "a message ends too soon", "SYN-03": "a message of a version that this program does not know"},
    ),
    401: ("no certificate, or one that nobody was given", {"SEC-03": "a station's certificate is needed"}),
    403: (
        "shut out, or not signed by whom it names",
        {"SEC-03": "this station was revoked", "SEC-06": "a request of another station than the certificate's"},
    ),
    404: ("there is no such thing", {"PCK-07": "there is no such file"}),
    408: ("nothing came for too long", {"NET-02": "a body stood still"}),
    413: ("more than the limits allow", {"SYN-02": "the body exceeds the limit"}),
    422: ("a parameter is missing or out of its range", {"SYN-02": "a parameter is missing or out of its range"}),
    500: ("a fault of the gateway's own", {"SYS-01": "a fault of the gateway's own"}),
    503: (
        "the database or the log cannot be used at the moment",
        {"NET-03": "the gateway's database does not answer", "SYN-06": "the gateway's log is damaged"},
    ),
}
_NO_TICKET = {"SEC-03": "no ticket for this station, or it was used or has run out"}
_NO_REQUEST = {"SEC-05": "not a certificate signing request"}
_LATER = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds after which to ask again"}}
_BINARY = {CBOR: {"schema": {"type": "string", "format": "binary"}}}
_OCTETS = {PICTURES: {"schema": {"type": "string", "format": "binary"}}}

PART_IN: dict[str, Any] = {  # an empty part asks for a picture that is whole to be published
    "requestBody": {"required": False, "content": _OCTETS, "description": "bytes of the picture, from the offset on"}
}
STREAM_IN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": _OCTETS,
        "description": "the text pictures/1 in CBOR, then parts: hash (32 bytes), size of the picture, offset, length"
        " (4 bytes each, highest first), and the bytes",
    }
}


def cbor_in(*messages: str) -> dict[str, Any]:
    """A body that is one of these messages of ``headquarters``."""
    return {"requestBody": {"required": True, "content": _BINARY, "description": _array(messages)}}


def cbor_out(*messages: str) -> Responses:
    """The answer to it."""
    return {200: {"content": _BINARY, "description": _array(messages)}}


def _array(messages: tuple[str, ...]) -> str:
    return f"a CBOR array that begins with the text {' or '.join(messages)}"


def refusals(*statuses: int, also: Mapping[int, Mapping[str, str]] = MappingProxyType({})) -> Responses:
    """Documented refusals, each with the codes it may bear; ``also``: further codes of this route."""
    return {status: _refusal(status, also.get(status, {})) for status in statuses}


def _refusal(status: int, also: Mapping[str, str]) -> dict[str, Any]:
    why, codes = _WHY[status]
    examples = {code: {"value": {"error": {"code": code, "what": what}}} for code, what in {**codes, **also}.items()}
    body = {"schema": {"$ref": "#/components/schemas/Refusal"}, "examples": examples}
    told: dict[str, Any] = {"description": f"{why}: {', '.join(examples)}", "content": {"application/json": body}}
    return {**told, "headers": _LATER} if status == 503 else told


ALWAYS = refusals(500, 503)
OF_STATIONS = refusals(401, 403)
OF_ENROLMENT = refusals(400, 401, 403, 408, 413, also={400: _NO_REQUEST, 401: _NO_TICKET})
OF_RENEWAL = refusals(
    400, 401, 403, 408, 413, also={400: _NO_REQUEST, 401: {"SEC-03": "this station is not enrolled here"}}
)


def for_stations(extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """A route that asks for a station's certificate."""
    return {**(extra or {}), "security": [{"stationCertificate": []}]}


def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    made = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**made.pop("$defs", {}), model.__name__: made}


def describe(app: FastAPI) -> None:
    """Make the application's document say how stations are known."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
            components = made.setdefault("components", {})
            components.setdefault("schemas", {}).update(_schemas(Refusal))
            schemes = components.setdefault("securitySchemes", {})
            schemes["stationCertificate"] = {
                "type": "mutualTLS",
                "description": "a certificate that the gateway's own authority gave this station at enrolment",
            }
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
