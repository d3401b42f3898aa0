"""The gateway's HTTP service. Every route but enrolment, renewal and health needs a station's certificate.

Bodies of the exchange are CBOR; refusals are ``{"error": {"code", "what"}}``. No route tells a traveller's data.
"""

from __future__ import annotations

import logging
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from cryptography import x509
from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from inspection_station.gateway.access_log import AccessLog
from inspection_station.gateway.agencies.routes import questions_router
from inspection_station.gateway.agencies.serving import AgencyService, no_agencies
from inspection_station.gateway.authority import RequestRefused
from inspection_station.gateway.ledger import LedgerDamaged
from inspection_station.gateway.metrics import exposition, ready
from inspection_station.gateway.openapi import (
    ALWAYS,
    CBOR,
    OF_ENROLMENT,
    OF_RENEWAL,
    OF_STATIONS,
    Health,
    cbor_in,
    cbor_out,
    describe,
    for_stations,
    refusals,
)
from inspection_station.gateway.peer_certificate import EXTENSION
from inspection_station.gateway.picture_routes import pictures_router
from inspection_station.gateway.pictures import OtherOffset
from inspection_station.gateway.request_body import TooSlow, whole
from inspection_station.gateway.service import Gateway
from inspection_station.gateway.stations import KnownStation, NotAdmitted
from inspection_station.headquarters.enrolment import Enrolment, Renewal
from inspection_station.headquarters.packs_body import PACKED_LIMIT
from inspection_station.headquarters.packs_source import PACK_LENGTH, PART_BYTES
from inspection_station.headquarters.wire import MESSAGE_LIMIT, BadSignature, TooLarge, WireError

log = logging.getLogger(__name__)

_AT_ONCE = 24  # rounds of a worker in hand, most of them waiting to be taken in together; the others wait in order
_AT_THE_DOOR = 8  # asking who they are: more threads want more connections than the database's pool keeps
_BATCHES = 5  # of records screened after one answer: publishing does the rest


