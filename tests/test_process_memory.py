"""The memory of one picture is that of the next: it is not cleared anew by the system each time."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PICTURES = """
import resource, sys
from inspection_station.process_memory import reuse_picture_memory
if sys.argv[1] == "reused" and not reuse_picture_memory():
    sys.exit("the allocator took no setting")
def a_page_and_what_is_made_of_it():
    kept = [b"\\1" * (6 << 20) for _ in range(5)]
    return len(kept)
a_page_and_what_is_made_of_it()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    a_page_and_what_is_made_of_it()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    """Pages that the system had to give a process of its own while twenty documents' pictures came and went."""
    done = subprocess.run([sys.executable, "-c", _PICTURES, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
def test_pictures_that_come_and_go_take_the_place_of_those_before() -> None:
    left_alone, reused = page_faults("left alone"), page_faults("reused")
    assert reused < left_alone / 10
