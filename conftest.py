"""Settings of all tests, those in docstrings too."""

from hypothesis import HealthCheck, settings

# The same examples at every run, however slow the machine; `--hypothesis-profile=explore` looks
# for new ones.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady")
