"""What all our tests share."""

from __future__ import annotations

import hypothesis

# A deadline fails tests on a busy machine; how fast something is, the benchmarks say.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")
