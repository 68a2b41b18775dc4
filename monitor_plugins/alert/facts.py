"""What the presets need to know that no event says outright, told from the events in order.

run.finished, task.finished -> `buildopt.build.ended` for each task (failures.py);
                               `buildopt.cache.warm_hit`, 1 or 0, where a hit could be hoped for
cache.lookup, task.finished -> gauges `run.active` and `run.slower` (running.py)
samples                     -> load per core, stalls, failed requests; gauges `cpu.iowait`, …
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor_plugins.alert.failures import Failures
from monitor_plugins.alert.inputs import Occurrence, Sample, real, tables
from monitor_plugins.alert.running import Running
from monitor_plugins.alert.served import DURATION, FAILED, HTTP_SERVED, samples_of

RUN_FINISHED, RUN_LOST = "buildopt.run.finished", "buildopt.run.lost"
TASK_FINISHED, LOOKUP = "buildopt.task.finished", "buildopt.cache.lookup"
HTTP_REQUEST = "buildopt.http.request"
PRESSURE = "buildopt.system.pressure.some"
COLD = frozenset({
    "no-record", "evicted", "tool-changed", "forced", "format", "damaged", "settings", "command",
})  # fmt: skip
"""Kinds of misses that are no trouble of the cache: nothing was there that could have held."""
LOCK_FILES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "Cargo.lock", "go.sum", "Gemfile.lock",
    "composer.lock", "requirements.txt", "flake.lock",
})  # fmt: skip
MOST_CORES = 4_096

Data = Mapping[str, Any]  # Any: JSON
Derived = tuple[str, float, Mapping[str, str]]
"""Metric, value, labels."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is remembered of earlier events; plain data."""

    running: Running = field(default_factory=Running)
    failures: Failures = field(default_factory=Failures)
    cores: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it, and no part that changes later."""
        return {
            "running": self.running.as_json(),
            "failures": self.failures.as_json(),
            "cores": list(self.cores),
        }

    def gauges(self, now_s: float) -> dict[str, float]:
        """Facts about runs for the gates of rules."""
        return self.running.gauges(now_s)

    def of_sample(self, sample: Sample) -> Iterator[Sample]:
        """The sample, and what follows from it."""
        yield sample
        metric, value, labels = sample.metric, sample.value, sample.labels
        derived: list[Derived] = []
        if metric == DURATION:
            status = labels.get("http.response.status_code", labels.get("status", ""))
            derived.append((FAILED, float(status.startswith("5")), labels))
        elif metric == "buildopt.cgroup.memory.utilization":
            derived.append(("system.memory.utilization", value, {**labels, "limit": "cgroup"}))
        elif metric == "system.cpu.utilization":
            derived.extend(self._of_cpu(value, labels))
        elif metric == "system.cpu.load_average.1m" and self.cores:
            derived.append(("buildopt.load_per_core", value / len(self.cores), labels))
        elif metric == "cicd.pipeline.run.active":
            self.running.active_builds = value
        elif metric == PRESSURE and labels.get("resource") in ("memory", "cpu"):
            derived.append((f"buildopt.{labels['resource']}.stalls", value, {}))
        for name, number, its_labels in derived:
            yield Sample(name, number, its_labels, sample.late_s, sample.run)

    def of_event(self, event: Occurrence, now_s: float) -> Iterator[Occurrence | Sample]:
        """The event, and what follows from it."""
        yield event
        if event.type == RUN_FINISHED:
            yield from self._of_run(event)
        elif event.type == TASK_FINISHED:
            self.running.ended(event.run, event.data)
            yield from self.failures.of_task(event)
        elif event.type == LOOKUP and event.run:
            self.running.began(event.run, event.data, now_s - event.late_s)
        elif event.type == LOOKUP:
            yield from _looked_up(event, event.data, str(event.data.get("result")) == "hit")
        elif event.type == RUN_LOST:
            self.running.run_ended(event.run)
        elif event.type == HTTP_REQUEST:
            yield from self._of_request(event)
        elif event.type == HTTP_SERVED:
            yield from samples_of(event)

    def _of_run(self, event: Occurrence) -> Iterator[Occurrence | Sample]:
        data = event.data
        self.running.run_ended(str(data.get("run_id") or event.run))
        for one in tables(data.get("tasks")) or [data]:
            of_project = {"project": data.get("project", ""), **one}
            yield from _looked_up(event, of_project, one.get("outcome") != "executed")
        yield from self.failures.of_run(event)

    def _of_cpu(self, value: float, labels: Mapping[str, str]) -> Iterator[Derived]:
        core, mode = labels.get("cpu.logical_number"), labels.get("cpu.mode")
        if core is not None and core not in self.cores and len(self.cores) < MOST_CORES:
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
            sample = Sample(DURATION, real(duration_s), labels, event.late_s, event.run)
            yield from self.of_sample(sample)


def facts_of(raw: Data) -> Facts:
    """The facts of what `as_json` gave; what another version remembered is learnt anew."""
    running = Running(**raw.get("running", {}))
    running.active = {key: (name, at_s) for key, (name, at_s) in running.active.items()}
    failures = Failures(**raw.get("failures", {}))
    return Facts(running=running, failures=failures, cores=list(raw.get("cores", ())))


def _looked_up(event: Occurrence, data: Data, is_hit: bool) -> Iterator[Sample]:
    if not is_hit and any(map(_is_cold, tables(data.get("miss_reasons")))):
        return
    labels = {"project": str(data.get("project", ""))}
    yield Sample("buildopt.cache.warm_hit", float(is_hit), labels, event.late_s, event.run)


def _is_cold(reason: Data) -> bool:
    name = str(reason.get("subject", "")).rpartition("/")[2]
    return str(reason.get("kind")) in COLD or name in LOCK_FILES
