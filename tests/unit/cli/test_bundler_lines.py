"""What a bundler told, in `runs show`."""

import os

import pytest

from buildopt.cli.bundler_lines import bundler_lines, line_of
from buildopt.journal import Journal

KIND = "buildopt.bundler.finished"
TOLD = {
    "tool": "vite", "tool_version": "8.4.0", "output_folder": "dist", "format": "es",
    "modules": 7, "chunks_total": 2, "assets_total": 2,
    "phases_s": {"modules": 0.052, "render": 0.009, "write": 0.001},
    "chunks": [{"file": "a.js", "bytes": 12_000}, {"file": "b.js", "bytes": 144_000}],
}  # fmt: skip
LINE = (
    "vite 8.4.0 dist: 7 modules; modules 52 ms, render 9 ms, write 1 ms; "
    "2 chunks, the largest b.js with 144 kB"
)


def test_a_line_has_modules_phases_and_chunks():
    assert line_of(TOLD) == LINE


def test_each_output_of_the_run_has_a_line_in_its_order_and_other_runs_have_none(tmp_path):
    state = os.fsencode(tmp_path)
    for run, tool in (("one", "vite"), ("two", "vite"), ("two", "rollup")):
        Journal(state=state, source="/h/p/1", run_id=run).emit(KIND, {"tool": tool})

    assert bundler_lines(state, "two") == ["vite", "rollup"]
    assert bundler_lines(state, "three") == []


@pytest.mark.parametrize(
    "wrong", [None, "", [], {}, [1], [{"bytes": "1"}], {"modules": "x"}, {"write": float("nan")}]
)
def test_what_is_not_as_it_should_be_is_left_out(wrong):
    assert line_of(dict.fromkeys(TOLD, wrong) | {"tool": "vite"}) == "vite"


def test_a_hostile_name_is_written_out():
    assert line_of({"tool": "\x1b]0;x\x07"}) == "\\x1b]0;x\\x07"
