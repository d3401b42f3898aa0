"""Fingerprints: templates, quality, comparison one to one and one to many. Needs Numba, no compiler.

Start at ``extraction.extract``, ``matcher.compare`` and ``search.FingerprintGallery``.
"""
