"""What the presets need to know that no event says outright, told from the events in order.

run.finished, task.finished -> `buildopt.build.ended` for each task, with what it failed of;
                               `buildopt.cache.warm_hit`, 1 or 0, where a hit could be hoped for
run.started, run.finished   -> gauges `run.active` and `run.slower`
samples                     -> load per core, stalls, failed requests; gauges `cpu.iowait`, …
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor_plugins.alert.alert import digest
from monitor_plugins.alert.inputs import Occurrence, Sample
from monitor_plugins.alert.windows import quantile

RUN_STARTED, RUN_FINISHED = "buildopt.run.started", "buildopt.run.finished"
TASK_FINISHED, LOOKUP = "buildopt.task.finished", "buildopt.cache.lookup"
HTTP_REQUEST, ENDED = "buildopt.http.request", "buildopt.build.ended"
DURATION = "http.server.request.duration"
PRESSURE = "buildopt.system.pressure.some"
BY_USER = (1, 2, 15)
"""Hang-up, interrupt, termination: somebody ended the command, and it did not fail."""
INTERRUPTED = 130
"""Exit status of a command that ended itself upon an interrupt."""
COLD = frozenset({
    "no-record", "evicted", "tool-changed", "forced", "format", "damaged", "settings", "command",
})  # fmt: skip
"""Kinds of misses that are no trouble of the cache: nothing was there that could have held."""
LOCK_FILES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "Cargo.lock", "go.sum", "Gemfile.lock",
    "composer.lock", "requirements.txt", "flake.lock",
})  # fmt: skip
SLOWER = 1.5
"""A run is slow that takes half as long again as nine in ten did."""
LEAST_RUNS = 5
MOST_RUNS = 30
"""Durations that are remembered for each task."""
MOST_TASKS = 500
LONGEST_RUN_S = 86_400.0
"""A run of which nothing was heard for a day is over."""

Data = Mapping[str, Any]  # Any: JSON
Derived = tuple[str, float, Mapping[str, str]]
"""Metric, value, labels."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is remembered of earlier events; plain data."""

    active: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Runs that go on: task, and when they began on the steady clock."""
    durations_s: dict[str, list[float]] = field(default_factory=dict)
    cores: list[str] = field(default_factory=list)
    active_builds: float = 0.0

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it, and no part that changes later."""
        return {
            "active": dict(self.active),
            "durations_s": dict(self.durations_s),
            "cores": list(self.cores),
            "active_builds": self.active_builds,
        }

    def gauges(self, now_s: float) -> dict[str, float]:
        """Facts about runs for the gates of rules."""
        self.active = {
            run: (task, at_s) for run, (task, at_s) in self.active.items()
            if now_s - at_s < LONGEST_RUN_S
        }  # fmt: skip
        is_slow = any(
            now_s - began_s > SLOWER * usual_s
            for task, began_s in self.active.values()
            if (usual_s := self._usual_s(task)) > 0
        )
        return {
            "run.active": float(bool(self.active) or self.active_builds > 0),
            "run.slower": float(is_slow),
        }

    def of_sample(self, sample: Sample) -> Iterator[Sample]:
        """The sample, and what follows from it."""
        yield sample
        metric, value, labels = sample.metric, sample.value, sample.labels
        derived: list[Derived] = []
        if metric == DURATION:
            status = labels.get("http.response.status_code", labels.get("status", ""))
            derived.append(("buildopt.http.server.failed", float(status.startswith("5")), labels))
        elif metric == "buildopt.cgroup.memory.utilization":
            derived.append(("system.memory.utilization", value, {**labels, "limit": "cgroup"}))
        elif metric == "system.cpu.utilization":
            derived.extend(self._of_cpu(value, labels))
        elif metric == "system.cpu.load_average.1m" and self.cores:
            derived.append(("buildopt.load_per_core", value / len(self.cores), labels))
        elif metric == "cicd.pipeline.run.active":
            self.active_builds = value
        elif metric == PRESSURE and labels.get("resource") in ("memory", "cpu"):
            derived.append((f"buildopt.{labels['resource']}.stalls", value, {}))
        for name, number, its_labels in derived:
            yield Sample(name, number, its_labels, sample.late_s, sample.run)

    def of_event(self, event: Occurrence, now_s: float) -> Iterator[Occurrence | Sample]:
        """The event, and what follows from it."""
        yield event
        if event.type == RUN_STARTED:
            name = str(event.data.get("run_id") or event.run)
            self.active[name] = (str(event.data.get("task", "")), now_s - event.late_s)
        elif event.type == RUN_FINISHED:
            yield from self._of_run(event)
        elif event.type == TASK_FINISHED:
            yield _ended(event, event.data)
        elif event.type == LOOKUP and not event.run:
            yield from _looked_up(event, event.data, str(event.data.get("result")) == "hit")
        elif event.type == HTTP_REQUEST:
            yield from self._of_request(event)

    def _of_run(self, event: Occurrence) -> Iterator[Occurrence | Sample]:
        data = event.data
        self.active.pop(str(data.get("run_id") or event.run), None)
        tasks = [one for one in data.get("tasks") or () if isinstance(one, Mapping)]
        project = {"project": data.get("project", "")}
        self._remember(data)
        for one in tasks or [data]:
            yield from _looked_up(event, {**project, **one}, one.get("outcome") != "executed")
        failed = [one for one in tasks if _has_failed(one)]
        if not failed:
            yield _ended(event, data)
        for one in tasks:
            yield _ended(event, {**project, **one})

    def _remember(self, data: Data) -> None:
        """How long a task takes that really runs."""
        duration_s, task = data.get("duration_s"), str(data.get("task", ""))
        if data.get("outcome", "executed") != "executed" or not isinstance(duration_s, int | float):
            return
        if task not in self.durations_s and len(self.durations_s) >= MOST_TASKS:
            del self.durations_s[next(iter(self.durations_s))]
        self.durations_s[task] = [*self.durations_s.get(task, ()), float(duration_s)][-MOST_RUNS:]

    def _usual_s(self, task: str) -> float:
        known = sorted(self.durations_s.get(task, ()))
        return quantile(known, 0.9) if len(known) >= LEAST_RUNS else 0.0

    def _of_cpu(self, value: float, labels: Mapping[str, str]) -> Iterator[Derived]:
        core, mode = labels.get("cpu.logical_number"), labels.get("cpu.mode")
        if core is not None and core not in self.cores and len(self.cores) < 4096:
            self.cores.append(core)
        if mode in ("iowait", "steal"):
            yield f"cpu.{mode}", value, {}

    def _of_request(self, event: Occurrence) -> Iterator[Sample]:
        data = event.data
        duration_s = next(
            (data[name] for name in (DURATION, "duration_s", "duration") if name in data), None
        )
        status = data.get("http.response.status_code", data.get("status", ""))
        labels = {
            "http.route": str(data.get("http.route", data.get("route", ""))),
            "http.response.status_code": str(status),
            "service.name": str(data.get("service.name", data.get("service", ""))),
        }
        if isinstance(duration_s, int | float):
            yield from self.of_sample(Sample(DURATION, duration_s, labels, event.late_s, event.run))


