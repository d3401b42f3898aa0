"""The files of one chip, each read once and compared with what the state signed; what was read before the document was
moved is kept where it is beyond doubt.
"""

from __future__ import annotations

from collections.abc import Mapping

from inspection_station.documents.emrtd import lds, passive_authentication
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.biometric_headers import check_biometric_headers
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.common_data import check_common_data, listed_groups
from inspection_station.documents.emrtd.data_groups import Portrait, portraits, zone_lines
from inspection_station.documents.emrtd.errors import ChipRefused, DocumentExchanged, MalformedChipData
from inspection_station.documents.emrtd.group_format import check_format
from inspection_station.documents.emrtd.security_object import SecurityObject, parse_security_object
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.inspection.chip import ChipCheck

PROTECTED = frozenset({3, 4})
"""Fingers and irises, which open to terminal authentication alone."""
_WITHHELD = (Status.SECURITY_NOT_SATISFIED, Status.CONDITIONS_NOT_SATISFIED, Status.NOT_SUPPORTED)
"""No chip has a reason to answer so about a key that it is there to prove (part 10 §3.6: open to whoever opened it)."""


class GroupReading:
    """Reads through ``reader`` and appends what it finds to ``checks``. ``kept`` are files from before the document was
    moved. ``refused``: with which status the chip kept the group asked for last to itself.
    """

    def __init__(self, reader: lds.FileReader, checks: list[ChipCheck], kept: Mapping[str, bytes]) -> None:
        self._reader, self._checks, self._kept = reader, checks, kept
        self._confirmed: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.refused: int | None = None

    def security_object(self) -> SecurityObject | None:
        """EF.SOD taken apart; None, with the check that says why, where there is none to go by."""
        check = Check.SECURITY_OBJECT_SIGNATURE
        try:
            content = self._reader.read(lds.SOD)
        except ChipRefused as refusal:
            if refusal.status != Status.FILE_NOT_FOUND:
                raise
            self._confirm(lds.SOD, b"")
            self._checks.append(check.failed(Why.NO_SECURITY_OBJECT()))
            return None
        self._confirm(lds.SOD, content)
        self.files[lds.SOD.name] = content
        try:
            sod = parse_security_object(content)
        except AlgorithmUnknown as fault:
            self._checks.append(check.undetermined(Why.NOT_SPOKEN(fault.detail)))
            return None
        except MalformedChipData as fault:
            self._checks.append(check.failed(Why.MALFORMED(fault.detail)))
            return None
        for number, file in enumerate(lds.GROUPS, 1):
            if file.name in self._kept and sod.agrees_with(number, self._kept[file.name]):
                self._confirmed[file.name] = self._kept[file.name]
        return sod

    def _confirm(self, file: lds.ElementaryFile, content: bytes) -> None:
        """What was read before must be there again, byte for byte."""
        if self._kept.get(file.name, content) != content:
            raise DocumentExchanged(f"{file.name} of the document that was put back is another")

    def content(self, file: lds.ElementaryFile) -> bytes:
        """Read once; what agrees with EF.SOD is not read again although the document was moved. DG1 is: it shows that
        the same document answers, and that the chip has the keys of chip authentication.
        """
        if file.name not in self.files:
            kept = self._confirmed.get(file.name) if file != lds.DG1 else None
            content = self._reader.read(file) if kept is None else kept
            if file == lds.DG1:
                self._confirm(file, content)
            self.files[file.name] = content
        return self.files[file.name]

    def group(self, number: int, sod: SecurityObject | None) -> bytes | None:
        """A data group, or None with the check that says why there is none."""
        file = lds.GROUPS[number - 1]
        self.refused = None
        try:
            content = self.content(file)
        except ChipRefused as refusal:
            signed = sod is not None and number in sod.hashes
            self.refused = refusal.status
            if refusal.status == Status.FILE_NOT_FOUND and signed:
                self._checks.append(Check.DATA_GROUP_HASH.failed(Why.GROUP_MISSING(group=file.name)))
            else:
                why = Why.GROUP_UNREADABLE(f"{refusal.status:04X}", group=file.name)
                self._checks.append(Check.DATA_GROUP_HASH.undetermined(why))
            return None
        if sod is None:
            self._checks.append(Check.DATA_GROUP_HASH.undetermined(Why.NO_SECURITY_OBJECT_FOR(file.name)))
        else:
            self._checks.extend(passive_authentication.check_hashes(sod, {number: content}))
        return content

    def signed_group(self, number: int, sod: SecurityObject, check: Check) -> bytes | None:
        """A data group with a key, if it is as the state signed it; else None, and ``check`` says why it cannot be
        made. A group that the state signed and the chip lacks or withholds is what a copy without the key looks like.
        """
        content = self.group(number, sod)
        if content is not None and sod.agrees_with(number, content):
            return content
        if content is not None:
            self._checks.append(check.undetermined(Why.GROUP_NOT_AS_SIGNED(group=f"DG{number}")))
        elif self.refused == Status.FILE_NOT_FOUND:
            self._checks.append(check.failed(Why.KEY_GROUP_MISSING(group=f"DG{number}")))
        elif self.refused in _WITHHELD:
            why = Why.KEY_GROUP_WITHHELD(group=f"DG{number}", status=f"{self.refused:04X}")
            self._checks.append(check.failed(why))
        else:
            self._checks.append(check.undetermined(Why.GROUP_CANNOT_BE_READ(group=f"DG{number}")))
        return None

    def zone(self, sod: SecurityObject | None) -> tuple[str, ...] | None:
        """The lines of DG1; None with the checks that say why."""
        content = self.group(1, sod)
        if content is None:
            self._checks.append(Check.MRZ_AGAINST_CHIP.undetermined(Why.GROUP_COULD_NOT_BE_READ(group="DG1")))
            return None
        try:
            return zone_lines(content)
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(Why.GROUP_MALFORMED(fault.detail, group="DG1")))
            self._checks.append(Check.MRZ_AGAINST_CHIP.undetermined(Why.GROUP_IS_MALFORMED(group="DG1")))
            return None

    def portrait(self, sod: SecurityObject | None) -> Portrait | None:
        """The first portrait of DG2."""
        content = self.group(2, sod)
        if content is None:
            return None
        headers = check_biometric_headers(2, content)
        self._checks.extend([headers] if headers is not None else [])
        try:
            return portraits(content)[0]
        except MalformedChipData as fault:
            self._checks.append(Check.DATA_GROUP_FORMAT.failed(Why.GROUP_MALFORMED(fault.detail, group="DG2")))
            return None

    def listed(self, sod: SecurityObject) -> frozenset[int]:
        """The groups that EF.COM lists, with the check of its list; none where it gives none."""
        try:
            common = self.content(lds.COM)
        except ChipRefused as refusal:
            why = Why.FILE_CANNOT_BE_READ(f"{refusal.status:04X}", group=lds.COM.name)
            self._checks.append(Check.COMMON_DATA.undetermined(why))
            return frozenset()
        except MalformedChipData as fault:
            self._checks.append(Check.COMMON_DATA.failed(Why.MALFORMED(fault.detail)))
            return frozenset()
        self._checks.append(check_common_data(common, sod))
        try:
            return listed_groups(common)
        except MalformedChipData:
            return frozenset()  # as the check says

    def further_groups(self, sod: SecurityObject) -> None:
        """What EF.COM and EF.SOD name beyond the usual."""
        for number in sorted((set(sod.hashes) | self.listed(sod)) - {2, *PROTECTED}):
            if lds.GROUPS[number - 1].name not in self.files:
                content = self.group(number, sod)
                self._checks.extend([check_format(number, content)] if content is not None else [])
