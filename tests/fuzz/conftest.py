"""How long fuzzing goes on: FASTNN_FUZZ=long for thousands of random examples, else a short run that is always the same."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}

settings.register_profile(
    "short", max_examples=150, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate], **COMMON
)
settings.register_profile("long", max_examples=5000, derandomize=False, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("FASTNN_FUZZ", "short"))
