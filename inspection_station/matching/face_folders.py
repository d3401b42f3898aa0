"""Photographs filed in a folder for each person, made into templates: for measuring, calibrating and small galleries.

A picture without a usable face is a failure to enrol (ISO/IEC 19795-1), counted and named, never left out in silence.
Nothing is written anywhere.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Cancel

import numpy as np
import numpy.typing as npt

from inspection_station.matching.face import NO_TEMPLATE, DlibFaceMatcher
from inspection_station.matching.pictures import UnusablePicture, picture_from_file
from inspection_station.matching.ports import FaceQuality, Image, Vector

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".jp2", ".j2k", ".j2c", ".jpc", ".jpx", ".jpf"})
_OTHER_PICTURES = frozenset({".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"})
"""Forms that are not read (some files are so named and hold a JPEG): they too are counted, not passed over."""

Progress = Callable[[int, int, int], None]
"""Called with pictures done, pictures in all, and failures among those done."""


class NoPersons(ValueError):
    """The folder does not hold a folder for each person."""


class Cancelled(RuntimeError):
    """Somebody asked to stop."""


@dataclass(frozen=True, slots=True)
class FiledPicture:
    """A picture and whose folder it lies in; ``name`` is its path below the given folder, with slashes."""

    path: Path
    person: str
    name: str


@dataclass(frozen=True, slots=True)
class EnrolmentFailure:
    """A picture that gave no template. ``code``: a picture fault or a prompt, for instance ``no-face``."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class FaceFolders:
    """Templates of a folder of persons, sorted by person.

    ``vectors`` N x d unit float32 (flip-averaged), ``plain`` N x d (the model's own descriptor, unaveraged), ``owners``
    N indices into ``persons``, ``confidence`` N detector scores, ``names`` N picture names.
    """

    persons: tuple[str, ...]
    owners: npt.NDArray[np.int64]
    vectors: Vector
    plain: Vector
    confidence: Vector
    names: tuple[str, ...]
    failures: tuple[EnrolmentFailure, ...]
    duplicates: tuple[str, ...]
    model_id: str
    ms_each: float

    def averaged(self) -> Vector:
        """One unit vector a person, in the order of ``persons``: the mean of the person's templates."""
        sums = np.zeros((len(self.persons), self.vectors.shape[1]), np.float64)
        np.add.at(sums, self.owners, self.vectors)
        means: Vector = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
        return means


def filed_pictures(folder: Path) -> list[FiledPicture]:
    """Every picture in a folder of folders, sorted. Raises ``NoPersons``, OSError."""
    found: list[FiledPicture] = []
    for person in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for path in _pictures_below(person):
            found.append(FiledPicture(path, person.name, path.relative_to(folder).as_posix()))
    if not found:
        raise NoPersons("no pictures: a folder for each person is expected, with that person's photographs in it")
    return found


def _pictures_below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            named_so = path.suffix.lower() in SUFFIXES | _OTHER_PICTURES
            if named_so and not name.startswith(".") and path.is_file():  # no pipes
                yield path


def enrol_folders(
    matcher: DlibFaceMatcher,
    folder: Path,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> FaceFolders:
    """Make a template of every picture. Raises ``NoPersons``, ``Cancelled``, ``FaceModelMissing``, OSError.

    The same file twice in one person's folder counts once.
    """
    pictures = filed_pictures(folder)
    matcher.load()
    kept: list[tuple[FiledPicture, Vector, Vector, float]] = []
    failures: list[EnrolmentFailure] = []
    duplicates: list[str] = []
    seen: set[tuple[str, bytes]] = set()
    started = time.perf_counter()
    for done, filed in enumerate(pictures):
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped")
        if progress is not None:
            progress(done, len(pictures), len(failures))
        try:
            data, image = picture_from_file(filed.path)
        except UnusablePicture as unusable:
            failures.append(EnrolmentFailure(filed.name, unusable.code.value))
            continue
        except OSError:
            failures.append(EnrolmentFailure(filed.name, "unreadable"))
            continue
        mark = filed.person, hashlib.sha256(data).digest()
        if mark in seen:
            duplicates.append(filed.name)
            continue
        seen.add(mark)
        enrolled, quality = enrol_filed(matcher, image)
        if enrolled is None:
            failures.append(EnrolmentFailure(filed.name, quality.prompt.value))
            continue
        kept.append((filed, *enrolled, quality.measures["detector_score"]))
    taken = (time.perf_counter() - started) * 1000.0 / len(pictures)
    if progress is not None:
        progress(len(pictures), len(pictures), len(failures))
    return _collected(kept, failures, duplicates, matcher, round(taken, 2))


def enrol_filed(matcher: DlibFaceMatcher, image: Image) -> tuple[tuple[Vector, Vector] | None, FaceQuality]:
    """(plain descriptor, template) of a picture filed under one person, or None with the prompt in the quality."""
    face, quality = matcher.assess_filed(image)
    if face is None or quality.prompt in NO_TEMPLATE:
        return None, quality
    return matcher.embedder.describe(image, face), quality


def _collected(
    kept: list[tuple[FiledPicture, Vector, Vector, float]],
    failures: list[EnrolmentFailure],
    duplicates: list[str],
    matcher: DlibFaceMatcher,
    ms_each: float,
) -> FaceFolders:
    persons = sorted({filed.person for filed, *_ in kept})
    place = {person: number for number, person in enumerate(persons)}
    order = sorted(range(len(kept)), key=lambda row: (place[kept[row][0].person], kept[row][0].name))
    rows = [kept[row] for row in order]
    width = matcher.embedder.dimension
    return FaceFolders(
        persons=tuple(persons),
        owners=np.array([place[filed.person] for filed, *_ in rows], np.int64),
        vectors=np.array([template for _, _, template, _ in rows], np.float32).reshape(len(rows), width),
        plain=np.array([plain for _, plain, _, _ in rows], np.float32).reshape(len(rows), width),
        confidence=np.array([confidence for *_, confidence in rows], np.float32),
        names=tuple(filed.name for filed, *_ in rows),
        failures=tuple(failures),
        duplicates=tuple(duplicates),
        model_id=matcher.model_id,
        ms_each=ms_each,
    )
