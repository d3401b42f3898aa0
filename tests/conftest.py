"""How properties are searched, for every room alike.

A run of the suite tries the same examples everywhere and every time, and no machine is too slow for it: what fails here
has a reason in the tree. New examples are searched on purpose: ``pytest --hypothesis-profile=searching``, with
``--hypothesis-seed=N`` for a chosen start.
"""

from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code: speed is measured in the benchmarks.
settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("searching"), derandomize=True, database=None)
settings.load_profile("steady")
