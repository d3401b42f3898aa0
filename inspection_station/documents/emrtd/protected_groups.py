"""DG3 and DG4, which a chip gives to a terminal with its state's leave alone: opening them, and opening them again.

Where there is no key for a state nothing is tried: the chip would refuse, and some block themselves for a while.
"""

from __future__ import annotations

from datetime import date

from inspection_station.documents.emrtd import chip_authentication, lds
from inspection_station.documents.emrtd import terminal_authentication as terminal
from inspection_station.documents.emrtd.access import ChipAccess
from inspection_station.documents.emrtd.apdu import Channel
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.chip_authentication import AgreedSession
from inspection_station.documents.emrtd.cv_certificates import Right
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.pace import Random, group_of
from inspection_station.documents.emrtd.security_infos import SecurityInfos
from inspection_station.documents.emrtd.terminal_authentication import Binding
from inspection_station.documents.emrtd.terminal_keys import NoChain, TerminalChain, TerminalKeys
from inspection_station.inspection.chip import AccessProtocol, ChipCheck

RIGHTS = {3: Right.FINGERS, 4: Right.IRISES}
"""The right that each protected group needs."""


class ProtectedGroups:
    """Terminal authentication on one chip. ``rights`` are what the chip has granted in this session."""

    def __init__(
        self,
        channel: Channel,
        access: ChipAccess,
        infos: SecurityInfos,
        keys: TerminalKeys,
        day: date,
        random: Random,
        *,
        extended: bool,
    ) -> None:
        self._channel, self._access, self._infos, self._keys = channel, access, infos, keys
        self._day, self._random, self._extended = day, random, extended
        self._chain: TerminalChain | None = None
        self._kind = ""
        self.rights = Right(0)

    def open(self) -> ChipCheck:
        """Successful with ``rights`` set; undetermined where the station has no keys; failed where the chip refuses.

        Whatever comes out, the session goes on.
        """
        check = Check.TERMINAL_AUTHENTICATION
        try:
            points = terminal.read_trust_points(self._channel, self._trust_points_file())
        except (ChipRefused, MalformedChipData) as fault:
            self._restore()
            return check.failed(Why.TERMINAL_TRUST_UNREADABLE(fault.detail))
        try:
            chain = self._keys.chain_for(points, self._day)
        except NoChain as reason:
            return check.undetermined(Why.NO_TERMINAL_CHAIN(str(reason)))
        if not chain.rights & Right.FINGERS:
            return check.undetermined(Why.NO_FINGER_RIGHT(str(points[0])))
        refusals: list[str] = []
        for kind in self._kinds():
            try:
                if refusals:
                    self._renew_session()
                self._authenticate(chain, kind)
            except (ChipRefused, MalformedChipData) as fault:
                refusals.append(fault.detail)
            else:
                self._chain, self._kind, self.rights = chain, kind, chain.rights
                return check.successful(
                    f"{chain.key.certificate.key.scheme.description}, {len(chain.certificates)} certificates "
                    f"below {chain.certificates[0].authority}, bound to the {_BOUND[kind]}"
                )
        self._restore()
        return check.failed(Why.TERMINAL_REFUSED(refusals[0]))

    def renew(self) -> None:
        """After the chip ended the session: everything again, as it was. ChipRefused where it does not go."""
        if self._chain is not None:
            self._authenticate(self._chain, self._kind)

    def _trust_points_file(self) -> lds.ElementaryFile:
        told, usual = self._infos.trust_points_file, terminal.TRUST_POINTS
        if told is None:
            return usual
        return lds.ElementaryFile(usual.name, usual.sfi if told.sfi is None else told.sfi, told.fid, None)

    def _kinds(self) -> tuple[str, ...]:
        """Dynamic binding first; the static one is for documents from before it was forbidden (TR-03110-1 §3.5)."""
        return (_DYNAMIC, "static") if self._access.protocol is AccessProtocol.PACE else ("document number",)

    def _binding(self, kind: str) -> Binding:
        agreed = self._access.agreed or self._agree()
        key = terminal.compressed(agreed.group, agreed.public)
        info, session = self._access.pace_info, self._access.pace_session
        if kind == _DYNAMIC and info is not None and session is not None:
            return Binding(terminal.compressed(group_of(info), session.chip_public), key)
        return Binding(terminal.document_identity(self._access.key), key)

    def _authenticate(self, chain: TerminalChain, kind: str) -> None:
        binding = self._binding(kind)
        terminal.send_chain(self._channel, chain, extended=self._extended)
        terminal.authenticate(self._channel, chain, binding, extended=self._extended)

    def _agree(self) -> AgreedSession:
        """Chip authentication, whose proof is every answer that follows."""
        offers = chip_authentication.agreements(self._infos)
        if not offers:
            raise MalformedChipData("chip authentication, which goes first, is not offered")
        agreed = chip_authentication.authenticate(self._channel, offers[0], self._random)
        self._channel.secure, self._access.agreed = agreed.messaging, agreed
        return agreed

    def _renew_session(self) -> None:
        """A chip takes one attempt a session."""
        self._access.reopen()
        self._agree()

    def _restore(self) -> None:
        if self._channel.secure is None:
            self._access.reopen()


_DYNAMIC = "dynamic"
_BOUND = {"document number": "document number", _DYNAMIC: "session", "static": "password (static)"}
