"""Opening a chip: which protocol it takes, and opening it again when it ended the session (Doc 9303 part 11 §4.2)."""

from __future__ import annotations

from inspection_station.documents.emrtd import bac, lds
from inspection_station.documents.emrtd.access_keys import AccessKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Status
from inspection_station.documents.emrtd.bac import Random
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import AccessNotSpoken, ChipRefused
from inspection_station.inspection.chip import AccessProtocol, ChipCheck


class ChipAccess:
    """Opens one chip with one key. ``protocol`` and ``detail`` say how it was opened, once it is."""

    def __init__(self, channel: Channel, key: AccessKey, random: Random) -> None:
        self._channel = channel
        self._key = key
        self._random = random
        self.protocol = AccessProtocol.NONE
        self.detail = ""

    def open(self) -> ChipCheck:
        """Selects the application and grants access; AccessDenied where the key is wrong."""
        if not isinstance(self._key, MrzKey):
            raise AccessNotSpoken("a card access number needs PACE, which is not yet spoken; use the zone")
        self._select()
        try:
            self._channel.secure = bac.authenticate(self._channel, self._key, self._random)
        except AccessNotSpoken:
            return self._open_without_protection()
        self.protocol, self.detail = AccessProtocol.BAC, "3DES"
        return Check.ACCESS_BAC.successful("BAC with 3DES")

    def reopen(self) -> None:
        """A new session of the same kind after the chip ended the last one."""
        self._channel.secure = None
        self._select()
        if self.protocol is AccessProtocol.BAC and isinstance(self._key, MrzKey):
            self._channel.secure = bac.authenticate(self._channel, self._key, self._random)

    def _select(self) -> None:
        response = lds.select_application(self._channel)
        if response.status in (Status.SM_OBJECTS_MISSING, Status.SM_OBJECTS_WRONG):
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
