"""Files that somebody names: pipes without a writer and devices without end keep nobody waiting."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from inspection_station import given_file
from inspection_station.given_file import read_given

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


def test_a_file_is_read_to_one_byte_more_than_wanted(tmp_path):
    (tmp_path / "file").write_bytes(b"12345678")
    assert read_given(tmp_path / "file", 8) == b"12345678"
    assert read_given(tmp_path / "file", 4) == b"12345"


def test_a_device_without_end_is_read_no_further_than_wanted():
    assert read_given(Path("/dev/zero"), 1000) == bytes(1001)


def test_a_folder_and_a_missing_file_are_told_as_such(tmp_path):
    with pytest.raises(IsADirectoryError):
        read_given(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_given(tmp_path / "none", 10)


def test_a_pipe_is_read_once_somebody_writes(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = bytes(range(256)) * 1000
    writer = Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    try:
        assert read_given(pipe, len(content)) == content
    finally:
        writer.join(10)


def test_a_pipe_that_nobody_writes_to_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(given_file, "PATIENCE_SECONDS", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TimeoutError) as refused:
        read_given(tmp_path / "pipe", 10)
    assert refused.value.strerror == "A pipe that nothing comes through"
