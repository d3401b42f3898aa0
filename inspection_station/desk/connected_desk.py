"""The desk as screens get it: the inspection's desk, and beside it how the exchange with headquarters stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from inspection_station.desk import commands as c
from inspection_station.desk.exchange_side import ExchangeSide
from inspection_station.desk.exchange_view import ExchangeView
from inspection_station.desk.view import Desk, DeskSnapshot, FrameSlot
from inspection_station.inspection.document import BlobRef


class ConnectedDesk:
    """Implements ``view.Desk``: commands of the exchange go to its side, all others to ``desk``.

    Listeners are called on the desk's thread or on the exchange's side's; of two snapshots with the same number the
    later one is the newer.
    """

    def __init__(self, desk: Desk, side: ExchangeSide) -> None:
        self._desk, self._side = desk, side

    @property
    def frames(self) -> FrameSlot:
        return self._desk.frames

    @property
    def finger_frames(self) -> FrameSlot:
        return self._desk.finger_frames

    def snapshot(self) -> DeskSnapshot:
        return self.joined(self._desk.snapshot())

    def joined(self, snapshot: DeskSnapshot) -> DeskSnapshot:
        """A snapshot of the desk alone with how the exchange stands now."""
        return _joined(snapshot, self._side.view)

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._desk.picture(ref)

    def post(self, command: c.Command) -> None:
        """Returns at once."""
        if isinstance(command, c.ExchangeCommand):
            self._side.carry_out(command)
        else:
            self._desk.post(command)

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        """Every snapshot from now on, and one for every change of the exchange."""
        forget_desk = self._desk.subscribe(lambda snapshot: listener(_joined(snapshot, self._side.view)))
        forget_side = self._side.listen(lambda view: listener(_joined(self._desk.snapshot(), view)))

        def forget() -> None:
            forget_side()
            forget_desk()

        return forget


def _joined(snapshot: DeskSnapshot, view: ExchangeView) -> DeskSnapshot:
    unsent = view.waiting if view.lanes else snapshot.unsent  # the outbox empties between two travellers too
    oldest = snapshot.oldest_unsent_seconds if unsent else None
    return replace(snapshot, online=view.online, exchange=view, unsent=unsent, oldest_unsent_seconds=oldest)
