"""A group built at the front end from portraits, for instance those that chips gave during pre-clearance (BM-06,
BM-07).

Portrait by portrait, with progress; what is done is kept in a sealed work file, so that a run that was cut off goes on
where it stopped. The result is sealed as a pack. A whitelist helps to find the traveller's entry; it clears nobody.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event as Cancel

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inspection_station.matching.face import NO_TEMPLATE, DlibFaceMatcher
from inspection_station.matching.face_folders import Cancelled, EnrolmentFailure, Progress
from inspection_station.matching.face_groups import GroupPolicy
from inspection_station.matching.gallery import GroupRefused
from inspection_station.matching.gallery_pack import KEY_BYTES, PackHeader, subject_array, write_pack
from inspection_station.matching.pictures import UnusablePicture, decode_picture
from inspection_station.matching.ports import Vector
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.whole_file import private_folder

_MAGIC = b"ISFWORK1"
_SALT, _NONCE, _TAG = 32, 12, 16
_PURPOSE = b"inspection-station face enrolment 1"
_AHEAD = 4
_MOST_RECORD = 1 << 20
_SYNC_EVERY = 64


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person's picture (JPEG, JPEG 2000, PNG) and the identifier that a candidate will carry."""

    subject: str
    picture: bytes


@dataclass(frozen=True, slots=True)
class GroupBuilt:
    """What came of it. ``resumed`` of the ``enrolled`` were there from an earlier run."""

    header: PackHeader
    enrolled: int
    resumed: int
    failures: tuple[EnrolmentFailure, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Done:
    """One portrait's outcome; ``code`` empty where there is a vector."""

    subject: str
    digest: bytes
    code: str
    vector: Vector | None


class GroupBuilder:
    """Builds one group into ``target``; the work file lies beside it until the pack is whole.

    ``pool``: computes portraits side by side (onnxruntime and decoders leave the interpreter's lock); two suffice.
    """

    def __init__(
        self,
        matcher: DlibFaceMatcher,
        policy: GroupPolicy,
        target: Path,
        key: bytes,
        cohort: Cohort | None = None,
        pool: Executor | None = None,
    ) -> None:
        self._matcher = matcher
        self._policy = policy
        self._target = target
        self._key = key
        self._cohort = cohort
        self._pool = pool

    def build(
        self,
        portraits: Iterable[Portrait],
        count: int,
        *,
        version: int,
        now: datetime,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> GroupBuilt:
        """Enrol ``count`` portraits and seal the pack.

        Raises ``Cancelled`` (what is done is kept), ``GroupRefused`` (too many, or nobody), ``FaceModelMissing``,
        OSError.
        """
        if count > self._policy.largest:
            raise GroupRefused(f"{count} portraits, {self._policy.largest} are allowed in {self._policy.group_id}")
        started = time.perf_counter()
        self._matcher.load()
        work = _WorkFile(self._target.with_name(f".{self._target.name}.work"), self._key, self._matcher.model_id)
        known = {(done.subject, done.digest): done for done in work.read()}
        results: list[_Done] = []
        resumed = failed = 0
        with work:
            for done, fresh in self._enrolled(portraits, known):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped")
                if fresh:
                    work.append(done)
                results.append(done)
                resumed += not fresh and not done.code
                failed += bool(done.code)
                if progress is not None:
                    progress(len(results), count, failed)
        header = self._seal(results, version, now)
        work.discard()
        failures = tuple(EnrolmentFailure(done.subject, done.code) for done in results if done.code)
        return GroupBuilt(header, header.rows, resumed, failures, round(time.perf_counter() - started, 2))

    def _enrolled(
        self, portraits: Iterable[Portrait], known: dict[tuple[str, bytes], _Done]
    ) -> Iterator[tuple[_Done, bool]]:
        """Outcomes in the order of the portraits, and whether each was made now. A few are computed ahead."""
        waiting: deque[tuple[Future[_Done] | _Done, bool]] = deque()
        try:
            for portrait in portraits:
                digest = hashlib.sha256(portrait.picture).digest()
                there = known.get((portrait.subject, digest))
                if there is not None:
                    waiting.append((there, False))
                elif self._pool is None:
                    waiting.append((self._one(portrait, digest), True))
                else:
                    waiting.append((self._pool.submit(self._one, portrait, digest), True))
                if len(waiting) > (_AHEAD if self._pool is not None else 0):
                    yield _outcome(waiting.popleft())
            while waiting:
                yield _outcome(waiting.popleft())
        finally:
            for left, _ in waiting:
                if isinstance(left, Future):
                    left.cancel()

    def _one(self, portrait: Portrait, digest: bytes) -> _Done:
        try:
            image = decode_picture(portrait.picture)
        except UnusablePicture as unusable:
            return _Done(portrait.subject, digest, unusable.code.value, None)
        face, quality = self._matcher.assess_portrait(image)
        if face is None or quality.prompt in NO_TEMPLATE:
            return _Done(portrait.subject, digest, quality.prompt.value, None)
        return _Done(portrait.subject, digest, "", self._matcher.template_of(image, face).vector)

    def _seal(self, results: list[_Done], version: int, now: datetime) -> PackHeader:
        good = [(done.subject, done.vector) for done in results if done.vector is not None]
        if not good:
            raise GroupRefused("no portrait gave a template")
        vectors = np.stack([vector for _, vector in good])
        spread = self._cohort.spread(vectors) if self._cohort is not None else None
        return write_pack(
            self._target,
            self._key,
            group=self._policy.group_id,
            version=version,
            model_id=self._matcher.model_id,
            vectors=vectors,
            subjects=subject_array([subject for subject, _ in good]),
            made_at=now,
            expires_at=now + self._policy.valid,
            spread=spread,
            cohort_sha256=self._cohort.digest if self._cohort is not None else "",
        )


def _outcome(waiting: tuple[Future[_Done] | _Done, bool]) -> tuple[_Done, bool]:
    found, fresh = waiting
    return (found.result() if isinstance(found, Future) else found), fresh


class _WorkFile:
    """Outcomes so far, each sealed on its own (AES-256-GCM, random nonce, place and model as associated data).

    A last record that was cut off is dropped; a file of another key or model is not read and begun anew.
    """

    def __init__(self, path: Path, key: bytes, model_id: str) -> None:
        self._path = path
        self._key = key
        self._model = model_id.encode()
        self._salt = secrets.token_bytes(_SALT)
        self._sealing = self._opened(self._salt)
        self._whole = 0
        self._records = 0
        self._descriptor: int | None = None

    def __enter__(self) -> _WorkFile:
        private_folder(self._path.parent)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if self._whole == 0:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, _MAGIC + self._salt)
        else:
            os.ftruncate(self._descriptor, self._whole)
            os.lseek(self._descriptor, self._whole, os.SEEK_SET)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def read(self) -> list[_Done]:
        """What an earlier run left."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return []
        start = len(_MAGIC) + _SALT
        if len(data) < start or not data.startswith(_MAGIC):
            return []
        opening = self._opened(data[len(_MAGIC) : start])
        found: list[_Done] = []
        position = start
        while position + 4 <= len(data):
            (length,) = struct.unpack_from(">I", data, position)
            sealed = data[position + 4 : position + 4 + length]
            if not _NONCE + _TAG <= length <= _MOST_RECORD or len(sealed) < length:
                break
            try:
                plain = opening.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._associated(len(found)))
            except InvalidTag:
                break
            found.append(_unpacked(plain))
            position += 4 + length
        if found:
            self._salt, self._sealing = data[len(_MAGIC) : start], opening
            self._whole, self._records = position, len(found)
        return found

    def append(self, done: _Done) -> None:
        if self._descriptor is None:
            raise ValueError("the work file is not open")
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._sealing.encrypt(nonce, _packed(done), self._associated(self._records))
        os.write(self._descriptor, struct.pack(">I", len(sealed)) + sealed)
        self._records += 1
        if self._records % _SYNC_EVERY == 0:
            os.fsync(self._descriptor)

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)

    def _opened(self, salt: bytes) -> AESGCM:
        return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, _PURPOSE).derive(self._key))

    def _associated(self, place: int) -> bytes:
        return self._model + b"\0" + struct.pack(">I", place)


def _packed(done: _Done) -> bytes:
    subject, code = done.subject.encode(), done.code.encode()
    vector = b"" if done.vector is None else done.vector.astype("<f4").tobytes()
    return struct.pack(">HH", len(subject), len(code)) + done.digest + subject + code + vector


def _unpacked(plain: bytes) -> _Done:
    subject_length, code_length = struct.unpack_from(">HH", plain)
    digest, rest = plain[4:36], plain[36:]
    subject, code = rest[:subject_length], rest[subject_length : subject_length + code_length]
    values = np.frombuffer(rest[subject_length + code_length :], "<f4").astype(np.float32)
    return _Done(subject.decode(), digest, code.decode(), values if len(values) else None)
