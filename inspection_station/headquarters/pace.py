"""How many connections fill a link, found by trying: on one that loses packets a single connection gets a part of it;
on a good one more of them only crowd.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_CONNECTIONS = 12
SMALLEST_PART, LARGEST_PART = 32 << 10, 256 << 10
_PART_SECONDS = 4.0
_BETTER = 1.01  # a connection more must bring at least this over what is usual
_AS_GOOD = 0.99  # one less must still bring this of the best …
_FADING = 0.995  # … that was seen lately
_CALM = 2  # measurements with one number before another is tried


@dataclass(slots=True)
class Pace:
    """How many connections to use and how much to send at once, by the pace they bring. Kept from round to round.

    A number is measured for a while, then one more or one less is tried, by turns. Links that lose packets make every
    measurement noisy, so one less has to hold its own against the best that was seen: a link that is full shows little
    noise, and one that is not full is not left by chance.
    """

    connections: int = 4
    most: int = MOST_CONNECTIONS
    rate: float = 0.0  # bytes a second, all connections together
    _seen: list[float] = field(default_factory=list)  # with the present number, or before the one that is tried
    _best: float = 0.0
    _tried: int = 0  # +1, -1, or 0: none is tried
    _next: int = 1
    _calm: int = 1  # measurements still to be made; the first number is a guess

    @property
    def part(self) -> int:
        """Bytes of one part: some seconds' worth, so that little is sent again after a break."""
        return int(min(LARGEST_PART, max(SMALLEST_PART, self.rate * _PART_SECONDS / self.connections)))

    def measured(self, bytes_a_second: float) -> None:
        """Take a measurement with the present number into account and choose the next."""
        self.rate = bytes_a_second
        self._best = max(bytes_a_second, self._best * _FADING)
        if self._tried:
            good = bytes_a_second >= (self._usual * _BETTER if self._tried > 0 else self._best * _AS_GOOD)
            if not good:
                self.connections -= self._tried
                self._next = -self._tried
            self._seen, self._calm = [bytes_a_second] if good else [], 0 if good and self._tried > 0 else _CALM
            self._tried = 0
        else:
            self._seen.append(bytes_a_second)
            self._calm -= 1
        if self._calm <= 0:
            self._try()

    def broken(self) -> None:
        """A connection broke: what was measured says nothing of what comes. The number stays as it was."""
        self.connections -= self._tried
        self._best, self._seen, self._tried, self._next, self._calm = 0.0, [], 0, 1, _CALM

    @property
    def _usual(self) -> float:
        return sum(self._seen) / len(self._seen)

    def _try(self) -> None:
        if not 1 <= self.connections + self._next <= self.most:
            self._next = -self._next
        self.connections += self._next
        self._tried = self._next
