"""Access logs that the settings name."""

import time

import pytest

from buildopt.errors import SettingsError
from buildopt.monitor.sources import access_logs
from tests.unit.integrations.served_rows import rows_in


@pytest.fixture(autouse=True)
def no_files():
    yield
    access_logs.configure({})


def test_a_log_of_the_settings_is_followed_and_told(tmp_path, monkeypatch):
    log = tmp_path / "access.log"
    log.write_text("")
    monkeypatch.setenv("BUILDOPT_STATE_DIR", str(tmp_path / "state"))
    access_logs.configure({"shop": {"file": str(log), "format": "json"}})
    (source,) = access_logs.metric_sources()
    list(source.sample(time.time_ns()))
    with open(log, "a") as file:
        file.write('{"method": "GET", "path": "/a/1", "status": 200}\nnothing\n')

    measured = {m.name: m.value for m in source.sample(time.time_ns() + 3 * 10**9)}

    assert measured == {"buildopt.access_log.requests": 1, "buildopt.access_log.unread": 1}
    assert rows_in(tmp_path / "state") == {("GET", "/a/{number}", 200, ""): 1}


def test_a_log_that_is_not_there_is_what_the_health_of_the_source_says(tmp_path, monkeypatch):
    monkeypatch.setenv("BUILDOPT_STATE_DIR", str(tmp_path / "state"))
    access_logs.configure({"shop": {"file": str(tmp_path / "none"), "format": "json"}})
    (source,) = access_logs.metric_sources()

    with pytest.raises(FileNotFoundError):
        list(source.sample(time.time_ns()))


@pytest.mark.parametrize(
    "table", [1, {}, {"file": "relative", "format": "json"}, {"file": "/a", "format": "xml"},
              {"file": "/a", "format": "json", "more": 1}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(table):
    with pytest.raises(SettingsError, match="access-logs"):
        access_logs.configure({"shop": table})