def facts_of(raw: Data) -> Facts:
    """The facts of what `as_json` gave."""
    facts = Facts(**raw)
    facts.active = {run: (task, at_s) for run, (task, at_s) in facts.active.items()}
    return facts


def _ended(event: Occurrence, data: Data) -> Occurrence:
    """How a task ended, with what names its failure."""
    task = str(data.get("task", ""))
    failed = _has_failed(data)
    ended = {
        "project": str(data.get("project", "")),
        "task": task,
        "failed": failed,
        "fingerprint": _fingerprint(data) if failed else "",
        "exit_code": data.get("exit_code"),
        "signal": data.get("signal"),
        "command": " ".join(map(str, data.get("command") or ())),
        "directory": data.get("directory", ""),
        "changed": _changed(data.get("miss_reasons") or ()),
    }
    mark = f"{event.run}/{task}" if event.run else event.id
    if _is_by_user(data):
        ended = {**ended, "failed": None, "fingerprint": ""}
        return Occurrence("buildopt.build.interrupted", ended, mark, event.late_s, event.run)
    return Occurrence(ENDED, ended, mark, event.late_s, event.run)


def _has_failed(data: Data) -> bool:
    return bool(data.get("exit_code") or data.get("signal")) and not _is_by_user(data)


def _is_by_user(data: Data) -> bool:
    return data.get("signal") in BY_USER or data.get("exit_code") == INTERRUPTED


def _fingerprint(data: Data) -> str:
    """Names a failure: as the event does, else by how it ended and what it said first."""
    for name in ("failure_fingerprint", "fingerprint"):
        if data.get(name):
            return str(data[name])
    return digest(str(data.get("exit_code")), str(data.get("signal")), str(data.get("error", "")))


def _looked_up(event: Occurrence, data: Data, is_hit: bool) -> Iterator[Sample]:
    reasons = [one for one in data.get("miss_reasons") or () if isinstance(one, Mapping)]
    if not is_hit and any(_is_cold(one) for one in reasons):
        return
    labels = {"project": str(data.get("project", ""))}
    yield Sample("buildopt.cache.warm_hit", float(is_hit), labels, event.late_s, event.run)


def _is_cold(reason: Data) -> bool:
    name = str(reason.get("subject", "")).rpartition("/")[2]
    return reason.get("kind") in COLD or name in LOCK_FILES


def _changed(reasons: Sequence[Any]) -> str:  # Any: JSON
    """What changed since the last run, in a few words: the likely cause of a failure."""
    subjects = [
        str(one["subject"]) for one in reasons
        if isinstance(one, Mapping) and one.get("subject") and one.get("kind") not in ("no-record",)
    ]  # fmt: skip
    more = f" and {len(subjects) - 3} more" if len(subjects) > 3 else ""
    return ", ".join(subjects[:3]) + more
