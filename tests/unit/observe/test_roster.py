import os

from buildopt.observe import roster


def test_nothing_is_written_where_no_monitor_has_invited_runs(tmp_path):
    path = roster.new_path(os.fsencode(tmp_path), "run")
    told = roster.Roster(path)
    told.joined(1)

    assert path == ""
    assert not any(tmp_path.iterdir())


def test_processes_that_come_and_go_are_lines(tmp_path):
    (tmp_path / roster.FOLDER).mkdir()
    path = roster.new_path(os.fsencode(tmp_path), "run")
    told = roster.Roster(path)
    told.joined(12)
    told.joined(345)
    told.left(12)

    with open(path) as lines:
        assert lines.read() == "+12\n+345\n-12\n"
    roster.remove(path)
    assert not os.path.exists(path)


def test_a_monitor_that_ends_meanwhile_costs_nothing(tmp_path):
    (tmp_path / roster.FOLDER).mkdir()
    path = roster.new_path(os.fsencode(tmp_path), "run")
    (tmp_path / roster.FOLDER).rmdir()

    roster.Roster(path).joined(1)
    roster.remove(path)
