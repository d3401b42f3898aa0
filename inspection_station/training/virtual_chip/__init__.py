"""A passport chip in software: what a reader would talk to, in process or over the PC/SC daemon."""

from inspection_station.training.virtual_chip.card import ChipLeft, ChipLimits, VirtualChip
from inspection_station.training.virtual_chip.connection import VirtualChipConnection

__all__ = ["ChipLeft", "ChipLimits", "VirtualChip", "VirtualChipConnection"]
