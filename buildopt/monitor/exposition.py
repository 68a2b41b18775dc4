"""Measurements as Prometheus reads them: its text format 0.0.4.

system.memory.utilization 0.42              -> system_memory_utilization_ratio 0.42
system.disk.io{disk.io.direction=read}, By  -> system_disk_io_bytes_total{…}, a counter
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from buildopt.monitor.hookspecs import Measurement

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UNITS = {"By": "_bytes", "s": "_seconds"}
RATIOS = ("utilization", "ratio", "share", "some", "full")
"""Last words of names whose values are 0 to 1: only these are called `_ratio`."""
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def text_of(gauges: Iterable[Measurement], counters: Iterable[Measurement]) -> str:
    """One family a name, with its kind; of two values with equal labels the last one counts."""
    families: dict[tuple[str, str], dict[str, float]] = {}
    for kind, measurements in (("gauge", gauges), ("counter", counters)):
        for each in measurements:
            family = families.setdefault((_name(each, kind), kind), {})
            family[_labels(each.attributes)] = each.value
    lines = []
    told = set()
    for (name, kind), values in families.items():
        if name in told:  # two names that differ only in what Prometheus does not know
            continue
        told.add(name)
        lines.append(f"# TYPE {name} {kind}\n")
        lines += [f"{name}{labels} {_number(value)}\n" for labels, value in values.items()]
    return "".join(lines)


def _name(measurement: Measurement, kind: str) -> str:
    name = re.sub(r"[^a-zA-Z0-9_]", "_", measurement.name)
    name = f"_{name}" if name[:1].isdigit() else name
    unit = UNITS.get(measurement.unit, "")
    if not unit and name.endswith(RATIOS) and not name.endswith("_ratio"):
        unit = "_ratio"
    if not name.endswith(unit):
        name += unit
    return name + "_total" if kind == "counter" and not name.endswith("_total") else name


def _labels(attributes: Mapping[str, str]) -> str:
    told = {
        re.sub(r"[^a-zA-Z0-9_]", "_", f"_{name}" if name[:1].isdigit() else name): value
        for name, value in attributes.items()
        if name
    }
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in sorted(told.items()))
    inside = ",".join(pairs)
    return f"{{{inside}}}" if inside else ""


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
