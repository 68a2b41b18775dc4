"""Writes samples: one line for a source and tick, with all its metrics.

A sample is an event of the type `buildopt.metric.sample` whose data is {series: value}. A series
is a metric's name in OpenTelemetry's terms, with the attributes that tell it from others behind
it in braces, sorted: `system.cpu.utilization{cpu.logical_number=0}`. Ratios are 0 to 1, the rest
is seconds and bytes. `after` in the line is where it stands among the events.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import Counter
from collections.abc import Mapping

from buildopt import journal_line
from buildopt.journal import own_boot
from buildopt.monitor import sample_lock
from buildopt.monitor.chain import Chain

TYPE = "buildopt.metric.sample"
STEM = "samples"


def series(metric: str, attributes: Mapping[str, str]) -> str:
    """The name of a series: a metric and what tells it from others of the metric."""
    if not attributes:
        return metric
    pairs = ",".join(f"{name}={value}" for name, value in sorted(attributes.items()))
    return f"{metric}{{{pairs}}}"


def parse_series(name: str) -> tuple[str, dict[str, str]]:
    """The metric and the attributes of a series; values hold no comma."""
    metric, mark, rest = name.partition("{")
    if not mark:
        return name, {}
    pairs = (pair.partition("=") for pair in rest.rstrip("}").split(","))
    return metric, {key: value for key, _, value in pairs}


class Writer:
    """Appends the samples of this process to the journal of a state folder."""

    def __init__(self, folder: str, *, environment: str = "", machine: str = "") -> None:
        """`environment` and `machine`: see `deployment.py`."""
        self.lost_samples = 0
        """Samples that no journal took."""
        self._folder = folder
        self._origin = {"environment": environment, "machine": machine} if environment else {}
        self._state = os.fsencode(folder)
        self._counters: Counter[str] = Counter()
        self._events = Chain(folder, "events", seals=False)

    def append(
        self, source: str, time_ns: int, metrics: Mapping[str, float], *, run: str = ""
    ) -> bool:
        """Write what a source measured at one moment; False, and counted, where it was lost.

        `run` is the run that the metrics are about. What is no finite number is left out.
        """
        self._counters[source] += 1
        sample = {
            "id": journal_line.uuid7(time_ns, os.urandom(10)),
            "time": time_ns,
            "mono": time.monotonic_ns(),
            "boot": own_boot(),
            "type": TYPE,
            "source": f"/{os.uname().nodename}/{source}/{os.getpid()}",
            "n": self._counters[source],
            **({"run": run} if run else {}),
            **self._origin,
            "data": {name: value for name, value in metrics.items() if math.isfinite(value)},
        }
        with sample_lock.exclusive(self._folder):
            self._events.look()
            sample["after"] = str(self._events.end())
            payload = json.dumps(sample, separators=(",", ":")).encode("ascii")
            path = journal_line.segment_path(self._state, time_ns, STEM.encode())
            is_written = journal_line.append(path, payload)
        self.lost_samples += not is_written
        return is_written
