"""Opening a chip: which protocol it takes, and opening it again when it ended the session (Doc 9303 part 11 §4.2).

PACE goes first where the chip offers it in a form spoken here. A refused password is the end: nothing falls back to
Basic Access Control behind the officer's back, and where BAC serves although PACE was offered, a check of its own
says so.
"""

from __future__ import annotations

from inspection_station.documents.emrtd import bac, lds, pace
from inspection_station.documents.emrtd.access_keys import AccessKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Status
from inspection_station.documents.emrtd.bac import Random
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import AccessNotSpoken, ChipRefused
from inspection_station.documents.emrtd.security_infos import PaceInfo, pace_infos
from inspection_station.inspection.chip import AccessProtocol, ChipCheck

_MASTER_FILE = Command(0xA4, 0x00, 0x0C, b"\x3f\x00")


class ChipAccess:
    """Opens one chip with one key. ``protocol`` and ``detail`` say how it was opened, once it is."""

    def __init__(self, channel: Channel, key: AccessKey, random: Random) -> None:
        self._channel = channel
        self._key = key
        self._random = random
        self._pace: PaceInfo | None = None
        self._offers = 0
        self.protocol = AccessProtocol.NONE
        self.detail = ""
        self.card_access: bytes | None = None

    def open(self) -> tuple[ChipCheck, ...]:
        """Grants access and selects the application; AccessDenied where the key is wrong."""
        offers = self._offered()
        spoken = [offer for offer in offers if pace.speaks(offer)]
        if spoken:
            self._pace, self._offers = max(spoken, key=lambda offer: offer.cipher), len(offers)
            self._open_with_pace(self._pace)
            self.protocol, self.detail = AccessProtocol.PACE, self._pace.description
            return (Check.ACCESS_PACE.successful(self.detail),)
        if not isinstance(self._key, MrzKey):
            offered = f"only {offers[0].description}" if offers else "no PACE"
            raise AccessNotSpoken(f"a card access number needs PACE; the chip offers {offered}: use the zone")
        found = self._open_with_bac(self._key)
        if offers:
            refused = f"{offers[0].description} was offered and is not spoken here; {self.protocol} was used"
            return (found, Check.ACCESS_PACE.undetermined(refused))
        return (found,)

    def reopen(self) -> None:
        """A new session of the same kind after the chip ended the last one."""
        self._channel.secure = None
        if self._pace is not None:
            self._channel.send(_MASTER_FILE)
            self._open_with_pace(self._pace)
            return
        self._select()
        if self.protocol is AccessProtocol.BAC and isinstance(self._key, MrzKey):
            self._channel.secure = bac.authenticate(self._channel, self._key, self._random)

    def _offered(self) -> tuple[PaceInfo, ...]:
        """What EF.CardAccess offers. A chip that was left in its application is asked again from the master file."""
        reader = lds.FileReader(self._channel, lambda: None, extended=False)
        for attempt in range(2):
            try:
                self.card_access = reader.read(lds.CARD_ACCESS)
                return pace_infos(self.card_access)
            except ChipRefused:
                if attempt or not self._channel.send(_MASTER_FILE).ok:
                    break
        return ()

    def _open_with_pace(self, offer: PaceInfo) -> None:
        scalar = pace.random_scalar(self._random)
        self._channel.secure = pace.authenticate(self._channel, offer, self._key, scalar, ambiguous=self._offers > 1)
        self._select()

    def _open_with_bac(self, key: MrzKey) -> ChipCheck:
        self._select()
        try:
            self._channel.secure = bac.authenticate(self._channel, key, self._random)
        except AccessNotSpoken:
            return self._open_without_protection()
        self.protocol, self.detail = AccessProtocol.BAC, "3DES"
        return Check.ACCESS_BAC.successful("BAC with 3DES")

    def _select(self) -> None:
        response = lds.select_application(self._channel)
        if response.status in (Status.SM_OBJECTS_MISSING, Status.SM_OBJECTS_WRONG) and not response.secured:
            # A session left over from another reader: the chip ends it with this answer.
            response = lds.select_application(self._channel)
        if not response.ok:
            raise ChipRefused("SELECT of the travel document application", response.status)

    def _open_without_protection(self) -> ChipCheck:
        """Some early chips let anyone read: then the first file opens in clear."""
        response = self._channel.send(Command(0xB0, 0x80 | lds.SOD.sfi, 0, le=8))
        if not response.ok and response.status != Status.END_OF_FILE:
            raise AccessNotSpoken("the chip takes neither Basic Access Control nor unprotected reading")
        self.detail = "none asked for"
        return Check.ACCESS.successful("the chip asks for no access protocol")
