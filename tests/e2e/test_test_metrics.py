"""`buildopt run -- pytest` tells what became of each test, and JUnit files are taken in."""

import json
import sys
from importlib.metadata import entry_points

OBSERVE = "auto"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
JUNIT = """<testsuites><testsuite name="s"><testcase classname="A" name="one" time="0.5"/>
<testcase classname="A" name="two" time="0.1"><failure/></testcase>
<testcase classname="A" name="three" time="0.1"><flakyFailure/></testcase>
</testsuite></testsuites>"""


def test_pytest_finds_the_plugin_by_itself():
    (found,) = entry_points(group="pytest11", name="buildopt")

    assert found.value == "buildopt.integrations.pytest_plugin"


def test_a_run_of_pytest_tells_its_tests_and_the_next_one_is_answered(rig):
    rig.environ |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # others take seconds to import
        "PYTEST_PLUGINS": "buildopt.integrations.pytest_plugin",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    rig.write("test_it.py", "import time\n\ndef test_slow():\n    time.sleep(0.01)\n")

    first, second = rig.run("--", *PYTEST), rig.run("--", *PYTEST)
    rig.call("monitor", "--until-idle", "--only", "testing")

    assert (first.outcome, second.outcome) == ("executed", "fresh")
    (finished,) = rig.events("buildopt.tests.finished")
    (measured,) = rig.events("buildopt.series.measured")
    assert finished.run == first.result["run_id"]
    assert finished.data["counts"] == {"passed": 1}
    assert measured.data["values"].keys() == {"test_it.py::test_slow", "all tests"}
    assert 0.01 <= measured.data["values"]["test_it.py::test_slow"] < 10


def test_a_junit_file_is_taken_in(rig):
    rig.write("junit.xml", JUNIT)
    rig.write("none.xml", "<html/>")

    done = rig.call("tests", "import-junit", "--commit", "c0ffee", "junit.xml")
    refused = rig.call("tests", "import-junit", "none.xml")
    rig.call("monitor", "--until-idle", "--only", "testing")

    assert (done.returncode, done.stdout) == (0, b"took in 3 tests, of which 1 failed\n")
    (finished,) = rig.events("buildopt.tests.finished")
    assert finished.data["counts"] == {"passed": 2, "failed": 1}
    assert finished.data["commit"] == "c0ffee"
    assert finished.run == ""
    (flaky,) = rig.events("buildopt.finding.confirmed")
    assert flaky.data["test"] == "A::three"
    assert (
        rig.call("tests", "accept", flaky.data["finding"]).stdout
        == b"accepted: A::three is flaky\n"
    )
    (closed,) = rig.events("buildopt.finding.closed")
    assert closed.data["reason"] == "accepted"
    assert b"no-open-finding" in rig.call("tests", "accept", flaky.data["finding"]).stderr
    assert refused.returncode == 2
    assert b"hint: name files as `pytest --junit-xml FILE`" in refused.stderr


def test_for_machines_there_is_one_object_and_nothing_else(rig):
    rig.write("junit.xml", JUNIT)

    taken = rig.call("tests", "import-junit", "--suite", "web", "junit.xml", "--json")
    rig.call("monitor", "--until-idle", "--only", "testing")
    (flaky,) = rig.events("buildopt.finding.confirmed")
    accepted = rig.call("tests", "accept", "--json", flaky.data["finding"])

    (finished,) = rig.events("buildopt.tests.finished")
    assert json.loads(taken.stdout) == {"schema": 1, **finished.data}
    assert json.loads(accepted.stdout) == {
        "schema": 1,
        "accepted": [flaky.data["finding"]],
        "names": ["A::three is flaky"],
    }
