"""What of a consumer's state outlives a power cut: what was synced before anybody was told."""

import errno
import os

import pytest

from buildopt.monitor.consumer import Batch
from buildopt.monitor.seat import Failed, HostSeat
from buildopt.monitor.stream import Reader
from monitor_plugins.alert.config import read_config
from monitor_plugins.alert.consumer import AlertConsumer
from monitor_plugins.alert.place import Place
from tests.unit.monitor.plugins.plugin_rig import Builds


class Tables:
    """Changes a table of its own with every second event, and what it remembers with each."""

    name, version, types, state_version = "tables", "1", ("buildopt.test.",), 1

    def __init__(self, *, is_durable):
        self.is_durable = is_durable

    def migrate(self, state):
        state.execute("CREATE TABLE t(n)")

    def handle(self, batch, state):
        for event in batch:
            state.set("last", event.data["n"])
            if event.data["n"] % 2 == 0:
                state.execute("INSERT INTO t VALUES (?)", (event.data["n"],))
        return ()


@pytest.fixture
def steps(tmp_path):
    """Four events as batches of one."""
    builds = Builds(tmp_path)
    builds.emit(4)
    stored, _ = Reader(str(tmp_path)).read(None)
    return [Batch([each.event], str(each.position)) for each in stored]


@pytest.fixture
def synced(monkeypatch):
    """Names of files that were synced."""
    names = []
    sync = os.fdatasync

    def watched(descriptor):
        names.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", watched)
    return names


@pytest.mark.parametrize(("is_durable", "wanted"), [(True, 2), (False, 0)])
def test_step_that_changes_tables_of_a_durable_consumer_is_on_the_disk(
    tmp_path, steps, synced, is_durable, wanted
):
    seat = HostSeat(str(tmp_path / "t.sqlite"), lambda: Tables(is_durable=is_durable))
    seat.open()
    synced.clear()
    counts = []
    for step in steps:
        seat.take(step)
        counts.append(len(synced))
    seat.close()

    assert synced == ["t.sqlite-wal"] * wanted
    assert counts == [0, wanted // 2, wanted // 2, wanted]


def test_transition_of_an_alert_is_synced_and_a_quiet_sample_is_not(tmp_path, synced):
    rule = {"signal": {"metric": "m"}, "levels": {"warning": {"fire": 5}}}
    builds = Builds(tmp_path)
    for value in (1.0, 1.0, 9.0):
        data = {"metric": "m", "value": value, "labels": {}}
        builds.journal.emit("buildopt.metric.sample", data)
    stored, _ = Reader(str(tmp_path)).read(None)
    config = read_config({"rules": {"m": rule}}, place=Place("settings"))
    seat = HostSeat(str(tmp_path / "alert.sqlite"), lambda: AlertConsumer(config))
    seat.open()
    seat.take(Batch([stored[0].event], str(stored[0].position)))
    synced.clear()
    seat.take(Batch([stored[1].event], str(stored[1].position)))
    assert synced == []

    seat.take(Batch([stored[2].event], str(stored[2].position)))
    seat.close()
    assert synced == ["alert.sqlite-wal"]


def test_disk_that_does_not_sync_is_a_trouble_of_the_disk_and_not_of_the_plugin(
    tmp_path, steps, monkeypatch
):
    seat = HostSeat(str(tmp_path / "t.sqlite"), lambda: Tables(is_durable=True))
    seat.open()
    seat.take(steps[0])

    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(Failed) as caught:
        seat.take(steps[1])
    seat.close()
    assert caught.value.kind == "storage"