def build_app(gateway: Gateway, service: AgencyService | None = None) -> FastAPI:
    """The service over a gateway; without ``service`` every question to an agency's system is «not checked»."""
    service = service if service is not None else no_agencies(gateway)
    app = FastAPI(
        title="Inspection gateway",
        version="1",
        docs_url=None,
        redoc_url=None,
        responses=ALWAYS,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.gateway = gateway
    app.state.door = CapacityLimiter(_AT_THE_DOOR)
    _refusals(app)
    _routes_of_stations(app, gateway, service)
    app.include_router(questions_router(gateway.settings.gateway_id, service.agencies, _STATION))
    app.include_router(pictures_router(gateway.pictures, _STATION))
    _routes_of_packs(app, gateway)
    _routes_before_enrolment(app, gateway)
    _routes_of_operators(app, gateway)

    describe(app)
    app.add_middleware(AccessLog)
    return app


async def _admitted(request: Request) -> KnownStation:
    """The station that the connection's certificate was issued to. Raises NotAdmitted."""
    certificate = request.scope.get("extensions", {}).get(EXTENSION)
    if certificate is None:
        raise NotAdmitted("a station's certificate is needed")
    gateway: Gateway = request.app.state.gateway
    serial = format(x509.load_der_x509_certificate(certificate).serial_number, "x")
    return await to_thread.run_sync(gateway.admit, serial, limiter=request.app.state.door)


_STATION = Depends(_admitted)


def _routes_of_stations(app: FastAPI, gateway: Gateway, service: AgencyService) -> None:
    in_order = CapacityLimiter(_AT_ONCE)

    def afterwards() -> None:
        gateway.screen(_BATCHES, wait=False)
        service.forwarding.turn_quietly()

    @app.post(
        "/v1/exchange",
        openapi_extra=for_stations(cbor_in("request/1", "request/2")),
        responses=cbor_out("answer/1", "answer/2") | OF_STATIONS | refusals(400, 408, 413),
        response_class=Response,
    )
    async def exchange(request: Request, station: KnownStation = _STATION) -> Response:
        """Take in a packet and offers, and answer with a receipt, a head of the log, and proof that it only grew."""
        data = await whole(request, MESSAGE_LIMIT)
        answer = await to_thread.run_sync(gateway.exchange, station, data, limiter=in_order)
        return Response(answer, media_type=CBOR, background=BackgroundTask(afterwards))


def _routes_of_packs(app: FastAPI, gateway: Gateway) -> None:
    @app.get(
        "/v1/packs/{path:path}",
        openapi_extra=for_stations(),
        response_class=Response,
        responses={
            200: {
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                "headers": {PACK_LENGTH: {"schema": {"type": "integer"}, "description": "bytes of the whole file"}},
                "description": "bytes of the file from the offset on",
            },
        }
        | OF_STATIONS
        | refusals(404, 422),
    )
    async def pack_part(
        path: Annotated[str, Path(max_length=160, description="as the metadata name it, e.g. metadata/timestamp.json")],
        offset: Annotated[int, Query(ge=0, le=PACKED_LIMIT, description="bytes that are there already")] = 0,
        station: KnownStation = _STATION,
    ) -> Response:
        """A part of a file of the repository of data packs. Stations verify what they get; nothing here is secret
        from one of them.
        """
        found = None
        if gateway.packs is not None:
            found = await run_in_threadpool(gateway.packs.part, path, offset, PART_BYTES)
        if found is None:
            return JSONResponse({"error": {"code": "PCK-07", "what": "there is no such file"}}, 404)
        part, length = found
        return Response(part, media_type="application/octet-stream", headers={PACK_LENGTH: str(length)})


def _routes_before_enrolment(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/authority", response_class=PlainTextResponse)
    def authority() -> str:
        """The gateway's own authority, PEM; its hash is in every ticket."""
        return gateway.authority.pem

    @app.post(
        "/v1/enrol",
        openapi_extra=cbor_in("enrol/1"),
        responses=cbor_out("enrolled/1") | OF_ENROLMENT,
        response_class=Response,
    )
    async def enrol(request: Request) -> Response:
        """A ticket's code and a signing request for a certificate. A code works once."""
        asked = Enrolment.decode(await whole(request, 8 << 10))
        return Response((await run_in_threadpool(gateway.enrol, asked)).encode(), media_type=CBOR)

    @app.post(
        "/v1/renew",
        openapi_extra=cbor_in("renew/1"),
        responses=cbor_out("enrolled/1") | OF_RENEWAL,
        response_class=Response,
    )
    async def renew(request: Request) -> Response:
        """A new certificate under the station's own signature, also when the old one has run out."""
        asked = Renewal.decode(await whole(request, 8 << 10))
        return Response((await run_in_threadpool(gateway.renew, asked)).encode(), media_type=CBOR)


def _routes_of_operators(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/healthz")
    def alive() -> Health:
        """The process runs."""
        return Health(ok=True)

    @app.get("/readyz")
    def can_work() -> Health:
        """The database answers and the log has its head."""
        ready(gateway.database)
        return Health(ok=True)

    @app.get("/metrics", response_class=PlainTextResponse, responses=refusals(403))
    def metrics(request: Request) -> PlainTextResponse:
        """For Prometheus, from the database, so any worker tells the same. On this machine alone."""
        if request.client is None or request.client.host not in ("127.0.0.1", "::1", "testclient"):
            raise NotAdmitted("metrics are told to this machine alone", known=True)
        return PlainTextResponse(exposition(gateway.database, gateway.pictures), media_type="text/plain; version=0.0.4")


def _refusals(app: FastAPI) -> None:
    def refuse(status: int, code: str, what: str, headers: dict[str, str] | None = None) -> JSONResponse:
        return JSONResponse({"error": {"code": code, "what": what}}, status, headers)

    @app.exception_handler(WireError)
    async def malformed(request: Request, error: WireError) -> JSONResponse:
        status = 413 if isinstance(error, TooLarge) else 403 if isinstance(error, BadSignature) else 400
        return refuse(status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    async def out_of_range(request: Request, error: RequestValidationError) -> JSONResponse:
        return refuse(422, "SYN-02", "a parameter is missing or out of its range")

    @app.exception_handler(HTTPException)
    async def no_such_route(request: Request, error: HTTPException) -> JSONResponse:
        return refuse(error.status_code, "SYN-03", "there is no such route", dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def own_fault(request: Request, error: Exception) -> JSONResponse:
        return refuse(500, "SYS-01", "a fault of the gateway's own")

    @app.exception_handler(NotAdmitted)
    async def stranger(request: Request, error: NotAdmitted) -> JSONResponse:
        return refuse(403 if error.known else 401, "SEC-03", str(error))

    @app.exception_handler(RequestRefused)
    async def unsigned(request: Request, error: RequestRefused) -> JSONResponse:
        return refuse(400, "SEC-05", str(error))

    @app.exception_handler(OtherOffset)
    async def elsewhere(request: Request, error: OtherOffset) -> JSONResponse:
        return JSONResponse({"reached": error.reached.count, "published": error.reached.published}, 409)

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> JSONResponse:
        return refuse(400, "NET-02", "the connection broke")  # nobody hears it, but it is no fault of ours

    @app.exception_handler(TooSlow)
    async def too_slow(request: Request, error: TooSlow) -> JSONResponse:
        return refuse(408, "NET-02", str(error), {"Connection": "close"})

    @app.exception_handler(OperationalError)
    async def away(request: Request, error: OperationalError) -> JSONResponse:
        log.error("the database does not answer", extra={"fault": type(error.orig).__name__})
        return refuse(503, "NET-03", "the gateway's database does not answer", {"Retry-After": "10"})

    @app.exception_handler(DBAPIError)
    async def broken(request: Request, error: DBAPIError) -> JSONResponse:
        log.error("the database refused", extra={"fault": type(error.orig).__name__})
        return refuse(503, "NET-03", "the gateway's database refused", {"Retry-After": "30"})

    @app.exception_handler(LedgerDamaged)
    async def damaged(request: Request, error: LedgerDamaged) -> JSONResponse:
        log.critical("the log is damaged", extra={"code": "SYN-06"})
        return refuse(503, "SYN-06", "the gateway's log is damaged", {"Retry-After": "300"})
