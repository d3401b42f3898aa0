"""One step of the inspection a file."""
