"""The page `API` in a real browser: endpoints as a table, with what is wrong marked in words."""

import os
import time

from buildopt.journal import Journal
from buildopt.serving.served_event import SERVED
from monitor_plugins.dashboard.page import is_built
from tests.e2e import browser_rig
from tests.e2e.test_monitor import monitor

OBSERVE = "auto"
pytestmark = browser_rig.marks(is_built=is_built())
COLUMNS = [
    "http.request.method", "http.route", "http.response.status_code", "error.type", "count",
    "sum_s", "max_s", "buckets",
]  # fmt: skip


def test_endpoints_stand_in_a_table_and_hostile_names_are_text(rig, browser):
    journal = Journal(state=os.fsencode(rig.state), source="/desk/shop/7", run_id="")
    rows = [
        ["GET", "/slow", 200, "", 40, 120.0, 3.0, {"12": 40}],
        ["GET", "/<img src=x onerror=alert(1)>", 500, "", 30, 0.3, 0.01, {"-54": 30}],
    ]
    data = {"service.name": "shop", "scale": 3, "columns": COLUMNS, "requests": rows}
    journal.emit(SERVED, data, time_ns=time.time_ns() - 20 * 10**9)
    with monitor(rig) as running, browser.new_context() as context:
        page = browser_rig.watched_page(context)
        page.goto(f"{running.url}/enter?token={running.token}")
        page.goto(f"{running.url}/panels/api?range=15m")
        page.wait_for_selector("#panel-api-endpoints tbody tr")
        table = page.locator("#panel-api-endpoints table").inner_text()
        page.wait_for_selector("#panel-api-response .charts")

    assert "GET /slow" in table and "✕ 2.95 s" in table
    assert "GET /<img src=x onerror=alert(1)>" in table and "✕ 100 %" in table
    assert page.said == []
