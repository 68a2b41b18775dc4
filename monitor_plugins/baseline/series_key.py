"""What a series is: of which project, task, metric, branch, machine and state of the cache."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal, NamedTuple

Better = Literal["lower", "higher"]


class Metric(NamedTuple):
    """What is measured once a build."""

    unit: str
    better: Better = "lower"
    least_change: float = 0.0
    """A smaller change of the level, in the unit, is not worth anybody's time."""
    is_steady: bool = False
    """Nothing else that the machine does moves it."""


METRICS = {
    "duration": Metric("s", least_change=0.05),
    "cpu": Metric("s", least_change=0.05),
    "peak_memory": Metric("By", least_change=5e6),
    "output_size": Metric("By", least_change=1_000, is_steady=True),
    "hit_ratio": Metric("1", "higher"),
    "bench": Metric("s", least_change=0.005),
    "test": Metric("s", least_change=0.05),
}
"""A blink is 0.1 s: half of that, and what a page of memory or a time stamp makes of a size, is
below what a person would act on."""
BUNDLE = "bundle."
"""`bundle.gzip` and the like: sizes of a bundle by encoding."""
BUNDLE_SIZE = Metric("By", least_change=1_000, is_steady=True)
DEFAULT_BRANCHES = ("", "main", "master", "trunk", "default")
"""Without git there is one branch. More: `default_branch` in `[plugins.baseline]`."""


class SeriesKey(NamedTuple):
    """Builds with the same key compare."""

    project: str
    task: str
    metric: str
    unit: str
    branch: Literal["default", "other"]
    machine: str
    cache: str
    """Of durations: `cold`, `partial` (some steps answered), `restored`, `fresh`; else empty."""

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, the same everywhere."""
        return blake2b("\0".join(self).encode(), digest_size=6).hexdigest()

    @property
    def name(self) -> str:
        """For people: `build duration (cold, linux-x86_64-2)`."""
        about = [self.cache, self.machine, "other branches" if self.branch == "other" else ""]
        told = ", ".join(filter(None, about))
        return f"{self.task} {self.metric}" + (f" ({told})" if told else "")

    @property
    def measured(self) -> Metric:
        """What of it counts as a change, and which way is better."""
        if self.metric.startswith(BUNDLE):
            return BUNDLE_SIZE
        return METRICS.get(self.metric, Metric(self.unit))


def branch_class(branch: str, default_branch: str = "") -> Literal["default", "other"]:
    """Whether builds of a branch belong to the history that others are measured by."""
    named = (default_branch,) if default_branch else DEFAULT_BRANCHES
    return "default" if branch in (*named, "") else "other"
