"""The event `buildopt.http.served`: what a service served in a short time, one row a key.

service.name            who served
active_requests, most_active_requests     now, and at most meanwhile
other_requests          how many of the requests have the route `{other}`
waiting_events          events that no journal took so far; absent while all is well
scale, columns          of the histogram; names of what follows
requests                [method, route, status, error type, count, sum s, max s, buckets]
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from buildopt import places
from buildopt.deployment import environment_name, machine_class
from buildopt.journal import Journal
from buildopt.serving.histogram import SCALE
from buildopt.serving.window import Counts, Key, Taken

SERVED = "buildopt.http.served"
COLUMNS = (
    "http.request.method", "http.route", "http.response.status_code", "error.type", "count",
    "sum_s", "max_s", "buckets",
)  # fmt: skip
LONGEST_LINE_BYTES = 40_000
"""Of rows in one event, which is at most 64 KiB; more of them make more events."""
ACTIVE = "BUILDOPT_ACTIVE"
"""The run inside which this process is: `RUN` or `RUN.TASK`."""


def tell(journal: Journal, service: str, taken: Taken, *, time_ns: int = 0) -> int:
    """Append the counts to a journal; how many bytes of rows that were."""
    told: dict[str, Any] = {  # Any: JSON
        "service.name": service,
        "active_requests": taken.active_requests,
        "most_active_requests": taken.most_active_requests,
        "other_requests": taken.other_requests,
    }
    if journal.lost_events:
        told["waiting_events"] = journal.lost_events
    total = 0
    for rows, length in _chunks(taken.counts):
        data = {**told, "scale": SCALE, "columns": COLUMNS, "requests": rows}
        journal.emit(SERVED, data, subject=service, time_ns=time_ns)
        total += length
    return total


def journal_for(environ: Mapping[str, str], service: str) -> Journal:
    """The journal of the state folder, for events of a service in this process."""
    state = places.state_folder({os.fsencode(k): os.fsencode(v) for k, v in environ.items()})
    name = "".join(c if c.isalnum() or c in "._- " else "_" for c in service)
    return Journal(
        state=state,
        source=f"/{os.uname().nodename}/{name}/{os.getpid()}",
        run_id=environ.get(ACTIVE, "").partition(".")[0],
        environment=environment_name(environ),
        machine=machine_class(),
    )


def _chunks(
    counts: Mapping[Key, Counts],
) -> Iterator[tuple[list[list[Any]], int]]:  # Any: JSON
    """Rows, as many together as one event holds, and how long they are."""
    rows: list[list[Any]] = []  # Any: JSON
    length = 0
    for key, each in counts.items():
        row = [*key, each.count, round(each.sum_s, 6), round(each.max_s, 6), each.buckets]
        row_length = len(json.dumps(row))
        if rows and length + row_length > LONGEST_LINE_BYTES:
            yield rows, length
            rows, length = [], 0
        rows.append(row)
        length += row_length
    if rows:
        yield rows, length
