"""Everything synthetic. Never reachable from a live profile."""
