"""Files that somebody names: pipes without a writer and devices without end keep nobody waiting."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event, Thread

import pytest
from fakes.unhurried import PATIENCE, shortest, took

from inspection_station import given_file
from inspection_station.given_file import create_given, open_given, read_given

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_file_is_read_to_one_byte_more_than_wanted(tmp_path):
    (tmp_path / "file").write_bytes(b"12345678")
    assert read_given(tmp_path / "file", 8) == b"12345678"
    assert read_given(tmp_path / "file", 4) == b"12345"


def test_a_large_file_is_read_whole(tmp_path):
    content = bytes(range(256)) * 20_000
    (tmp_path / "file").write_bytes(content)
    assert read_given(tmp_path / "file", 1 << 40) == content


def test_a_device_without_end_is_read_no_further_than_wanted():
    assert read_given(Path("/dev/zero"), 1000) == bytes(1001)


def test_a_device_without_anything_is_empty():
    assert read_given(Path(os.devnull), 1000) == b""


def test_a_folder_and_a_missing_file_are_told_as_such(tmp_path):
    for opening in (lambda path: read_given(path, 10), open_given):
        with pytest.raises(IsADirectoryError):
            opening(tmp_path)
        with pytest.raises(FileNotFoundError):
            opening(tmp_path / "none")


def test_a_pipe_is_read_once_somebody_writes(pipe, monkeypatch):
    monkeypatch.setattr(given_file, "WRITER_SECONDS", PATIENCE)  # a busy machine may keep the writer waiting
    content = bytes(range(256)) * 1000
    writer = Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    try:
        assert read_given(pipe, len(content)) == content
    finally:
        writer.join(PATIENCE)


def test_a_pipe_that_nobody_writes_to_is_given_up_within_a_second(pipe):
    def give_up() -> None:
        with pytest.raises(TimeoutError) as refused:
            read_given(pipe, 10)
        assert refused.value.strerror == "A pipe that nothing comes through"

    assert shortest(lambda: took(give_up), 1.0) < 1


@pytest.mark.parametrize("before", [b"", b"half of it"], ids=["from the beginning", "in the middle"])
def test_a_writer_who_falls_silent_is_given_up(pipe, monkeypatch, before: bytes):
    monkeypatch.setattr(given_file, "PATIENCE_SECONDS", 0.2)
    read = Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            file.write(before)
            read.wait(PATIENCE)

    writer = Thread(target=write)
    writer.start()
    try:
        with pytest.raises(TimeoutError):
            read_given(pipe, 100)
    finally:
        read.set()
        writer.join(PATIENCE)


def test_what_is_read_in_parts_is_an_ordinary_file(tmp_path, pipe):
    (tmp_path / "file").write_bytes(b"12345678")
    with open_given(tmp_path / "file") as file:
        assert file.read(4) == b"1234"
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(OSError, match="Not an ordinary file") as refused:
            open_given(path)
        assert refused.value.strerror == "Not an ordinary file"


def test_a_file_is_written_anew_and_a_pipe_that_nobody_reads_is_refused_at_once(tmp_path, pipe):
    for content in (b"12345678", b"1234"):
        with create_given(tmp_path / "file") as file:
            file.write(content)
    assert (tmp_path / "file").read_bytes() == b"1234"
    with pytest.raises(OSError, match="No such device or address"):
        create_given(pipe)
