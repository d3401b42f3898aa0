"""A trust directory, file by file: what each holds, and what all of them together are worth.

Certificates ``*.cer *.crt *.der *.pem``, revocation lists ``*.crl``, master lists ``*.ml``, lists of defects ``*.dfl``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from inspection_station.documents.emrtd.certificates import (
    Certificate,
    RevocationList,
    parse_certificate,
    parse_revocation_list,
    pem_blocks,
)
from inspection_station.documents.emrtd.defect_lists import DEFECT_LIST, DEFECT_SIGNER, DefectList, parse_defect_list
from inspection_station.documents.emrtd.defects import Defect
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.master_list import MasterList, parse_master_list
from inspection_station.documents.emrtd.trust_store import Trust, TrustProblem, TrustStore, UsedList

MAX_FILE = 32 * 1024 * 1024
UNVERIFIED = ".unverified"
"""Before the ending of a list that somebody took by hand although its signer leads to no root, or nobody signed it."""
CERTIFICATE_SUFFIXES = frozenset({".cer", ".crt", ".der", ".pem"})
SUFFIXES = CERTIFICATE_SUFFIXES | {".crl", ".ml", ".dfl"}
_NEWER = "a newer list of the same authority is here"
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_Family = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class TrustFile:
    """One file taken apart. ``fault`` is why it cannot be used at all; then it holds nothing."""

    name: str
    certificates: tuple[Certificate, ...] = ()
    revocations: tuple[RevocationList, ...] = ()
    master_list: MasterList | None = None
    defect_list: DefectList | None = None
    fault: str | None = None

    @property
    def by_hand(self) -> bool:
        """Whether somebody took the list although it could not be verified."""
        return Path(self.name).stem.endswith(UNVERIFIED)


@dataclass(slots=True)
class _Contents:
    roots: list[Certificate] = field(default_factory=list)
    listed: list[Certificate] = field(default_factory=list)
    unverified: list[Certificate] = field(default_factory=list)
    connecting: list[Certificate] = field(default_factory=list)
    signers: list[Certificate] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    lists: list[UsedList] = field(default_factory=list)
    problems: list[TrustProblem] = field(default_factory=list)


def read_file(path: Path) -> TrustFile:
    """The file taken apart; never raises for what it holds."""
    try:
        if not path.is_file():  # a pipe would keep the station waiting
            raise MalformedChipData("not a file")
        if path.stat().st_size > MAX_FILE:
            raise MalformedChipData("larger than 32 MB")
        return parse_file(path.name, path.read_bytes())
    except ChipFault as fault:
        return TrustFile(path.name, fault=fault.detail)
    except OSError as fault:
        return TrustFile(path.name, fault=fault.strerror or "cannot be read")


def parse_file(name: str, data: bytes) -> TrustFile:
    """By the name's ending; ChipFault where the content is of another kind, breaks its format or carries no signature
    that holds.
    """
    suffix = Path(name).suffix.lower()
    if suffix == ".ml":
        return TrustFile(name, master_list=parse_master_list(data))
    if suffix == ".dfl":
        return TrustFile(name, defect_list=parse_defect_list(data))
    blocks = pem_blocks(data) or [("X509 CRL" if suffix == ".crl" else "CERTIFICATE", data)]
    certificates = [parse_certificate(der) for label, der in blocks if label.endswith("CERTIFICATE")]
    revocations = [parse_revocation_list(der) for label, der in blocks if label == "X509 CRL"]
    return TrustFile(name, tuple(certificates), tuple(revocations))


def read_directory(directory: Path) -> TrustStore:
    """NotADirectoryError without one."""
    if not directory.is_dir():
        raise NotADirectoryError("the trust directory does not exist")
    paths = sorted(directory.iterdir())
    named = [path for path in paths if path.suffix.lower() in SUFFIXES]
    return assemble([read_file(path) for path in named], _misnamed(path for path in paths if path not in named))


def _misnamed(paths: Iterable[Path]) -> list[TrustProblem]:
    """Files that begin as a certificate or list does, under an ending that says nothing of it: somebody meant them."""
    told = f"begins as a certificate or list does, but is named otherwise than {' '.join(sorted(SUFFIXES))}"
    return [TrustProblem(path.name, told) for path in paths if not path.name.startswith(".") and _begins_so(path)]


def _begins_so(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(11).startswith((b"\x30\x82", b"\x30\x83", b"\x30\x80", b"-----BEGIN "))
    except OSError:
        return False


def assemble(files: Sequence[TrustFile], problems: Iterable[TrustProblem] = ()) -> TrustStore:
    """The store that the files make together: lists count only where their signers lead to a root among them."""
    contents = _Contents(problems=list(problems))
    for file in files:
        if file.fault is not None:
            contents.problems.append(TrustProblem(file.name, file.fault))
        for certificate in file.certificates:
            _sort_in(certificate, file.name, contents)
    pinned = _take_master_lists(files, contents)
    _take_defect_lists(files, pinned, contents)
    verified = {certificate.raw for certificate in (*contents.roots, *contents.listed)}
    return TrustStore(
        (*contents.roots, *contents.listed, *contents.unverified),
        connecting=contents.connecting,
        signers=contents.signers,
        revocations=[one for file in files for one in file.revocations],
        problems=contents.problems,
        pinned=contents.roots,
        unverified=(c for c in contents.unverified if c.raw not in verified),
        defects=contents.defects,
        lists=contents.lists,
    )


def refusal_of(
    found: MasterList | DefectList, pinned: TrustStore, connecting: Iterable[Certificate] = ()
) -> str | None:
    """Why a list's signer may not be believed; None when it may. ``pinned`` is what ``list_roots`` gives."""
    signer = found.signer
    if signer is None:
        return "nobody signed the list"
    carried = TrustStore(pinned.anchors, connecting=(*pinned.connecting, *connecting, *found.carried))
    if pinned.path_for(signer).trust is not Trust.ANCHORED and carried.path_for(signer).trust is not Trust.ANCHORED:
        return "the list's signer leads to no certificate of this directory"
    return None if found.may_be_signed_so else "the list's signer is not made for signing such lists"


