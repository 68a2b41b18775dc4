import os
import time
from collections import namedtuple

import psutil
import pytest

from buildopt.monitor.samples import parse_series
from buildopt.monitor.sampling import key_of
from buildopt.monitor.sources import system
from buildopt.monitor.sources.control_groups import ControlGroups
from buildopt.monitor.sources.pressure import Pressure
from buildopt.monitor.sources.system import SystemSource

SECOND_NS = 1_000_000_000


def values(measurements):
    return {key_of(m): m.value for m in measurements}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_ratios_lie_between_0_and_1_and_units_are_those_of_opentelemetry():
    source = SystemSource()
    list(source.sample(time.time_ns()))
    time.sleep(0.05)  # the processors' clock ticks in hundredths of a second

    found = list(source.sample(time.time_ns()))

    assert {m.unit for m in found} <= {"1", "By", "s", "{cpu}"}
    ratios = [m for m in found if m.name.endswith(("utilization", "some", "full"))]
    assert ratios and all(0 <= m.value <= 1 for m in ratios)
    names = {m.name for m in found}
    assert {
        "system.memory.utilization", "system.cpu.utilization", "system.cpu.load_average.1m",
        "system.disk.io", "system.network.io", "system.filesystem.utilization", "system.uptime",
    } <= names  # fmt: skip
    assert len(values(found)) == len(found), "two measurements under one key"


def test_memory_that_can_be_had_back_is_not_in_use(monkeypatch):
    memory = namedtuple("svmem", "total available free")(1000, 900, 10)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)

    found = values(SystemSource().sample(time.time_ns()))

    assert found["system.memory.utilization"] == pytest.approx(0.1)
    assert found["system.memory.usage"] == 100


def test_each_processor_and_each_mode_has_its_share(monkeypatch):
    times = namedtuple("scputimes", "user system idle iowait steal guest")
    readings = iter([[times(*[0] * 6)] * 2, [times(3, 1, 4, 2, 0, 3), times(0, 0, 9, 0, 1, 0)]])
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: next(readings))
    source = SystemSource()
    first = values(source.sample(0))

    found = values(source.sample(0))

    assert "system.cpu.utilization" not in first
    assert found["system.cpu.utilization{cpu.logical_number=0}"] == pytest.approx(0.4)
    assert found["system.cpu.utilization{cpu.logical_number=1}"] == pytest.approx(0.1)
    assert found["system.cpu.utilization"] == pytest.approx(0.25)
    assert found["system.cpu.utilization{cpu.mode=iowait}"] == pytest.approx(0.1)
    assert found["system.cpu.utilization{cpu.mode=steal}"] == pytest.approx(0.05)


def test_traffic_is_what_came_since_and_a_counter_that_began_anew_tells_nothing(monkeypatch):
    def rows(read_bytes):
        disk = namedtuple("sdiskio", "read_bytes write_bytes")
        return {"vda": disk(read_bytes, 0), "loop0": disk(read_bytes * 7, 0)}

    readings = iter([rows(100), rows(350), rows(20), rows(30)])
    monkeypatch.setattr(psutil, "disk_io_counters", lambda perdisk: next(readings))
    source = SystemSource()
    key = "system.disk.io{disk.io.direction=read}"

    seen = [values(source.sample(0)).get(key) for _ in range(4)]

    assert seen == [None, 250, None, 10]


def test_a_file_system_that_two_folders_share_is_told_once(tmp_path):
    (tmp_path / "a").mkdir()
    source = SystemSource([str(tmp_path), str(tmp_path / "a"), str(tmp_path / "not there yet")])

    found = [m for m in source.sample(0) if m.name == "system.filesystem.utilization"]

    mounts = [m.attributes["system.filesystem.mountpoint"] for m in found]
    assert len(mounts) == len(set(mounts)) and "/" in mounts
    assert all(os.path.ismount(mount) for mount in mounts)


