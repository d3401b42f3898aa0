"""Verbs of this group."""

from __future__ import annotations

import argparse


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group's verbs."""
