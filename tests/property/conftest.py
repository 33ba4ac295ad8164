"""How property tests run: without a deadline, since a busy machine is not a failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("jobtrail", deadline=None, max_examples=100)
settings.load_profile("jobtrail")
