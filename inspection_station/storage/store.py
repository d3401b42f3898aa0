"""The station's store: what the desk and the exchange use. Safe from any thread; one thread inside writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, date, timedelta, tzinfo
from pathlib import Path

from inspection_station.durable_names import make_names_durable
from inspection_station.inspection.codec import MalformedPlain
from inspection_station.inspection.events import Event
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.anchor import AnchorKeeper
from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import (
    Connection,
    FolderLock,
    open_writer,
    translated,
)
from inspection_station.storage.errors import NotADatabase, RecordRefused, StoreDamaged, StoreUnavailable
from inspection_station.storage.incarnation import Head, read_head, require_clock, take_up
from inspection_station.storage.journal import append_event, event_text, take_journal
from inspection_station.storage.keys import KeySource
from inspection_station.storage.late_hits import LateHits
from inspection_station.storage.migrations import migrate, require_known, shipped
from inspection_station.storage.moving import end_move
from inspection_station.storage.outbox import Outbox
from inspection_station.storage.reader import StoreReader, require_nothing_lost, require_same_side, size_of
from inspection_station.storage.retention import PurgeTurns
from inspection_station.storage.sealing import Sealing, prepare, seal
from inspection_station.storage.values import (
    AuditEntry,
    JournaledInspection,
    OutboxStatus,
    SealedRecord,
    StoreCheck,
    StoredRecord,
)
from inspection_station.storage.voyage_close import ClosingStep, Progress, VoyageClosed, VoyageClosing
from inspection_station.storage.writer import Writer

_SMALLEST = 512  # bytes of the smallest page


def _unheard(fault: StoreUnavailable | None) -> None:
    """Nobody listens."""


def _untold(step: ClosingStep, share: float) -> None:
    """Nobody watches."""


class StationStore:
    """Open it once a process. Reading calls raise StoreUnavailable when the database cannot be read."""

    def __init__(
        self,
        reader: StoreReader,
        writer: Writer,
        anchor: AnchorKeeper,
        lock: FolderLock,
        clock: Clock,
        incarnation: str,
        earlier: bool,
        aftermath: _Aftermath,
        folder: Path,
        key_source: KeySource,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._anchor = anchor
        self._lock = lock
        self._clock = clock
        self._aftermath = aftermath
        self._folder = folder
        self._key_source = key_source
        self._late_hits = LateHits(reader.ask, writer.submit, clock)
        self._damage: StoreDamaged | None = None
        self._listener: Callable[[StoreUnavailable | None], None] = _unheard
        self.incarnation = incarnation
        """Id of the store as it is counted now: a copy that is put back gets another one."""
        self.of_an_earlier_moment = earlier
        """Whether this is not as the store was last in use: a copy was put back, or the last records were lost."""

    @classmethod
    def open(cls, folder: Path, key_source: KeySource, *, station_id: str, clock: Clock) -> StationStore:
        """Lock the folder, unlock and migrate the database, judge clock and anchor, start writing.

        Raises StoreUnavailable: AlreadyOpen, KeyStoreMissing, KeyStoreRefused, WrongKey, NotADatabase, SchemaTooNew,
        StoreDamaged, ClockBehind, DiskFull.
        """
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        require_same_side(folder, key_source)
        used = FolderLock.was_held(folder)
        lock = FolderLock(folder)
        try:
            return cls._open_locked(folder, key_source, station_id, clock, lock, used)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _open_locked(
        cls, folder: Path, key_source: KeySource, station_id: str, clock: Clock, lock: FolderLock, used: bool
    ) -> StationStore:
        size = size_of(folder)
        if 0 < size < _SMALLEST:  # SQLite would take it for an empty database
            raise NotADatabase("the file is too short to be a database")
        if size == 0:
            require_nothing_lost(folder, key_source, used)
        key = key_source.key(create=True) if size == 0 else end_move(folder, key_source)
        connection = open_writer(folder, key)
        try:
            with translated(folder):
                require_known(connection, shipped())
                now = clock.now()
                migrate(connection, iso(now))
                require_clock(connection, now)
                head = take_up(connection, station_id, key_source.training, key_source.read_anchor(), now)
                if size == 0:  # a record is on the medium only if the name of its file is
                    make_names_durable(folder)
                    make_names_durable(folder.parent)
            reader = StoreReader(folder, key, clock)
        except BaseException:
            connection.close()
            raise
        anchor = AnchorKeeper(key_source)
        anchor.put(head.anchor())
        keeper = _Aftermath(anchor, head)
        writer = Writer(connection, folder, keeper)
        return cls(reader, writer, anchor, lock, clock, head.incarnation, head.earlier, keeper, folder, key_source)

    @property
    def fault(self) -> StoreUnavailable | None:
        """Why nothing new may be begun on this store; None while all is well. Damage stands."""
        return self._damage or self._writer.fault

    def look_over(self, stop: Callable[[], bool]) -> StoreDamaged | None:
        """As ``StoreReader.look_over``: after a start, beside all other work. Damage is told to the listener, too."""
        damage = self._reader.look_over(stop)
        if damage is not None:
            self._fault_changed(damage)
        return damage

    def on_fault(self, listener: Callable[[StoreUnavailable | None], None]) -> None:
        """Call ``listener``, on whatever thread, when ``fault`` is another, with None when all is well again.

        It is told at once of a fault that stands already (a disk without room to spare at opening).
        """
        self._listener = listener
        self._writer.on_fault = self._fault_changed
        if (standing := self.fault) is not None:
            listener(standing)

    def _fault_changed(self, fault: StoreUnavailable | None) -> None:
        if isinstance(fault, StoreDamaged):
            self._damage = fault  # that writing works again, on another page, mends nothing
        self._listener(self._damage or fault)

    def on_sealed(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` on the writer's thread after records were sealed; it must return at once."""
        self._aftermath.on_sealed = listener

    def journal(self, inspection_id: str, event: Event) -> None:
        """Queue an event of an inspection that is not sealed. Returns at once; written in order, before a later seal.

        While the disk cannot take it the event is kept and tried again (``fault``, ``on_fault``). Raises StoreClosed,
        RecordRefused for an event that cannot be written, and the standing fault when ten thousand events wait.
        """
        text, at = _event_text(event), iso(self._clock.now())
        self._writer.keep(lambda connection: append_event(connection, inspection_id, at, text))

    def seal(self, record: InspectionRecord, blobs: Mapping[str, bytes], event: Event) -> Future[SealedRecord]:
        """Write record, pictures (by SHA-256, hex), messages and audit in one transaction and end the journal.

        The future resolves when all of it is on the medium, or fails with StoreUnavailable (nothing was written, try
        again) or RecordRefused (CollectionForbidden, PictureMismatch, SealedDifferently). Sealing the same record again
        gives the same answer.
        """
        try:
            sealing = prepare(record, blobs, _event_text(event))
        except RecordRefused as refusal:
            return _failed(refusal)
        except MalformedPlain as error:
            return _failed(RecordRefused(f"the record cannot be written: {error.problem}"))
        try:
            return self._writer.submit(lambda connection: self._seal(connection, sealing))
        except StoreUnavailable as error:
            return _failed(error)

    @property
    def outbox(self) -> Outbox:
        """The store as the exchange uses it."""
        return Outbox(self._reader.ask, self._writer.submit, self._clock)

    def note(self, actor: str, act: str, subject: str = "", detail: str = "") -> None:
        """Queue an entry of the audit; no traveller's data in it."""
        at = iso(self._clock.now())
        self._writer.keep(lambda connection: append_audit(connection, at, actor, act, subject, detail))

    def keep_for(self, kept_for: timedelta, first_look: float = 60.0) -> None:
        """From now on destroy by itself what headquarters holds for good and was kept this long, while no inspection is
        open; ``first_look``: seconds until the first look.
        """
        self._writer.now_and_then(PurgeTurns(self._clock, kept_for), first_look)

    def close_voyage(self, kept_for: timedelta, progress: Progress = _untold) -> Future[VoyageClosed]:
        """Destroy what is due and move to a store under a fresh key. Everything else asked of the store waits for it.

        The future fails with StoreUnavailable (InspectionOpen, AlreadyOpen while somebody reads, DiskFull, …); the
        store goes on all the same. ``progress`` is called on the writer's thread. Raises StoreClosed.
        """
        closing = VoyageClosing(self._folder, self._key_source, self._reader, self._clock, kept_for, progress)
        return self._writer.alone(closing)

    @property
    def late_hits(self) -> LateHits:
        """What headquarters found after the decision. One object: who listens to it hears of every arrival."""
        return self._late_hits

    def discard_journal(self, inspection_id: str) -> None:
        """Forget the events of an inspection that will not be sealed. Queued, and audited."""
        at = iso(self._clock.now())

        def work(connection: Connection) -> None:
            events = len(take_journal(connection, inspection_id))
            append_audit(connection, at, "station", "journal discarded", inspection_id, f"{events} events")

        self._writer.keep(work)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything queued so far is on the medium. Raises StoreUnavailable, TimeoutError."""
        self._writer.submit(lambda connection: None).result(timeout)

    def unfinished(self) -> tuple[JournaledInspection, ...]:
        """Inspections that a crash left behind, oldest first, with their events in order."""
        return self._reader.unfinished()

    def records(self, limit: int = 50, before: int | None = None) -> tuple[StoredRecord, ...]:
        """Newest first, without content; ``before`` is the position of the last one seen."""
        return self._reader.records(limit, before)

    def record(self, inspection_id: str) -> StoredRecord | None:
        """One record with content and history; None when the id is unknown."""
        return self._reader.record(inspection_id)

    def picture(self, inspection_id: str, sha256: str) -> bytes | None:
        """A picture kept with a record."""
        return self._reader.picture(inspection_id, sha256)

    def message(self, message_id: str) -> bytes | None:
        """What a message of the outbox carries."""
        return self._reader.message(message_id)

    def count_today(self, day: date, zone: tzinfo = UTC) -> int:
        """Records decided on a day of the time zone."""
        return self._reader.count_today(day, zone)

    def outbox_status(self) -> OutboxStatus:
        """What waits to be sent."""
        return self._reader.outbox_status()

    def audit(self, limit: int = 50) -> tuple[AuditEntry, ...]:
        """Newest entries of the audit first."""
        return self._reader.audit(limit)

    def check(self) -> StoreCheck:
        """The full check; nobody waits for it."""
        return self._reader.check()

    def close(self) -> None:
        """Write what is queued, end the threads, let go of the folder. A second call does nothing."""
        self._reader.close()
        self._writer.close()
        self._anchor.close()
        self._lock.release()

    def _seal(self, connection: Connection, sealing: Sealing) -> SealedRecord:
        return seal(connection, sealing, self._clock.now(), self._clock.monotonic())


class _Aftermath:
    """What follows when the writer's queue has run empty: the anchor moves to where the chain stands, and who waits for
    new records hears of them.
    """

    def __init__(self, anchor: AnchorKeeper, head: Head) -> None:
        self.on_sealed: Callable[[], None] = _nobody
        self._anchor = anchor
        self._sequence = head.sequence

    def __call__(self, connection: Connection) -> None:
        head = read_head(connection)
        if head.sequence != self._sequence:
            self._sequence = head.sequence
            self._anchor.put(head.anchor())
            self.on_sealed()


def _nobody() -> None:
    """Nobody waits for new records."""


def _event_text(event: Event) -> str:
    try:
        return event_text(event)
    except MalformedPlain as error:
        raise RecordRefused(f"the event cannot be written: {error.problem}") from error


def _failed(error: Exception) -> Future[SealedRecord]:
    future: Future[SealedRecord] = Future()
    future.set_exception(error)
    return future
