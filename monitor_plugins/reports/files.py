"""The files of hourly reports: their names, the page that lists them, which are too old."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from buildopt.monitor.hookspecs import ListedReport, PeriodReport, page_of_reports

INDEX = "index.html"
TITLE = "Hourly reports"
PAGE = re.compile(r"hour-(\d{4}-\d\d-\d\dT\d\d)Z\.(html|json)")
DAY_S = 86_400


def write_hour(folder: str, from_ns: int, report: PeriodReport) -> str:
    """Both forms of one hour, then the list; the name of the page."""
    stem = f"hour-{_at(from_ns):%Y-%m-%dT%H}Z"
    told = json.dumps({**report.data, "verdict": report.verdict}).encode("ascii")
    _publish(folder, f"{stem}.json", told)
    _publish(folder, f"{stem}.html", report.page)
    _publish(folder, INDEX, page_of_reports(TITLE, list(listed(folder))))
    return f"{stem}.html"


def listed(folder: str) -> Iterator[ListedReport]:
    """All reports, the newest first."""
    for name in sorted(os.listdir(folder), reverse=True):
        found = PAGE.fullmatch(name)
        if not found or found[2] != "json":
            continue
        try:
            with open(os.path.join(folder, name), encoding="ascii") as file:
                data = json.load(file)
            yield ListedReport(
                href=name.replace(".json", ".html"),
                title=found[1].replace("T", " ") + ":00",
                verdict=str(data["verdict"]),
                runs=int(data["runs"]),
                failed=int(data["failed"]),
                hit_ratio=data["hit_ratio"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # one that is damaged is not listed


def drop_old(folder: str, now_ns: int, keep_days: int) -> None:
    """Remove reports of hours that are longer ago."""
    oldest = _at(now_ns - keep_days * DAY_S * 10**9)
    for name in os.listdir(folder):
        found = PAGE.fullmatch(name)
        if found and found[1] < f"{oldest:%Y-%m-%dT%H}":
            os.unlink(os.path.join(folder, name))


def read_page(folder: str, name: str) -> bytes | None:
    """A page or its data; None for a name that is none of ours, or is gone."""
    if name != INDEX and not PAGE.fullmatch(name):
        return None
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except OSError:
        return None


def _publish(folder: str, name: str, content: bytes) -> None:
    """All at once: whoever opens it sees the old one or the new one."""
    path = os.path.join(folder, name)
    with open(f"{path}.new", "wb") as file:
        file.write(content)
    os.replace(f"{path}.new", path)


def _at(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns // 10**9, UTC)
