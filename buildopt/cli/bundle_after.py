"""Has what a run made analysed, in a process that nobody waits for."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from buildopt import detached
from buildopt.bundle.outputs import places_of
from buildopt.events import RunFinished
from buildopt.session import Stores

MODULE = "buildopt.cli.bundle_background"


class Request(NamedTuple):
    """What is to be analysed, and of which run."""

    places: tuple[str, ...]
    run_id: str
    task: str
    project: str
    root: str
    cache_dir: str
    state_dir: str
    ended_ns: int
    """When the run had written all of it."""
    is_quick: bool
    """An estimate will do."""
    is_given_back: bool
    """The run was answered: its outputs may be as they were analysed before."""


def start(stores: Stores, result: RunFinished, made: tuple[str, ...], *, is_quick: bool) -> None:
    """Start the analysis of the bundles and archives among `made`, if there are any."""
    places = places_of(made, result.root)
    if not places:
        return
    request = Request(
        places=places,
        run_id=result.run_id,
        task=result.task,
        project=result.project,
        root=result.root,
        cache_dir=stores.layout.top,
        state_dir=stores.journal.state.decode("utf-8", "surrogateescape"),
        ended_ns=time.time_ns(),
        is_quick=is_quick,
        is_given_back=result.outcome == "restored",
    )
    detached.start(MODULE, json.dumps(request))
