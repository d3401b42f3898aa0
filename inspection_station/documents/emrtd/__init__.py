"""The electronic document after Doc 9303 parts 10-12, sans-I/O: commands out, responses in."""
