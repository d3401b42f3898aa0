"""Loops compiled by Numba, kept in its cache: compiled once at set-up (``fingerprint.warm_up``), loaded afterwards.

``nogil`` lets the matching pool work beside the screen's thread. Without a warm cache the first call of each function
takes seconds; none of them may therefore be called from the screen's thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic

from inspection_station.matching.embedder_setup import cache_directory

Function = TypeVar("Function", bound=Callable[..., Any])


def _cache_folder() -> Path:
    """A folder of its own for each state of the compiled files: Numba notices a change of the file a function stands
    in, but not of the functions it calls in other files, and would run old machine code after an update.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        source = path.read_bytes()
        if b"@compiled" in source or path.name == "compiled.py":
            digest.update(source)
    return cache_directory() / f"numba-{digest.hexdigest()[:16]}"


CACHE_FOLDER = _cache_folder()
"""Where the machine code of this state of the program lies."""
setattr(numba.config, "CACHE_DIR", str(CACHE_FOLDER))  # noqa: B010 (Numba declares no types for its settings)


def compiled(function: Function) -> Function:
    """``function`` as machine code, cached beside its file (or where NUMBA_CACHE_DIR points)."""
    return cast(Function, numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")(function))


def compiled_with_infinities(function: Function) -> Function:
    """As ``compiled``, where infinite numbers occur and mean what they say; sums may still be reordered."""
    order = {"reassoc", "contract", "nsz"}
    return cast(Function, numba.njit(cache=True, nogil=True, fastmath=order, error_model="numpy")(function))


def compiled_inside(function: Function) -> Function:
    """``function`` as machine code, as part of whatever compiled function calls it.

    A call between compiled functions counts references of every array that it hands over, twice and in one instruction
    that other cores wait for: in a loop that costs more than the work.
    """
    return cast(
        Function,
        numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")(function),
    )


def _ones(typing_context: Any, word: Any) -> Any:
    """Number of set bits of a 64-bit word: LLVM's ``ctpop``, one instruction on any processor of this century."""
    if not isinstance(word, types.Integer):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


ones = cast("Callable[[Any], int]", intrinsic(_ones))
