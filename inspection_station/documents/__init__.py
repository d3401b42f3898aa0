"""Bytes in, core types out. Nothing here opens a file, a device or a socket."""
