"""Agencies' systems played over real HTTP, on invented people, with the faults that real ones have."""
