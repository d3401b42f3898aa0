"""The gateway's routes for pictures' bytes: many in one stream, or a part of one as older stations send it."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from inspection_station.gateway.openapi import (
    OF_STATIONS,
    PART_IN,
    STREAM_IN,
    PictureState,
    StreamState,
    UploadState,
    for_stations,
    refusals,
)
from inspection_station.gateway.picture_intake import PictureIntake
from inspection_station.gateway.pictures import PictureStore
from inspection_station.gateway.request_body import TooSlow, in_time
from inspection_station.gateway.stations import KnownStation
from inspection_station.headquarters.messages import PICTURE_LIMIT
from inspection_station.headquarters.wire import TooLarge

log = logging.getLogger(__name__)

PART_LIMIT = 1 << 20


def pictures_router(pictures: PictureStore, station: Any) -> APIRouter:
    """The routes; ``station`` is the dependency that admits a station by its certificate."""
    router = APIRouter()

    @router.post(
        "/v1/pictures",
        openapi_extra=for_stations(STREAM_IN),
        responses=OF_STATIONS | refusals(400, 408, 413),
    )
    async def stream(request: Request, known: KnownStation = station) -> StreamState:
        """Append to many pictures in one request, each part as it arrives (``headquarters/picture_stream.py``). A part
        that does not begin where its picture ends here is left out; the answer tells how far each picture is. What
        came before the stream broke, or was refused, is kept.
        """
        intake = PictureIntake(pictures)
        try:
            async for chunk in in_time(request):
                for part in intake.parts(chunk):
                    await run_in_threadpool(intake.keep, part)
        except (ClientDisconnect, TooSlow) as fault:
            await run_in_threadpool(intake.keep_rest)
            log.info("a stream of pictures broke off", extra={"count": len(intake.reached)})
            if isinstance(fault, TooSlow):
                raise
        else:
            await run_in_threadpool(intake.end)
        return StreamState(
            pictures=[
                PictureState(sha256=sha256.hex(), reached=reached.count, published=reached.published)
                for sha256, reached in intake.reached.items()
            ]
        )

    @router.patch(
        "/v1/pictures/{sha256}",
        openapi_extra=for_stations(PART_IN),
        responses={409: {"model": UploadState, "description": "another offset: here is the true one"}}
        | OF_STATIONS
        | refusals(413, 422),
    )
    async def upload(
        request: Request,
        sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="of the whole picture")],
        upload_offset: Annotated[int, Header(ge=0, le=PICTURE_LIMIT, description="where the part begins")],
        upload_length: Annotated[int, Header(ge=1, le=PICTURE_LIMIT, description="bytes of the whole picture")],
        known: KnownStation = station,
    ) -> UploadState:
        """Append to one picture, as stations before streams do. What came before a broken connection is kept."""
        part = await _part(request)
        reached = await run_in_threadpool(pictures.append, bytes.fromhex(sha256), upload_length, upload_offset, part)
        return UploadState(reached=reached.count, published=reached.published)

    return router


async def _part(request: Request) -> bytes:
    """What came of a part, also when the connection broke, or stood still, in the middle."""
    gathered = bytearray()
    try:
        async for chunk in in_time(request):
            gathered += chunk
            if len(gathered) > PART_LIMIT:
                raise TooLarge("a part exceeds the limit")
    except (ClientDisconnect, TooSlow):
        log.info("an upload broke off", extra={"bytes": len(gathered)})
    return bytes(gathered)
