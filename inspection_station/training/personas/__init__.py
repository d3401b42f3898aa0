"""Training travellers from a seed: identity, passport page, face."""
