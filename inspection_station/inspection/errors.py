"""What the core refuses."""

from __future__ import annotations


class EventNotAllowed(ValueError):
    """The event cannot happen now. ``reasons`` are stable keys, e.g. ``finding:comparison:no-match``."""

    def __init__(self, event: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{event} is not allowed now: {', '.join(reasons)}")
        self.event = event
        self.reasons = reasons
