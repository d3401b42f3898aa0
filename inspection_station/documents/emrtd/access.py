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
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.chip_authentication import AgreedSession
from inspection_station.documents.emrtd.errors import AccessNotSpoken, ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.security_infos import Mapping, PaceInfo, SecurityInfos, parse_security_infos
from inspection_station.inspection.chip import AccessProtocol, ChipCheck

_MASTER_FILE = Command(0xA4, 0x00, 0x0C, b"\x3f\x00")


class ChipAccess:
    """Opens one chip with one key. ``protocol`` and ``detail`` say how it was opened, once it is.

    ``card_access`` are the unsigned offers (None: no such file); ``pace_info`` and ``pace_session`` the one taken up;
    ``card_security`` is EF.CardSecurity where chip-authentication mapping needs it; ``files`` hold them both;
    ``extended_refused`` whether the chip has shown that it takes no extended lengths; ``agreed`` what chip
    authentication led to, in this session.
    """

    def __init__(self, channel: Channel, key: AccessKey, random: Random) -> None:
        self._channel = channel
        self._key = key
        self._random = random
        self._offers: tuple[PaceInfo, ...] = ()
        self.protocol = AccessProtocol.NONE
        self.detail = ""
        self.card_access: SecurityInfos | None = None
        self.pace_info: PaceInfo | None = None
        self.pace_session: pace.PaceSession | None = None
        self.card_security: bytes | None = None
        self.files: dict[str, bytes] = {}
        self.extended_refused = False
        self.agreed: AgreedSession | None = None

    def open(self) -> tuple[ChipCheck, ...]:
        """Grants access and selects the application; AccessDenied where the key is wrong."""
        self.card_access = self._read_card_access()
        self._offers = self.card_access.pace if self.card_access is not None else ()
        spoken = [offer for offer in self._offers if pace.speaks(offer)]
        refusal: AccessNotSpoken | ChipRefused | None = None
        if spoken:
            offer = max(spoken, key=lambda o: (o.cipher, o.mapping is Mapping.ECDH_CAM, o.mapping.elliptic))
            try:
                self._open_with_pace(offer)
            except (AccessNotSpoken, ChipRefused) as fault:
                refusal = fault
                self.pace_info = self.pace_session = None
            else:
                self.protocol, self.detail = AccessProtocol.PACE, offer.description
                return (Check.ACCESS_PACE.successful(self.detail),)
        return self._open_without_pace(refusal)

    def _open_without_pace(self, refusal: AccessNotSpoken | ChipRefused | None) -> tuple[ChipCheck, ...]:
        """BAC, and where PACE was offered, why it was not used: a check failed where the chip took its offer back,
        undetermined where the offer is not spoken here.
        """
        offers = self._offers
        if not isinstance(self._key, MrzKey):
            if refusal is not None:
                raise refusal
            offered = f"only {offers[0].description}" if offers else "no PACE"
            raise AccessNotSpoken(f"a card access number needs PACE; the chip offers {offered}: use the zone")
        try:
            found = self._open_with_bac(self._key)
        except (AccessNotSpoken, ChipRefused):
            if refusal is not None:
                raise refusal from None
            raise
        if refusal is not None:
            why = Why.PACE_REFUSED(f"({refusal.detail}); {self._used} was used")
            return (found, Check.ACCESS_PACE.failed(why))
        if offers:
            told = f"{offers[0].description} was offered and is not spoken here; {self._used} was used"
            why = Why.PACE_NOT_SPOKEN(told)
            return (found, Check.ACCESS_PACE.undetermined(why))
        return (found,)

    @property
    def _used(self) -> str:
        return "no protection" if self.protocol is AccessProtocol.NONE else self.protocol.value

    def reopen(self) -> None:
        """A new session of the same kind after the chip ended the last one."""
        self.agreed = None
        if self.pace_info is not None:
            self._pace_in_master_file(self.pace_info)
            self._select()
            return
        self._channel.secure = None
        self._select()
        if self.protocol is AccessProtocol.BAC and isinstance(self._key, MrzKey):
            self._channel.secure = bac.authenticate(self._channel, self._key, self._random)

    @property
    def key(self) -> AccessKey:
        """What it was opened with."""
        return self._key

    def _read_card_access(self) -> SecurityInfos | None:
        """What EF.CardAccess offers. A chip that was left in its application is asked again from the master file."""
        reader = lds.FileReader(self._channel, lambda: None, extended=False)
        try:
            content = reader.read(lds.CARD_ACCESS)
        except ChipRefused:
            if not self._channel.send(_MASTER_FILE).ok:
                return None
            try:
                content = reader.read(lds.CARD_ACCESS)
            except ChipRefused:
                return None
        self.files[lds.CARD_ACCESS.name] = content
        return parse_security_infos(content)

    def _open_with_pace(self, offer: PaceInfo) -> None:
        self._agree(offer)
        self.pace_info = offer
        if offer.mapping is Mapping.ECDH_CAM:
            self.card_security = self._read_card_security(offer)
        self._select()

    def _agree(self, offer: PaceInfo) -> None:
        ambiguous = len(self._offers) > 1
        self.pace_session = pace.authenticate(self._channel, offer, self._key, self._random, ambiguous=ambiguous)
        self._channel.secure = self.pace_session.messaging

    def _pace_in_master_file(self, offer: PaceInfo) -> None:
        self._channel.secure = None
        self._channel.send(_MASTER_FILE)
        self._agree(offer)

    def _read_card_security(self, offer: PaceInfo) -> bytes | None:
        """It lies in the master file, so it comes before the application. None where it cannot be had."""
        reader = lds.FileReader(self._channel, lambda: self._pace_in_master_file(offer))
        try:
            found = self.files[lds.CARD_SECURITY.name] = reader.read(lds.CARD_SECURITY)
            return found
        except (ChipRefused, MalformedChipData):
            if self._channel.secure is None:
                self._pace_in_master_file(offer)
            return None
        finally:
            self.extended_refused = reader.fallbacks > 0

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
