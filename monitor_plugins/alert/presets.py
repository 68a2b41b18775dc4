"""The rules that are there without settings, written as settings would write them.

Seven by the names of what they watch, two companions that watch the same resource by the kernel's
own account of stalls (PSI), and one for what the baseline plugin has confirmed. Each has its guard,
so that a good build never alerts: a full processor is success while something is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CALM = "not run.active or run.slower or cpu.iowait > 0.2 or cpu.steal > 0.2"
"""Outside of a run, or in one that is slower than usual or waits for disks or for another guest."""

PRESETS: Mapping[str, Mapping[str, Any]] = {  # Any: as in TOML
    "memory": {
        "signal": {"metric": "system.memory.utilization"},
        "levels": {
            "warning": {"fire": 0.85, "clear": 0.80, "for": "30s"},
            "critical": {"fire": 0.95, "clear": 0.90, "for": "5s"},
        },
        "keep": "60s",
        "identity": ["limit"],
        "unit": "%",
        "title": "memory is nearly full",
        "advice": "close what is not needed, or give builds fewer jobs (`--jobs`)",
        "runbook": "docs/alerts.md#memory",
    },
    "memory-stalls": {
        "signal": {"metric": "buildopt.memory.stalls"},
        "levels": {"warning": {"fire": 0.10, "clear": 0.05, "for": "30s"}},
        "compare": ">",
        "keep": "60s",
        "unit": "%",
        "title": "processes wait for memory",
        "advice": "close what is not needed, or give builds fewer jobs (`--jobs`)",
        "runbook": "docs/alerts.md#memory",
    },
    "cpu": {
        "signal": {"metric": "system.cpu.utilization",
                   "where": "not cpu.mode and not cpu.logical_number"},
        "levels": {"warning": {"fire": 0.80, "clear": 0.70, "for": "5min"}},
        "keep": "60s",
        "gate": CALM,
        "identity": ["host.name"],
        "unit": "%",
        "title": "the processor is busy and nothing is being built",
        "advice": "`top` shows which process it is",
        "runbook": "docs/alerts.md#cpu",
    },
    "api-response": {
        "signal": {"metric": "http.server.request.duration", "aggregation": "p95", "window": "60s"},
        "levels": {"warning": {"fire": 2.0, "clear": 1.6, "for": "60s"}},
        "compare": ">",
        "keep": "60s",
        "min_count": 20,
        "identity": ["service.name"],
        "unit": "s",
        "title": "the API answers slowly",
        "advice": "the page API of the dashboard says which route it is; what was deployed since?",
        "runbook": "docs/alerts.md#api-response",
    },
    "api-errors": {
        "signal": {"metric": "buildopt.http.server.failed", "aggregation": "share",
                   "window": "60s", "bound": "lower"},
        "levels": {"warning": {"fire": 0.05, "clear": 0.02, "for": "60s"}},
        "keep": "120s",
        "min_count": 20,
        "identity": ["service.name"],
        "unit": "%",
        "title": "the API fails (5xx)",
        "advice": "read the server's log of that time, and see what was deployed since",
        "runbook": "docs/alerts.md#api-errors",
    },
    "cache-hit-rate": {
        "signal": {"metric": "buildopt.cache.warm_hit", "aggregation": "share",
                   "window_count": 50, "bound": "upper"},
        "levels": {"warning": {"fire": 0.70, "clear": 0.75, "for": 0}},
        "keep": 0,
        "min_count": 10,
        "stale_after": "30d",
        "identity": ["project"],
        "repeat": 0,
        "unit": "%",
        "title": "the cache seldom answers",
        "advice": "`buildopt explain` names what changed; an input that changes with each run "
                  "can be left out with `ignore_input` or `ignore_env`",
        "runbook": "docs/alerts.md#cache-hit-rate",
    },
    "build-failure": {
        "signal": {"event": "buildopt.build.ended", "bad": "failed", "good": "not failed"},
        "identity": ["project", "task", "fingerprint"],
        "resolve_identity": ["project", "task"],
        "group_by": ["project"],
        "title": "the build fails",
        "advice": "`buildopt explain` says what changed since it last passed",
        "runbook": "docs/alerts.md#build-failure",
    },
    "regression": {
        "signal": {
            "event": "buildopt.baseline.",
            "bad": "state == 'confirmed' and direction == 'worse'",
            "good": "state == 'closed'",
        },
        "identity": ["finding", "name", "project"],
        "resolve_identity": ["finding"],
        "group_by": ["group"],
        "title": "worse than it was, for good",
        "advice": "`buildopt baseline` shows the finding and its likely cause",
        "runbook": "docs/baselines.md",
    },
    "load": {
        "signal": {"metric": "buildopt.load_per_core"},
        "levels": {"warning": {"fire": 2.0, "clear": 1.5, "for": "5min"}},
        "compare": ">",
        "keep": "5min",
        "gate": CALM,
        "identity": ["host.name"],
        "title": "more work is waiting than the processors can do",
        "advice": "`top` shows which processes they are",
        "runbook": "docs/alerts.md#load",
    },
    "load-stalls": {
        "signal": {"metric": "buildopt.cpu.stalls"},
        "levels": {"warning": {"fire": 0.60, "clear": 0.45, "for": "5min"}},
        "compare": ">",
        "keep": "5min",
        "gate": CALM,
        "identity": ["host.name"],
        "unit": "%",
        "title": "processes wait for a processor",
        "advice": "`top` shows which processes they are",
        "runbook": "docs/alerts.md#load",
    },
}  # fmt: skip
