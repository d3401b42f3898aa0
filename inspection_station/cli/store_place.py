"""Which store a verb means: a profile's, or the one in a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspection_station.storage.keys import KeySource


def add_place(parser: argparse.ArgumentParser) -> None:
    """``--profile``, ``--data`` and ``--json``."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--profile", metavar="NAME", help="the profile whose store is meant (default: as «run»)")
    where.add_argument("--data", type=Path, metavar="DIR", help="a data folder")
    parser.add_argument("--json", action="store_true", help="JSON on standard output")


def place_of(options: argparse.Namespace) -> tuple[Path, KeySource, str]:
    """Folder, keys and station id. Raises ProfileError, StoreUnavailable."""
    from inspection_station.station_profile import load_profile
    from inspection_station.storage.errors import StoreMissing
    from inspection_station.storage.keys import KeyringKeys, TrainingFolderKeys, is_training_folder

    profile = load_profile(options.profile)
    folder = profile.data_folder if options.data is None else options.data
    if not folder.is_dir():
        raise StoreMissing("no such data folder")
    if is_training_folder(folder) and (profile.training or options.data is not None):
        station = profile.station_id if profile.training else load_profile("training").station_id
        return folder, TrainingFolderKeys(folder), station
    return folder, KeyringKeys(profile.key_service), profile.station_id