def test_pressure_is_the_share_of_the_time_since_the_look_before(tmp_path):
    write(tmp_path / "memory", "some avg10=9.00 avg60=0 avg300=0 total=1000000\n")
    pressure = Pressure(str(tmp_path))
    assert list(pressure.measure(0.0)) == []
    write(tmp_path / "memory", "some avg10=0 avg60=0 avg300=0 total=1500000\nfull total=nonsense\n")

    found = values(pressure.measure(2.0))

    assert found == {"buildopt.system.pressure.some{resource=memory}": 0.25}


def test_without_pressure_or_limits_the_rest_is_told(tmp_path):
    found = values(SystemSource(root=str(tmp_path)).sample(time.time_ns()))

    assert "system.memory.utilization" in found
    assert not [key for key in found if key.startswith("buildopt.")]


V2 = "30 24 0:26 {shown} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"


def test_limits_of_version_2_are_the_tightest_on_the_way_up(tmp_path):
    write(tmp_path / "proc/self/cgroup", "0::/outer/inner\n")
    write(tmp_path / "proc/self/mountinfo", V2.format(shown="/"))
    groups = tmp_path / "sys/fs/cgroup"
    write(groups / "outer/inner/memory.max", "max\n")
    write(groups / "outer/memory.max", "1000\n")
    write(groups / "outer/memory.current", "700\n")
    write(groups / "outer/memory.stat", "anon 1\ninactive_file 200\n")
    write(groups / "outer/inner/cpu.max", "150000 100000\n")
    write(groups / "outer/cpu.max", "max 100000\n")

    found = values(ControlGroups(str(tmp_path)).measure())

    assert found == {
        "buildopt.cgroup.memory.limit": 1000,
        "buildopt.cgroup.memory.usage": 500,
        "buildopt.cgroup.memory.utilization": 0.5,
        "buildopt.cgroup.cpu.count": 1.5,
    }


def test_limits_of_a_container_that_sees_only_its_own_part_are_found(tmp_path):
    write(tmp_path / "proc/self/cgroup", "0::/docker/abc\n")
    write(tmp_path / "proc/self/mountinfo", V2.format(shown="/docker/abc"))
    write(tmp_path / "sys/fs/cgroup/memory.max", "4096\n")

    found = values(ControlGroups(str(tmp_path)).measure())

    assert found == {"buildopt.cgroup.memory.limit": 4096}


def test_limits_of_version_1_beside_an_empty_version_2(tmp_path):
    write(tmp_path / "proc/self/cgroup", "5:cpu,cpuacct:/job\n4:memory:/job\n0::/\n")
    write(
        tmp_path / "proc/self/mountinfo",
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
    )
    memory, cpu = tmp_path / "sys/fs/cgroup/memory", tmp_path / "sys/fs/cgroup/cpu,cpuacct"
    write(memory / "memory.limit_in_bytes", "9223372036854771712\n")
    write(memory / "job/memory.limit_in_bytes", "2000\n")
    write(memory / "job/memory.usage_in_bytes", "1500\n")
    write(memory / "job/memory.stat", "inactive_file 1\ntotal_inactive_file 500\n")
    write(cpu / "job/cpu.cfs_quota_us", "50000\n")
    write(cpu / "job/cpu.cfs_period_us", "100000\n")
    write(cpu / "cpu.cfs_quota_us", "-1\n")
    write(cpu / "cpu.cfs_period_us", "100000\n")

    found = values(ControlGroups(str(tmp_path)).measure())

    assert found["buildopt.cgroup.memory.utilization"] == 0.5
    assert found["buildopt.cgroup.cpu.count"] == 0.5


def test_a_key_holds_name_and_attributes_whatever_is_in_them():
    measurement = system.Measurement("a.b", 1, attributes={"x.y": "/we,ird={}", "z": "1"})

    assert parse_series(key_of(measurement)) == ("a.b", {"x.y": "/we_ird___", "z": "1"})
