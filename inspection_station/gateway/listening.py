"""The socket that a service of this machine answers on, taken before it is told where that is."""

from __future__ import annotations

import socket

_WAITING = 2048  # connections that may wait to be taken up, as uvicorn has it


class NobodyListens(Exception):
    """Nothing can listen there: the port is another program's, or no address of this machine."""


def listen(address: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free. Raises NobodyListens, ValueError."""
    if not 0 <= port < 1 << 16:
        raise ValueError("a port lies between 0 and 65535")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = socket.socket(family)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((address, port))
        place.listen(_WAITING)
        place.set_inheritable(True)  # to further workers
    except (OSError, ValueError) as error:
        place.close()
        raise NobodyListens("nothing can listen on this address and port") from error
    return place
