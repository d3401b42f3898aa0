"""Cohorts from photographs filed by person."""

from __future__ import annotations

import numpy as np

from inspection_station.matching.face_folders import FaceFolders
from inspection_station.matching.ports import IncomparableTemplates
from inspection_station.matching.score_normalisation import Cohort

_SAME_PICTURE = 0.9995
_ROWS_AT_ONCE = 256


def cohort_of(faces: FaceFolders) -> Cohort:
    """Every template of the set. Raises ``CohortTooSmall``."""
    return Cohort(faces.vectors, faces.model_id)


def cohort_apart(faces: FaceFolders, tested: FaceFolders) -> Cohort:
    """The set's templates without the tested people: those of one name, and those with a picture that is tested too.

    A tested person in the cohort would be his own stranger. Raises ``CohortTooSmall``, ``IncomparableTemplates``.
    """
    if faces.model_id != tested.model_id:
        raise IncomparableTemplates("a cohort of another model")
    names = set(tested.persons)
    leave = np.array([person in names for person in faces.persons], bool)
    for start in range(0, len(faces.vectors), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        same = (faces.vectors[part] @ tested.vectors.T >= _SAME_PICTURE).any(axis=1)
        leave[faces.owners[part][same]] = True
    return Cohort(faces.vectors[~leave[faces.owners]], faces.model_id)
