"""Comparing faces one to one and looking for one in groups: from an effect and the pictures in memory to the event.

Runs in the matching pool. The history photograph and the candidates' pictures come into the vault beside the others,
and go with the inspection.
"""

from __future__ import annotations

from dataclasses import replace

from inspection_station.desk.ports import Clock, FaceComparer, FaceGroups, HistoryPhotographs, StepFault
from inspection_station.desk.vault import Vault
from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import ComparisonResult, NotCompared, ReferenceKind
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.face_search import FaceProbe

_JP2 = b"\x00\x00\x00\x0cjP  "
_CODESTREAM = b"\xff\x4f\xff\x51"


def media_type(image: bytes) -> str:
    """Of an encoded picture, by its first bytes."""
    if image.startswith(b"\x89PNG"):
        return "image/png"
    return "image/jp2" if image.startswith((_JP2, _CODESTREAM)) else "image/jpeg"


class FaceWork:
    """Thread-safe. ``groups`` and ``history`` are None on a station that has no place for them."""

    def __init__(
        self,
        faces: FaceComparer,
        groups: FaceGroups | None,
        history: HistoryPhotographs | None,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._faces = faces
        self._groups = groups
        self._history = history
        self._vault = vault
        self._clock = clock

    def compared(self, effect: fx.CompareFaces) -> e.FacesCompared:
        """Live face with chip portrait, and each of them with the history photograph. Raises StepFault."""
        if effect.probe is None:
            raise StepFault("BIO-07", "no picture to compare")
        started = self._clock.monotonic()
        results: list[ComparisonResult] = []
        if effect.reference is not None:
            template = self._vault.template(effect.probe)
            found = self._faces.compare(self._bytes(effect.probe), self._bytes(effect.reference), template)
            results += [replace(one, reference=effect.kind) for one in found]
        with_history, not_compared = self._with_history(effect)
        results += with_history
        if not results:  # pre-clearance, where history is all there is
            raise StepFault(not_compared[0].code or "HIS-02", not_compared[0].detail)
        spent = (self._clock.monotonic() - started) * 1000
        return e.FacesCompared(effect.attempt, spent, 0.0, tuple(results), not_compared)

    def searched(self, effect: fx.SearchFaceGroups) -> e.FaceGroupsSearched:
        """One face in all groups. Raises StepFault."""
        if self._groups is None:
            raise StepFault("GRP-01", "no group is loaded")
        started = self._clock.monotonic()
        picture, template = self._bytes(effect.face), self._vault.template(effect.face)
        answer = self._groups.search(picture, template, effect.probe, self._clock.now())
        shown = {place: self._vault.put(data, media_type(data)) for place, data in answer.pictures.items()}
        candidates = tuple(
            replace(one, picture=shown.get((one.group_id, one.reference_id))) for one in answer.result.candidates
        )
        spent = (self._clock.monotonic() - started) * 1000
        return e.FaceGroupsSearched(effect.attempt, spent, 0.0, replace(answer.result, candidates=candidates))

    def _with_history(self, effect: fx.CompareFaces) -> tuple[list[ComparisonResult], tuple[NotCompared, ...]]:
        kind = ReferenceKind.HISTORY
        if effect.probe is None or not effect.document_number:
            return [], (NotCompared(kind, "", "no document number"),)
        try:
            if self._history is None:
                raise StepFault("HIS-01", "none are loaded")
            photograph = self._history.photograph(effect.document_number, self._clock.now())
        except StepFault as fault:
            return [], (NotCompared(kind, fault.code, fault.detail),)
        if photograph is None:
            return [], (NotCompared(kind, "", "none of this number"),)
        shown = self._vault.put(photograph, media_type(photograph))
        sides = [(effect.probe, FaceProbe.LIVE if effect.reference is not None else FaceProbe.CHIP_PORTRAIT)]
        if effect.reference is not None:
            sides.append((effect.reference, FaceProbe.CHIP_PORTRAIT))
        found: list[ComparisonResult] = []
        for picture, probe in sides:
            try:
                results = self._faces.compare(self._bytes(picture), photograph, self._vault.template(picture))
            except StepFault as fault:
                if shown not in (effect.probe, effect.reference):
                    self._vault.forget([shown])
                return [], (NotCompared(kind, "HIS-03", fault.detail),)
            found += [replace(one, reference=kind, probe=probe, reference_image=shown) for one in results]
        return found, ()

    def _bytes(self, ref: BlobRef) -> bytes:
        data = self._vault.get(ref)
        if data is None:
            raise StepFault("BIO-07", "a picture is no longer in memory")
        return data
