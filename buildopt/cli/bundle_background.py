"""Analyses what a run has made, once the run has returned, and journals what it found.

    python -P -m buildopt.cli.bundle_background REQUEST    see `bundle_after.Request`

One analysis of a place at a time; of those that wait, only that of the newest run goes on. What
was written later than by its run, or changes while it is measured, is left to a later one.

    CHECKOUT/PLACE.bundle        lock of the analysis that is under way
    CHECKOUT/PLACE.bundle.run    when the newest run that wants one had ended, nanoseconds
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

from buildopt import blobs, detached
from buildopt.bundle.reading import Looked, look_at, looked_at
from buildopt.cache import files, locks
from buildopt.cache.layout import Layout, short_digest
from buildopt.cli.bundle_after import Request
from buildopt.errors import UsageError
from buildopt.events import DamageFound
from buildopt.journal import Journal, source_of

MOST_MEMORY_BYTES = 4 << 30
"""Of addresses, for the largest bundle that anybody builds; more would be one made to harm."""


def main(arguments: list[str]) -> None:
    """Analyse the places of a request."""
    request = Request(*json.loads(arguments[0]))
    detached.be_modest()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    os.environ["BUILDOPT_CACHE_DIR"] = request.cache_dir
    os.environ["BUILDOPT_STATE_DIR"] = request.state_dir
    for place in request.places:
        _in_turn(place, request)


def _in_turn(place: str, request: Request) -> None:
    """Analyse a place when nobody else does, unless a newer run has made it anew by then."""
    turn = os.path.join(
        Layout(request.cache_dir).checkout(request.root), f"{short_digest(place)}.bundle"
    )
    wanted = f"{turn}.run"
    try:
        if _newest(wanted) < request.ended_ns:
            files.publish(wanted, b"%d" % request.ended_ns)
        lock = locks.acquire(turn)
        if _newest(wanted) <= request.ended_ns:
            analyse_place(place, request)
        locks.release(lock)
    except Exception as error:  # noqa: BLE001  # promise 3: our own trouble is one event
        action = f"not analysed: {type(error).__name__}: {error}"[:200]
        _journal(request).append(DamageFound(subject=place, action=action))


def _newest(wanted: str) -> int:
    try:
        return int(files.read(wanted))
    except (OSError, ValueError):
        return 0


def analyse_place(place: str, request: Request) -> None:
    """Analyse a place and journal it, unless it is no longer as the run left it."""
    from buildopt.bundle.analyzed import TYPE, figures_of, is_estimate
    from buildopt.cli.bundle_asked import Asked, analysed

    began_s = time.monotonic()
    with looked_at() as looked:
        try:
            found, document = analysed(Asked(place, is_quick=request.is_quick))
        except UsageError:
            return  # it is gone, or no bundle
    if not _is_of_run(looked, place, request.ended_ns):
        return
    state = os.fsencode(request.state_dir)
    output = os.path.relpath(place, request.root)
    digest = blobs.put(state, document, time.time())
    if request.is_given_back and _last_document(state, request, output) == digest:
        return
    data: dict[str, Any] = {  # Any: JSON
        **figures_of(found),
        "task": request.task,
        "project": request.project,
        "root": request.root,
        "output": output,
        "is_estimate": is_estimate(found),
        "document": digest,
        "duration_s": time.monotonic() - began_s,
    }
    _journal(request).emit(TYPE, data, subject=output)


def _last_document(state: bytes, request: Request, output: str) -> object:
    from buildopt.cli.bundle_history import Place, last_analysis

    return last_analysis(Place(state, request.root, output)).get("document")


def _is_of_run(looked: Looked, place: str, ended_ns: int) -> bool:
    """Whether no output has changed since the run wrote it."""
    outputs = [path for path in looked.signatures if path == place or path.startswith(place + "/")]
    signatures = [looked.signatures[path] for path in outputs]
    is_late = any(signature[2] > ended_ns for signature in signatures if signature)
    return not is_late and [look_at(path) for path in outputs] == signatures


def _journal(request: Request) -> Journal:
    return Journal(
        state=os.fsencode(request.state_dir),
        source=source_of(request.project),
        run_id=request.run_id,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
