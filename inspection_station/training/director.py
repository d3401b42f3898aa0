"""The director of a lesson: sends travellers to the stage one after the other, with what is odd about each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from threading import Lock

from inspection_station.training.devices.stage import TrainingStage
from inspection_station.training.personas.traveller import TrainingTraveller, lesson
from inspection_station.training.voyage_list import VoyageList

_BATCH = 20


class Director:
    """Endless travellers from a seed. Thread-safe; the newest one stands on the stage until ``leave``.

    ``voyage``: the list that they are put on, where the lesson is about landing; ``meanwhile`` carries such work out
    beside whoever calls; ``stepped_up`` hears of each before the document can be read.
    """

    def __init__(
        self,
        stage: TrainingStage,
        seed: int,
        today: date,
        voyage: VoyageList | None = None,
        meanwhile: Callable[[Callable[[], object]], object] = lambda work: work(),
        stepped_up: Callable[[TrainingTraveller], None] = lambda traveller: None,
    ) -> None:
        self._stage = stage
        self._voyage = voyage
        self._meanwhile = meanwhile
        self._stepped_up = stepped_up
        self._lock = Lock()
        self._queue = self._endless(seed, today)
        self._next: TrainingTraveller | None = None
        self._current: TrainingTraveller | None = None

    @property
    def current(self) -> TrainingTraveller | None:
        """Who stands on the stage."""
        return self._current

    def call_next(self) -> TrainingTraveller:
        """The next traveller steps up; the one before leaves, and the one after is drawn meanwhile."""
        with self._lock:
            called = self.present(self._next or next(self._queue))
            self._next = None
            self._look_ahead()
            return called

    def look_ahead(self) -> None:
        """Have the next traveller drawn, so that they are ready when called."""
        with self._lock:
            self._look_ahead()

    def prepare(self, traveller: TrainingTraveller) -> None:
        """Have a coming traveller drawn and wait for it, so that the devices do not spend their time on it.

        Raises DeviceError when the drawing fails.
        """
        self._stage.prepare(traveller)

    def expect(self, traveller: TrainingTraveller) -> None:
        """Have a coming traveller drawn while the present one is inspected; returns at once."""
        self._stage.expect(traveller)

    def announce(self, people: Sequence[TrainingTraveller]) -> None:
        """Who comes in this lesson; where it is about landing, they were inspected before. Raises OSError."""
        if self._voyage is not None:
            self._voyage.announce(people)

    def present(self, traveller: TrainingTraveller) -> TrainingTraveller:
        """This traveller steps up, with the device fault that goes with them."""
        self.leave()
        if self._voyage is not None and not self._voyage.knows(traveller):
            self._voyage.announce((traveller,))
        self._stepped_up(traveller)
        self._current = traveller
        self._stage.present(traveller)
        return traveller

    def lay_down_again(self) -> None:
        """The document is lifted and put down once more."""
        self._stage.put_down_again()

    def leave(self) -> None:
        """The traveller goes; nobody is there."""
        if self._current is not None:
            self._stage.remove()
            self._current = None

    def _look_ahead(self) -> None:
        if self._next is None:
            self._next = next(self._queue)
        self._stage.expect(self._next)

    def _endless(self, seed: int, today: date) -> Iterator[TrainingTraveller]:
        while True:
            people = lesson(seed, _BATCH, today)
            if self._voyage is not None:
                self._meanwhile(partial(self._voyage.announce, people))
            yield from people
            seed += 1
