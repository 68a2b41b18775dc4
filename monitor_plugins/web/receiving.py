"""A beacon as it comes: allowed, sound, joined with its build, told as events.

    token  ->  form  ->  rate  ->  build  ->  route  ->  events

Whoever is refused learns nothing but a status, and is counted (`limits.Tally`).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from buildopt.events import Event, Severity
from buildopt.monitor.hookspecs import Known, Request, Response, fact
from monitor_plugins.web import beacon as beacons
from monitor_plugins.web.beacon import Beacon, Refused
from monitor_plugins.web.bounded import Bounded
from monitor_plugins.web.builds import ANALYZED, STORED, Builds, Joined, made_of
from monitor_plugins.web.chunk_names import base_of, chunk_of
from monitor_plugins.web.limits import Allowance, Reason, Tally
from monitor_plugins.web.page_routes import route_of

PURPOSE = "vitals"
"""Of the token: it lets somebody send beacons, and read nothing."""
VITAL, CHUNK, FAILED, RENDERED = (
    "buildopt.web_vital", "buildopt.chunk.loaded", "buildopt.chunk.load_failed",
    "buildopt.component.rendered",
)  # fmt: skip
LONGEST_SITE = 200
MOST_ROUTES = 100
MOST_CHUNKS = 500
MOST_COMPONENTS = 200
LOOK_AGAIN_S = 2.0
"""So long what is known of builds is believed, as long as it explains the pages that come."""
STATUS: Mapping[Reason, int] = {"token": 401, "rate": 429, "form": 400}

Data = dict[str, Any]  # Any: JSON


class Receiver:
    """Answers beacons; from many threads."""

    def __init__(self, known: Known, tally: Tally) -> None:
        self._known = known
        self._tally = tally
        self._allowance = Allowance()
        self._lock = Lock()
        self._builds = Builds()
        self._position = ""
        self._looked_s = -LOOK_AGAIN_S
        self._routes = Bounded(MOST_ROUTES)
        self._chunks = Bounded(MOST_CHUNKS)
        self._components = Bounded(MOST_COMPONENTS)

    def answer(self, request: Request) -> Response:
        """Take one beacon."""
        wanted = self._known.token(PURPOSE)
        given = request.query.get("token", "")
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            return self._refuse("token")
        try:
            beacon = beacons.read(request.body)
        except Refused:
            return self._refuse("form")
        site = request.headers.get("origin", "")[:LONGEST_SITE]
        if not self._allowance.take(site, route_of(beacon.page)):
            return self._refuse("rate")
        for event in self.events_of(beacon, time.time_ns()):
            self._known.emit(event)
        self._tally.add("accepted")
        return Response(204, b"")

    def events_of(self, beacon: Beacon, now_ns: int) -> Iterator[Event]:
        """What a beacon says, joined with the build that made its page."""
        with self._lock:
            joined = self._join(beacon)
            route = self._routes.take(route_of(beacon.page))
            told = list(self._told(beacon, joined))
        about = {
            "route": route,
            "build": joined.build,
            "project": joined.project,
            "joined_by": joined.how,
        }
        for kind, severity, data in told:
            yield fact(kind, {**data, **about}, time_ns=now_ns, subject=route, severity=severity)

    def _refuse(self, why: Reason) -> Response:
        self._tally.add(why)
        return Response(STATUS[why], b"")

    # ---- under the lock -------------------------------------------------------------------

    def _join(self, beacon: Beacon) -> Joined:
        names = [*beacon.names, *(row[0] for row in beacon.chunks)]
        self._look_again(LOOK_AGAIN_S)
        joined = self._builds.find(names, beacon.build)
        if joined.how != "chunks" and self._look_again(0.0):
            joined = self._builds.find(names, beacon.build)
        return joined

    def _look_again(self, after_s: float) -> bool:
        """Whether it was so long since the last look that there was another one."""
        if time.monotonic() - self._looked_s <= after_s:
            return False
        self._look()
        self._looked_s = time.monotonic()
        return True

    def _look(self) -> None:
        """Take in what was built since the last look."""
        position = self._known.position()
        types = (STORED, ANALYZED)
        if not self._position:
            rows = list(reversed(self._known.events(types=types, limit=200)))
        else:
            rows = list(self._known.events_after(self._position, types=types, limit=200))
            if len(rows) == 200:
                position = str(rows[-1]["position"])
        for row in rows:
            made = made_of(row["type"], row["id"], row["run"] or "", row["project"], row["data"])
            if made:
                self._builds.add(made)
        self._position = position

    def _told(self, beacon: Beacon, joined: Joined) -> Iterator[tuple[str, Severity, Data]]:
        for name, value, delta, id_, rating, navigation in beacon.vitals:
            yield VITAL, "info", {
                "browser.web_vital.name": name.lower(),
                "browser.web_vital.value": value,
                "browser.web_vital.rating": rating,
                "browser.web_vital.delta": delta,
                "browser.web_vital.id": id_,
                "browser.web_vital.navigation_type": navigation,
            }  # fmt: skip
        if beacon.chunks:
            yield (
                CHUNK,
                "info",
                {"chunks": [self._chunk(row, joined, beacon.ready) for row in beacon.chunks]},
            )
        if beacon.failed:
            names = [self._chunks.take(chunk_of(path)) for path in beacon.failed]
            files = [base_of(path) for path in beacon.failed]
            failed = [{"chunk": n, "file": f} for n, f in zip(names, files, strict=True)]
            yield FAILED, "warning", {"chunks": failed}
        if beacon.measures:
            rows = [
                {"component": self._components.take(name[:100]), "duration_s": ms / 1000}
                for name, ms in beacon.measures
            ]
            yield RENDERED, "info", {"components": rows}

    def _chunk(
        self, row: tuple[str, float, float, float, float], joined: Joined, ready_ms: float
    ) -> Data:
        path, start_ms, duration_ms, transfer, size = row
        file = base_of(path)
        known = joined.files.get(file)
        role = joined.roles.get(file)
        name = chunk_of(path)
        return {
            "chunk": name if known is not None else self._chunks.take(name),
            "file": file,
            "start_s": start_ms / 1000,
            "buildopt.chunk.load.duration": duration_ms / 1000,
            "buildopt.chunk.transfer.size": int(transfer),
            "size_bytes": known or int(size),
            "is_cached": transfer == 0 and size > 0,
            "is_of_build": known is not None,
            "is_lazy": role == "lazy" if role else 0 < ready_ms < start_ms,
        }
