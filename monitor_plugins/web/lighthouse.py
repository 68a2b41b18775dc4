"""Reports that Lighthouse CI left: lab values, beside those of the field. No browser is run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor_plugins.web.page_routes import route_of

MEASURED = "buildopt.lighthouse.measured"
FOUND = ".lighthouseci/lhr-*.json"
"""Where Lighthouse CI leaves them."""
LARGEST_BYTES = 64 * 1024 * 1024
AUDITS = {
    "largest-contentful-paint": ("lcp_s", 1000.0),
    "first-contentful-paint": ("fcp_s", 1000.0),
    "cumulative-layout-shift": ("cls", 1.0),
    "total-blocking-time": ("total_blocking_time_s", 1000.0),
    "speed-index": ("speed_index_s", 1000.0),
    "interactive": ("interactive_s", 1000.0),
    "server-response-time": ("server_response_s", 1000.0),
}
"""Audit -> our name, and what its numeric value is divided by."""


def read(path: Path) -> dict[str, Any]:  # Any: JSON
    """The data of an event about one report; raises OSError, and ValueError for what is none."""
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError("it is too large")
    report = json.loads(path.read_bytes())
    audits = report.get("audits") if isinstance(report, Mapping) else None
    page = next(
        (report[name] for name in ("finalDisplayedUrl", "finalUrl", "requestedUrl")
         if isinstance(audits, Mapping) and isinstance(report.get(name), str)), None,
    )  # fmt: skip
    if page is None or not isinstance(audits, Mapping):
        raise ValueError("it is no Lighthouse report")
    values = {
        name: round(value / scale, 4)
        for audit, (name, scale) in AUDITS.items()
        if (value := _number(audits.get(audit), "numericValue")) is not None
    }
    categories = report.get("categories")
    score = _number(
        categories.get("performance") if isinstance(categories, Mapping) else None, "score"
    )
    return {
        "route": route_of(page),
        "score": score,
        **values,
        "lighthouse_version": str(report.get("lighthouseVersion", ""))[:20],
        "fetch_time": str(report.get("fetchTime", ""))[:40],
    }


def _number(row: object, name: str) -> float | None:
    value = row.get(name) if isinstance(row, Mapping) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]  # is_number
