"""What the service's OpenAPI document says beyond routes and parameters: bodies in CBOR, refusals, who may ask.

``tests/gateway/test_gateway_openapi.py`` holds every answer against it.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

CBOR = "application/cbor"
PICTURES = "application/octet-stream"


class Fault(BaseModel):
    """Why a request was refused."""

    code: str
    what: str


class Refusal(BaseModel):
    """The body of every answer that is not a success."""

    error: Fault


class UploadState(BaseModel):
    """How much of a picture is here."""

    reached: int
    published: bool


class PictureState(UploadState):
    """The same of one picture of a stream, by its hash in hexadecimal."""

    sha256: str


class StreamState(BaseModel):
    """What came of a stream: each of its pictures once."""

    pictures: list[PictureState]


class Health(BaseModel):
    """Whether the service can do its work."""

    ok: bool


Responses = dict[int | str, dict[str, Any]]

_WHY = {
    400: "not a message of the exchange, or of another version",
    401: "no certificate, or one that nobody was given",
    403: "shut out, or not signed by whom it names",
    404: "there is no such thing",
    408: "nothing came for too long",
    413: "more than the limits allow",
    422: "a parameter is missing or out of its range",
    429: "asked too often",
    500: "a fault of the gateway's own",
    503: "the database or the log cannot be used at the moment",
}
_BINARY = {CBOR: {"schema": {"type": "string", "format": "binary"}}}

CBOR_IN: dict[str, Any] = {"requestBody": {"required": True, "content": _BINARY}}
PART_IN: dict[str, Any] = {  # an empty part asks for a picture that is whole to be published
    "requestBody": {"required": False, "content": _BINARY}
}
STREAM_IN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            PICTURES: {
                "schema": {"type": "string", "format": "binary"},
            }
        },
        "description": "the text pictures/1 in CBOR, then parts: hash (32 bytes), size of the picture, offset, length"
        " (4 bytes each, highest first), and the bytes",
    }
}
CBOR_OUT: Responses = {200: {"content": _BINARY, "description": "an answer in CBOR"}}


def refusals(*statuses: int) -> Responses:
    """Documented refusals."""
    return {status: {"model": Refusal, "description": _WHY[status]} for status in statuses}


ALWAYS = refusals(500, 503)
OF_STATIONS = refusals(401, 403)


def for_stations(extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """A route that asks for a station's certificate."""
    return {**(extra or {}), "security": [{"stationCertificate": []}]}


def describe(app: FastAPI) -> None:
    """Make the application's document say how stations are known."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            schemes = made.setdefault("components", {}).setdefault("securitySchemes", {})
            schemes["stationCertificate"] = {
                "type": "mutualTLS",
                "description": "a certificate that the gateway's own authority gave this station at enrolment",
            }
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
