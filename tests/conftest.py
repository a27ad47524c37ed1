"""What hypothesis does in all tests: the same examples each time, however slow the machine is.

So that a run says something of the change it is for. `make test ARGS=--hypothesis-profile=search` looks for examples that nobody
has thought of, ten times as long.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ours", derandomize=True, database=None, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("ours")
