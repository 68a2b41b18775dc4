"""Lab values of Lighthouse are taken in from the files that it leaves."""

import json

import pytest

from monitor_plugins.web import lighthouse

REPORT = {
    "finalDisplayedUrl": "http://localhost:4173/orders/7?x=1",
    "lighthouseVersion": "12.0.0",
    "fetchTime": "2026-11-30T01:00:00.000Z",
    "categories": {"performance": {"score": 0.93}},
    "audits": {
        "largest-contentful-paint": {"numericValue": 1234.5},
        "cumulative-layout-shift": {"numericValue": 0.01},
        "total-blocking-time": {"numericValue": 40},
        "speed-index": {"numericValue": None},
    },
}


def written(folder, content):
    path = folder / "lhr-1.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_report_is_read(tmp_path):
    data = lighthouse.read(written(tmp_path, REPORT))

    assert data["route"] == "/orders/{id}"
    assert (data["score"], data["lcp_s"], data["cls"]) == (0.93, 1.2345, 0.01)
    assert data["total_blocking_time_s"] == 0.04
    assert "speed_index_s" not in data


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"audits": 1, "finalUrl": "x"}', "[" * 9_000])
def test_what_is_no_report_is_refused(tmp_path, content):
    with pytest.raises((ValueError, RecursionError)):
        lighthouse.read(written(tmp_path, content))
