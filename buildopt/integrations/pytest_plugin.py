"""The pytest plugin: tells results and durations of a session to the run around it.

Does nothing without `BUILDOPT_EVENTS`, which `buildopt run -- pytest` sets, nothing in the workers
of xdist, whose controller has all reports, and nothing in a session that a test starts.
`-p no:buildopt` leaves it out.
"""

from __future__ import annotations

import os
from typing import Any


def pytest_configure(config: Any) -> None:  # Any: pytest.Config; pytest is no dependency of ours
    """Listen to the session, where somebody wants to know."""
    path = os.environ.get("BUILDOPT_EVENTS", "")
    is_inside_test = "PYTEST_CURRENT_TEST" in os.environ
    if not path or is_inside_test or hasattr(config, "workerinput"):
        return
    from buildopt.integrations.pytest_session import Session  # only then

    has_groups = getattr(config.option, "dist", "no") == "loadgroup"
    session = Session(path, str(config.rootpath), has_groups=has_groups)
    config.pluginmanager.register(session, "buildopt-session")
