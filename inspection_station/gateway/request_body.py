"""A request's body as it comes: within limits of size and time, whoever sends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from inspection_station.headquarters.wire import TooLarge

SILENT_SECONDS = 120.0  # a body that brings nothing for so long has lost its station
LONGEST_SECONDS = 900.0  # of one body, however it trickles; a station ends its own streams after one minute


class TooSlow(Exception):
    """A body stood still, or went on for longer than any of a station's."""


async def in_time(request: Request) -> AsyncIterator[bytes]:
    """Piece by piece. Raises TooSlow, ClientDisconnect."""
    chunks, until = request.stream(), asyncio.get_running_loop().time() + LONGEST_SECONDS
    while True:
        left = until - asyncio.get_running_loop().time()
        try:
            chunk = await asyncio.wait_for(anext(chunks), min(SILENT_SECONDS, max(0.0, left)))
        except TimeoutError:
            raise TooSlow("a body stood still") from None
        except StopAsyncIteration:
            return
        yield chunk


async def whole(request: Request, limit: int) -> bytes:
    """All of it. Raises TooLarge, before anything is read where its length is told; TooSlow, ClientDisconnect."""
    told = request.headers.get("content-length", "0")
    if len(told) > len(str(limit)) or int(told) > limit:
        raise TooLarge("the body exceeds the limit")
    gathered = bytearray()
    async for chunk in in_time(request):
        gathered += chunk
        if len(gathered) > limit:
            raise TooLarge("the body exceeds the limit")
    return bytes(gathered)
