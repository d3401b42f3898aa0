"""Rows of the lists' page about papers: the permit of whom one is asked, and the place on the voyage's manifest."""

from __future__ import annotations

from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.papers import Announced, ManifestAnswer, PermitAnswer, PermitStatus
from inspection_station.inspection.watchlist import WatchlistResult
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording


def paper_rows(inspection: Inspection, result: WatchlistResult, wording: Wording) -> tuple[FieldRow, ...]:
    """None for what is not asked of this person or voyage."""
    rows = []
    permit = result.permit
    if permit is not None and inspection.collection.person_class in permit.needed_by:
        rows.append(_permit(permit, wording))
    if result.manifest is not None:
        rows.append(_manifest(result.manifest, wording))
    return tuple(rows)


def _permit(permit: PermitAnswer, wording: Wording) -> FieldRow:
    label, state = wording.text("list.permits"), wording.text(f"permit.{permit.status.value}")
    if permit.status is PermitStatus.NOT_CHECKED:
        return FieldRow(label, wording.error("PMT-04").why, Tone.UNCHECKED, state)
    if permit.status is PermitStatus.NONE:
        return FieldRow(label, permit.version, Tone.BAR, state)
    value = wording.text("lists.permit", number=permit.number, until=permit.valid_until)
    if permit.status is not PermitStatus.VALID:
        return FieldRow(label, value, Tone.BAR, state)
    return FieldRow(label, value, Tone.LOOK if permit.differing or permit.stale else Tone.OK, state)


def _manifest(manifest: ManifestAnswer, wording: Wording) -> FieldRow:
    label = wording.text("list.manifest")
    if manifest.status is Announced.NOT_CHECKED:
        return FieldRow(label, wording.error("MAN-02").why, Tone.UNCHECKED, wording.text("announced.not checked"))
    if manifest.status is Announced.NO:
        return FieldRow(label, manifest.voyage, Tone.LOOK, wording.text("announced.not announced"))
    tone = Tone.LOOK if manifest.differing else Tone.OK
    return FieldRow(label, manifest.voyage, tone, wording.text("announced.announced"))
