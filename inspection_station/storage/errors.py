"""What can go wrong with the store. ``code`` is what the officer reads; no text holds personal data.

A fault of SQLite or of the file system becomes one of these in ``connection.translate`` and nowhere else.
"""

from __future__ import annotations


class StoreUnavailable(Exception):
    """The store cannot be used. Inspections stop until it can: nothing may be decided that is not kept."""

    code = "STO-05"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class DiskFull(StoreUnavailable):
    """No space is left; nothing of the failed act was written. Free space and try again."""

    code = "STO-01"


class KeyStoreMissing(StoreUnavailable):
    """This machine has no key store we trust (no desktop session, no service, only a plaintext backend)."""

    code = "STO-02"


class KeyStoreRefused(StoreUnavailable):
    """The key store is there and does not give the key: locked, access denied, or it does not keep what it is given."""

    code = "STO-02"


class WrongKey(StoreUnavailable):
    """The key does not open the database, or the database exists and its key does not."""

    code = "STO-03"


class NotADatabase(WrongKey):
    """The file is no database under this key: another key's, or damaged at its first page (the cipher cannot tell)."""


class StoreDamaged(StoreUnavailable):
    """The database opens and contradicts itself: a backup is put back, and what lies here is kept beside."""

    code = "STO-09"


class SchemaTooNew(StoreUnavailable):
    """A later version of this program wrote the store. It is never migrated backwards."""

    code = "STO-03"


class SchemaTooOld(StoreUnavailable):
    """A reader found a store that is not migrated yet; starting the station migrates it."""

    code = "STO-06"


class AlreadyOpen(StoreUnavailable):
    """Another running station holds this store."""

    code = "STO-04"


class InspectionOpen(StoreUnavailable):
    """Not while a traveller is before the officer."""

    code = "STO-08"


class StoreMissing(StoreUnavailable):
    """No store has been created in this folder."""

    code = "STO-06"


class StoreClosed(StoreUnavailable):
    """The store was closed; this act came too late and was not done."""


class ClockBehind(StoreUnavailable):
    """The clock is before the last record: set it, or ages and limits of every list would be judged wrongly."""

    code = "SEC-01"


class RecordRefused(Exception):
    """The store will not keep this, however healthy it is. A fault of the caller; trying again does not help."""

    code = "STO-07"


class CollectionForbidden(RecordRefused):
    """Biometric pictures for a person of whom none may be collected (Immigration Act art. 91). Nothing was written."""

    code = "BIO-05"


class PictureMismatch(RecordRefused):
    """The pictures given are not those that the record names, by content and size."""


class SealedDifferently(RecordRefused):
    """This inspection is sealed already, with other content. The first stays; a correction is a new inspection."""
