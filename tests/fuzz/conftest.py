"""How long fuzzing goes on: FASTNN_FUZZ=long for thousands of random examples, else some that are always the same."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}

# Without shrinking, which takes minutes where a test fails.
settings.register_profile(
    "short", max_examples=150, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate], **COMMON
)
settings.register_profile("long", max_examples=5000, derandomize=False, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("FASTNN_FUZZ", "short"))
