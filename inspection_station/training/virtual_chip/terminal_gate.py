"""The card's side of terminal authentication: whom it trusts, what day it is, and what it has granted (BSI TR-03110-1
§3.5, TR-03110-3 §2.5 to §2.7, B.3, B.11).

Trust points and date are the chip's lasting memory; everything else ends with the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.cv_certificates import AUTHORITY, CvCertificate, Right, Role, parse_cv_parts
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.training.virtual_chip.commands import CardCommand, CardError

TRUST_POINTS_BYTES = 36
_NOTHING = Right(0)


class TerminalGate:
    """One chip's. ``roots`` are the CVCA certificates it trusts, the newest last; ``today`` its idea of the day;
    ``granted`` what may be read in this session.
    """

    def __init__(self, roots: tuple[CvCertificate, ...], today: date, random: Callable[[int], bytes]) -> None:
        self._roots = list(roots[-2:])
        self._random = random
        self.today = today
        self.forget()

    def forget(self) -> None:
        """The session ended."""
        self.granted = _NOTHING
        self._chain: list[CvCertificate] = []
        self._issuer: CvCertificate | None = None
        self._terminal: CvCertificate | None = None
        self._challenge: bytes | None = None
        self._tried = False
        self._pieces = b""

    @property
    def trust_points(self) -> bytes:
        """EF.CVCA: the newest reference first, zeros behind."""
        names = [tlv.encode(AUTHORITY, root.holder.encode("latin-1")) for root in reversed(self._roots)]
        return b"".join(names).ljust(TRUST_POINTS_BYTES, b"\0")

    @property
    def awaits_signature(self) -> bool:
        """Whether a terminal was chosen, so that GET CHALLENGE and EXTERNAL AUTHENTICATE belong to it."""
        return self._terminal is not None

    def choose_issuer(self, command: CardCommand) -> None:
        """MSE:Set DST: whose key verifies the next certificate; 6A88 for one that is not known."""
        name = _reference(command.data)
        known = [*self._roots, *self._chain[-1:]]
        self._issuer = next((certificate for certificate in known if certificate.holder == name), None)
        if self._issuer is None:
            raise CardError(Status.REFERENCED_DATA_NOT_FOUND)

    def verify_certificate(self, command: CardCommand) -> None:
        """PSO: VERIFY CERTIFICATE, its data perhaps in a chain of commands."""
        if command.cla & 0x10:
            self._pieces += command.data
            return
        data, self._pieces = self._pieces + command.data, b""
        issuer, self._issuer = self._issuer, None
        if issuer is None:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        try:
            body, signature = (element.raw for element in tlv.elements(data))
            certificate = parse_cv_parts(body, signature)
            genuine = certificate.signed_by(issuer.key)
        except (ChipFault, ValueError):
            raise CardError(Status.WRONG_DATA) from None
        expired = certificate.expires < self.today and not certificate.link
        allowed = certificate.authority == issuer.holder and certificate.role in issuer.role.issues
        if not genuine or not allowed or expired:
            raise CardError(Status.WRONG_KEY)
        self._take(certificate, issuer)

    def _take(self, certificate: CvCertificate, issuer: CvCertificate) -> None:
        """Import it: curve inherited, date moved on by whoever is trusted with it, a new root kept for good."""
        try:
            certificate = _with_key(certificate, issuer)
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None
        accurate = issuer.role is Role.DV_DOMESTIC or certificate.role in (Role.CVCA, Role.DV_DOMESTIC)
        if accurate and certificate.effective > self.today:
            self.today = certificate.effective
        if certificate.link:
            self._roots = [*[root for root in self._roots if root.holder != certificate.holder][-1:], certificate]
            self._chain = []
        else:
            self._chain = [certificate] if issuer in self._roots else [*self._chain, certificate]

    def choose_terminal(self, command: CardCommand) -> None:
        """MSE:Set AT: the terminal whose certificate was the last."""
        last = self._chain[-1] if self._chain else None
        if last is None or last.role is not Role.TERMINAL or last.holder != _reference(command.data):
            raise CardError(Status.REFERENCED_DATA_NOT_FOUND)
        self._terminal = last

    def challenge(self) -> bytes:
        """Eight bytes, for one signature."""
        self._challenge = self._random(8)
        return self._challenge

    def authenticate(self, command: CardCommand, identities: tuple[bytes, ...], key: bytes | None) -> None:
        """EXTERNAL AUTHENTICATE: ``identities`` are those this chip takes itself for, ``key`` the compressed one of
        chip authentication (None: that did not go before). One attempt a session.
        """
        if command.cla & 0x10:
            self._pieces += command.data
            return
        signature, self._pieces = self._pieces + command.data, b""
        challenge, self._challenge = self._challenge, None
        terminal, self._terminal = self._terminal, None
        if terminal is None or challenge is None or key is None or self._tried:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        self._tried = True
        if not any(terminal.key.verifies(signature, identity + challenge + key) for identity in identities):
            raise CardError(Status.WRONG_KEY)
        self.granted = self._effective_rights()

    def _effective_rights(self) -> Right:
        rights = Right.FINGERS | Right.IRISES
        for certificate in self._chain:
            rights &= certificate.rights
        return rights


def _with_key(certificate: CvCertificate, issuer: CvCertificate) -> CvCertificate:
    return replace(certificate, key=certificate.key.on(issuer.key.curve))


def _reference(data: bytes) -> str:
    try:
        return tlv.find(data, 0x83).value.decode("latin-1")
    except MalformedChipData:
        raise CardError(Status.WRONG_DATA) from None
