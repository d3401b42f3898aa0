"""The gateway's route by which stations ask agencies' systems."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from inspection_station.gateway.agencies.asking import Agencies
from inspection_station.gateway.openapi import CBOR, OF_STATIONS, cbor_in, cbor_out, for_stations, refusals
from inspection_station.gateway.request_body import whole
from inspection_station.gateway.stations import KnownStation
from inspection_station.headquarters.questions import Answers, Questions
from inspection_station.headquarters.wire import BadSignature

LIMIT = 2 << 20  # bytes: eight questions with two pictures between them


def questions_router(gateway_id: str, agencies: Agencies, station: Any) -> APIRouter:
    """The route; ``station`` is the dependency that admits a station by its certificate."""
    router = APIRouter()

    @router.post(
        "/v1/questions",
        openapi_extra=for_stations(cbor_in("questions/1")),
        responses=cbor_out("answers/1") | OF_STATIONS | refusals(400, 408, 413),
        response_class=Response,
    )
    async def questions(request: Request, known: KnownStation = station) -> Response:
        """Ask agencies' systems within the station's deadline. Every question gets an answer for each system that its
        topic is asked of; what did not come in time is «not checked». The same question again gets the same answer.
        """
        asked = await run_in_threadpool(Questions.decode, await whole(request, LIMIT))
        if asked.station != known.station_id:
            raise BadSignature("questions of another station than the certificate's")
        answer = Answers(gateway_id, await agencies.answers(asked))
        return Response(answer.encode(), media_type=CBOR)

    return router