def list_roots(store: TrustStore) -> TrustStore:
    """To whom the signer of a list may lead: the roots put in one by one, and other roots of the same countries that a
    verified list holds. So a list signed under a state's older root is verified where a list of another state, itself
    led to a root put in by hand, vouches for that root; a state of which nothing was put in by hand signs no lists.
    """
    countries = {root.subject.country for root in store.pinned} - {None}
    vouched = (c for c in store.anchors if c.raw not in store.unverified and c.subject.country in countries)
    return TrustStore((*store.pinned, *vouched), connecting=store.connecting)


def _take_master_lists(files: Sequence[TrustFile], contents: _Contents) -> TrustStore:
    """Verified lists first, as long as one leads to another; to whom lists may lead in the end.

    A list says whom a state trusts when it signs it (Doc 9303 part 12 §5.3): of those that one state signed only the
    newest counts, so that a root which it has struck off is trusted no longer. An older one may lead to it.
    """
    waiting = [(file, file.master_list) for file in files if file.master_list is not None]
    taken: list[tuple[TrustFile, MasterList]] = []
    while True:
        listed = (certificate for _, found in taken for certificate in found.certificates)
        roots = list_roots(
            TrustStore((*contents.roots, *listed), connecting=contents.connecting, pinned=contents.roots)
        )
        verified = [pair for pair in waiting if refusal_of(pair[1], roots) is None]
        if not verified:
            break
        taken.extend(verified)
        waiting = [pair for pair in waiting if pair not in verified]
    for file, found in taken:
        if _superseded(found, [other for _, other in taken]):
            contents.problems.append(TrustProblem(file.name, _NEWER))
        else:
            _take_master_list(file, found, None, contents)
    for file, found in waiting:
        _take_master_list(file, found, refusal_of(found, roots), contents)
    return roots


def _superseded(found: MasterList, others: Iterable[MasterList]) -> bool:
    """Whether another list of the same state was signed later; a list that does not say when stands for itself."""
    own, signed_at = found.signer.issuer.country, found.signed_at
    if own is None or signed_at is None:
        return False
    return any(
        other.signer.issuer.country == own and other.signed_at is not None and other.signed_at > signed_at
        for other in others
    )


def _take_master_list(file: TrustFile, found: MasterList, refusal: str | None, contents: _Contents) -> None:
    contents.problems.extend(TrustProblem(file.name, reason) for reason in found.unusable)
    if refusal is not None and not file.by_hand:
        contents.problems.append(TrustProblem(file.name, refusal))
        return
    (contents.listed if refusal is None else contents.unverified).extend(found.certificates)
    contents.lists.append(_used("master list", file.name, len(found.certificates), found, refusal is None))


def _take_defect_lists(files: Sequence[TrustFile], pinned: TrustStore, contents: _Contents) -> None:
    """Of a family of lists only the newest counts, and only those whose signer may be believed make it up."""
    newest: dict[_Family, DefectList] = {}
    for file in files:
        found = file.defect_list
        if found is None:
            continue
        contents.problems.extend(TrustProblem(file.name, reason) for reason in found.unusable)
        family = _family(found)
        if family is not None and refusal_of(found, pinned) is None:
            best = newest.get(family, found)
            newest[family] = max(best, found, key=lambda one: one.signed_at or _LONG_AGO)
    for file in files:
        found = file.defect_list
        if found is None:
            continue
        refusal, family = refusal_of(found, pinned), _family(found)
        if refusal is not None and not file.by_hand:
            contents.problems.append(TrustProblem(file.name, refusal))
        elif refusal is None and family is not None and newest[family] is not found:
            contents.problems.append(TrustProblem(file.name, _NEWER))
        else:
            contents.defects.extend(d if refusal is None else d.taken_by_hand() for d in found.defects)
            contents.lists.append(_used(found.kind, file.name, len(found.defects), found, refusal is None))


def _used(kind: str, file: str, entries: int, found: MasterList | DefectList, verified: bool) -> UsedList:
    signer = found.signer.fingerprint if found.signer is not None else None
    return UsedList(kind, file, entries, found.signed_at, signer, found.sha256, verified)


def _family(found: DefectList) -> _Family | None:
    """Lists of which only the newest counts: a German defect list is always complete. States spread their deviations
    over several lists, so that each of those stands for itself; so does what nobody signed.
    """
    if found.own_usage != DEFECT_SIGNER or found.signer is None or found.signed_at is None:
        return None
    return DEFECT_LIST, found.signer.issuer.attributes


def _sort_in(certificate: Certificate, name: str, contents: _Contents) -> None:
    """A certificate put into the directory by hand: root, link or document signer."""
    own = certificate.authority_key is None or certificate.authority_key == certificate.key_id
    if certificate.self_issued and own:
        try:
            genuine = certificate.signed_by(certificate)
        except ChipFault as fault:
            contents.problems.append(TrustProblem(name, fault.detail))
            return
        if genuine:
            contents.roots.append(certificate)
        else:
            contents.problems.append(TrustProblem(name, "a self-issued certificate that its own key did not sign"))
    elif certificate.authority:
        contents.connecting.append(certificate)
    else:
        contents.signers.append(certificate)
