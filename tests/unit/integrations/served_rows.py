"""What a journal tells of requests, for tests of whoever tells it."""

import os

from buildopt import journal
from buildopt.serving.served_event import SERVED


def events_in(state):
    """The events `buildopt.http.served`, oldest first."""
    return [
        event
        for path in journal.segments(os.fsencode(state))
        for event in journal.read(path, kind=SERVED)
    ]


def rows_in(state):
    """Rows of all events: {(method, route, status, error): count}."""
    found = {}
    for event in events_in(state):
        for row in event.data["requests"]:
            key = tuple(row[:4])
            found[key] = found.get(key, 0) + row[4]
    return found
