"""Drawn parts that the pages share."""
