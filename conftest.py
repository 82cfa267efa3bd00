"""Settings of all tests, those in docstrings too."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Several workers share the cores: threads that wait for each other would stall them all. Set
# before torch and joblib are imported, and for the processes that tests start.
for _variable in ("OMP_NUM_THREADS", "LOKY_MAX_CPU_COUNT"):
    os.environ.setdefault(_variable, "1")

# The same examples at every run, however slow the machine; `--hypothesis-profile=explore` looks
# for new ones.
settings.register_profile(
    "steady",
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", max_examples=400, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def registries_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget, after each test, the losses, penalties, stabilizers and optimizers it registers."""
    from tabgan.generators.gan.losses_and_penalties import LOSSES, PENALTIES
    from tabgan.generators.gan.stabilizers import STABILIZERS
    from tabgan.generators.optimizers import OPTIMIZERS

    for registry in (LOSSES, PENALTIES, STABILIZERS, OPTIMIZERS):
        monkeypatch.setattr(registry, "_classes", dict(registry._classes))
