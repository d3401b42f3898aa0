"""Comparison of faces, fingerprints and names, offline."""
