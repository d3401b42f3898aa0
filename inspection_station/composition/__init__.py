"""The parts of the composition root: what a profile asks for, made; each by the side of the station it belongs to."""
