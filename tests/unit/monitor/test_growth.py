import os

from buildopt.monitor.growth import ALL_AFTER_S, Growth


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def settle(folder):
    """A folder whose files have come some time ago."""
    os.utime(folder / "journal", (1, 1))


def write(folder, name, text="x"):
    path = folder / "journal" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def test_what_is_appended_is_new_once(tmp_path):
    write(tmp_path, "events-host-20261128.log")
    write(tmp_path, "events-host-20261129.log")
    growth = Growth(str(tmp_path), "events", mono_s=Clock())
    assert growth.is_new()
    assert not growth.is_new()
    write(tmp_path, "events-host-20261129.log")
    write(tmp_path, "samples-host-20261129.log")

    assert growth.is_new()
    assert not growth.is_new()
    write(tmp_path, "samples-host-20261129.log")
    assert not growth.is_new(), "nobody asked for samples"


def test_a_new_segment_and_one_of_another_host_are_seen(tmp_path):
    growth = Growth(str(tmp_path), "events", mono_s=Clock())
    assert not growth.is_new()
    write(tmp_path, "events-a-20261129.log")
    assert growth.is_new()
    write(tmp_path, "events-b-20261130.log")
    assert growth.is_new()
    assert not growth.is_new()


def test_old_segments_are_looked_at_now_and_then(tmp_path):
    clock = Clock()
    for day in ("20261101", "20261128", "20261129"):
        write(tmp_path, f"events-host-{day}.log")
    settle(tmp_path)
    growth = Growth(str(tmp_path), "events", mono_s=clock)
    growth.is_new()
    write(tmp_path, "events-host-20261101.log")
    assert not growth.is_new()
    clock.now_s += ALL_AFTER_S + 1

    assert growth.is_new()


def test_segments_that_are_dropped_are_no_trouble(tmp_path):
    write(tmp_path, "events-host-20261129.log")
    growth = Growth(str(tmp_path), "events", mono_s=Clock())
    growth.is_new()
    os.unlink(tmp_path / "journal" / "events-host-20261129.log")

    growth.is_new()
    assert not growth.is_new()
