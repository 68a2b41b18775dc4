"""Settings as a call meets them."""

import os
import sys

from buildopt.doctor.caller_probe import look_at_settings, look_at_terminal
from buildopt.doctor.facts import Trouble


def test_every_file_that_was_read_is_told_and_each_variable_of_ours(tmp_path):
    project = tmp_path / "project"
    users = tmp_path / ".config" / "buildopt" / "buildopt.toml"
    for path in (project / "buildopt.toml", users):
        path.parent.mkdir(parents=True)
        path.write_text('observe = "declared"\n')
    environ = {"HOME": str(tmp_path), "BUILDOPT_QUIET": "1", "SECRET": "x"}

    chosen = look_at_settings(str(project), environ)

    assert chosen.files == (str(users), str(project / "buildopt.toml"))
    assert (chosen.observe, chosen.variables) == ("declared", ("BUILDOPT_QUIET",))


def test_without_files_the_defaults_hold(tmp_path):
    chosen = look_at_settings(str(tmp_path), {})

    assert (chosen.observe, chosen.files, chosen.variables) == ("auto", (), ())


def test_a_misspelled_key_is_told_with_its_hint(tmp_path):
    (tmp_path / "buildopt.toml").write_text('obsrve = "auto"\n')

    found = look_at_settings(str(tmp_path), {})

    assert isinstance(found, Trouble)
    assert "obsrve" in found.message
    assert "observe" in found.hint


def test_force_color_of_zero_forces_nothing():
    told = [look_at_terminal({"FORCE_COLOR": value}).force_color for value in ("", "0", "1")]

    assert told == [False, False, True]


def test_the_encoding_is_that_of_our_output():
    assert look_at_terminal(os.environ).encoding


def test_a_closed_output_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)

    told = look_at_terminal({})

    assert (told.is_terminal, told.encoding) == (False, "ascii")
