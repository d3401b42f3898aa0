"""What to do next where a verb of the exchange, of packs or of the store cannot go on; by code, or by act."""

from __future__ import annotations

DO = {
    "NET-02": "check the link and the address, then run this again; nothing is lost",
    "NET-03": "wait a while, then run this again",
    "SEC-03": "ask headquarters whether this station is enrolled; nothing is deleted",
    "SEC-04": "run «inspection-station enrol ADDRESS» with a ticket of headquarters",
    "SEC-05": "type the ticket as headquarters gave it, or ask for a new one",
    "SEC-06": "do not go on: ask headquarters whether its gateway was replaced",
    "SYN-02": "fetch the file again, or tell the administrator",
    "SYN-03": "install the newer program",
    "SYN-04": "tell the administrator; it is tried again by itself",
    "SYN-08": "take the bundle that was made for this station",
}

# The store belongs to the running station, which does all of this itself: there is never a second writer.
RUNNING = {
    "enrol": "end the station, enrol it, then start it again",
    "sync": "press F12 on its screen, then 1: it asks at once; it exchanges by itself anyway",
    "export": "press F12 on its screen, then 2: it exports to a stick itself",
    "import": "press F12 on its screen, then 3: it takes the bundle in itself",
    "close-voyage": "press F12 on its screen, then 5: it closes the voyage itself",
}
