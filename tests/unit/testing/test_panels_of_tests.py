"""The page `Tests`: a test has one name in all of its tables, whatever told it."""

import json

import pytest

from buildopt.events import RunFinished
from buildopt.monitor.hookspecs import Request
from monitor_plugins.testing.panels import routes
from tests.unit.dashboard.conftest import Place


class Desk(Place):
    def session(self, run, root, *rows):
        journal = self.journal(run)
        journal.emit("buildopt.tests.results", {"root": root, "tests": {"test_a.py": list(rows)}})
        journal.emit("buildopt.tests.finished", {"root": root, "duration_s": 1.5})
        journal.append(RunFinished(
            run_id=run, task="pytest", command=("pytest",), directory=".", outcome="executed",
            exit_code=1, root="/home/me/shop",
        ))  # fmt: skip
        self.catch_up()

    def panel(self, name, **query):
        (route,) = (each for each in routes(self.known) if each.path.endswith(name))
        return json.loads(route.handler(Request("GET", route.path, {}, query, {}, b"")).body)

    def names(self, name, **query):
        return {row[0] for row in self.panel(name, **query)["rows"]}


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "state").mkdir()
    desk = Desk(tmp_path / "state")
    yield desk
    desk.importer.close()
    desk.known.close()


def test_a_test_has_one_name_in_all_tables(desk):
    row = ["test_it", "p", 0.2, "f"]
    desk.session("run1", "/home/me/shop", row)
    desk.session("run2", "/home/me/shop/packages/a", row)
    for number, suite in enumerate(("", "packages/a")):
        desk.tell("buildopt.finding.confirmed", {
            "finding": f"f{number}", "about": "tests", "test": "test_a.py::test_it",
            "suite": suite, "project": "shop",
        })  # fmt: skip
    desk.catch_up()

    names = {"shop: test_a.py::test_it", "shop/packages/a: test_a.py::test_it"}
    assert desk.names("failed") == desk.names("slowest") == desk.names("flaky") == names
    lines = {line["name"] for line in desk.panel("sessions")["series"]}
    assert lines == {"shop", "shop/packages/a"}


def test_a_page_of_one_project_does_not_name_it(desk):
    desk.session("run1", "/home/me/shop", ["test_it", "f", 0.2])
    desk.session("run2", "/home/me/shop/packages/a", ["test_it", "f", 0.2])

    names = {"test_a.py::test_it", "packages/a: test_a.py::test_it"}
    assert desk.names("failed", project="shop") == names
    assert desk.names("slowest", project="shop") == names
