"""A passport chip in software: what a reader would talk to, in process or over the PC/SC daemon."""

from inspection_station.training.virtual_chip.card import ChipLeft, ChipLimits, VirtualChip
from inspection_station.training.virtual_chip.connection import VirtualChipConnection
from inspection_station.training.virtual_chip.profiles import PROFILES, ChipProfile

__all__ = ["PROFILES", "ChipLeft", "ChipLimits", "ChipProfile", "VirtualChip", "VirtualChipConnection"]
