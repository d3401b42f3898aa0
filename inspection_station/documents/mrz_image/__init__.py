"""Reads the machine-readable zone out of a picture: locate, straighten, lay a grid, classify, prove, doubt."""
