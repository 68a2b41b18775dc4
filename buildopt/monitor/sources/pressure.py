"""Pressure stall information: which share of the time somebody waited for a resource.

The kernel counts microseconds; what is told is their share in the time since the look before,
which an average over ten seconds would hide.
"""

from __future__ import annotations

from collections.abc import Iterator

from buildopt.monitor.hookspecs import Measurement

FOLDER = "/proc/pressure"
RESOURCES = ("cpu", "memory", "io")
MICROSECONDS = 1_000_000


class Pressure:
    """The stalls of this machine; none where the kernel does not count them."""

    def __init__(self, folder: str = FOLDER) -> None:
        self._folder = folder
        self._before: dict[tuple[str, str], float] = {}

    def measure(self, elapsed_s: float) -> Iterator[Measurement]:
        """Shares since the call before; nothing at the first one."""
        before, self._before = self._before, dict(self._totals_s())
        for (resource, kind), total_s in self._before.items():
            if (resource, kind) in before and elapsed_s > 0:
                share = (total_s - before[resource, kind]) / elapsed_s
                yield Measurement(
                    f"buildopt.system.pressure.{kind}",
                    min(1.0, max(0.0, share)),
                    attributes={"resource": resource},
                )

    def _totals_s(self) -> Iterator[tuple[tuple[str, str], float]]:
        for resource in RESOURCES:
            for line in self._lines(resource):
                kind, *fields = line.split()
                total = next((f[6:] for f in fields if f.startswith("total=")), "")
                # `full` of the whole machine's processors is always 0 (kernel's psi.rst)
                if total.isdigit() and (resource, kind) != ("cpu", "full"):
                    yield (resource, kind), int(total) / MICROSECONDS

    def _lines(self, resource: str) -> list[str]:
        try:
            with open(f"{self._folder}/{resource}", encoding="ascii") as file:
                return file.readlines()
        except OSError:  # no such kernel option; EOPNOTSUPP where it is switched off
            return []
