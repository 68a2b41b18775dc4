"""What a bundler told of itself, in the report of its run."""

import json

import pytest

from buildopt.report.html import page_of
from buildopt.report.view import view_of

KIND = "buildopt.bundler.finished"
TOLD = {
    "tool": "vite", "tool_version": "7.3.8", "output_folder": "dist", "format": "es", "modules": 41,
    "chunks_total": 3, "assets_total": 2, "phases_s": {"modules": 1.5, "render": 0.5, "write": 0.0},
    "chunks": [
        {"file": "small.js", "bytes": 10, "is_entry": False, "modules_total": 1,
         "rendered_characters": 20, "modules": [{"module": "a.ts", "rendered_characters": 20}]},
        {"file": "index.js", "bytes": 900, "is_entry": True, "modules_total": 40,
         "rendered_characters": 4_000,
         "modules": [{"module": "react", "rendered_characters": 3_000}]},
    ],
}  # fmt: skip


def view(story):
    return view_of(story.newest_first, "run", story.blob)


def bundlers(story):
    return view(story).details.bundlers


def test_modules_phases_and_chunks_are_told(story):
    story.noted(KIND, TOLD)
    story.ran()

    (found,) = bundlers(story)

    assert (found.name, found.output, found.modules, found.modules_before) == (
        "vite 7.3.8", "dist", 41, None,
    )  # fmt: skip
    assert [(phase.duration_s, phase.share) for phase in found.phases] == [(1.5, 0.75), (0.5, 0.25)]
    assert [chunk.file for chunk in found.chunks] == ["index.js", "small.js"]
    assert found.chunks[0].largest[0].share == 0.75
    assert found.chunks_left_out == 1


def test_the_number_of_modules_is_held_against_the_run_before(story):
    story.noted(KIND, {**TOLD, "modules": 39}, "before")
    story.ran("before", stored=True, record="one")
    story.noted(KIND, TOLD)
    story.ran(stored=True, record="two")

    assert bundlers(story)[0].modules_before == 39
    assert "41 modules (+2)" in page_of(view(story)).decode()


def test_an_answer_shows_what_the_recorded_run_was_told(story):
    story.noted(KIND, TOLD, "before")
    story.finished("build", "before")
    story.ran("before", stored=True, record="one")
    story.ran(outcome="fresh", record="one")

    assert [found.modules for found in bundlers(story)] == [41]


def test_a_run_without_a_bundler_has_no_such_section(story):
    story.noted(KIND, TOLD, "other")
    story.ran()

    assert bundlers(story) == ()
    assert 'id="bundler"' not in page_of(view(story)).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"phases_s": {"modules": float("nan"), "render": -1, "write": "x"}},
        {"phases_s": [1], "chunks": "none"},
        {"chunks": [None, {}, {"file": 3, "modules": [{}], "rendered_characters": 0}]},
        {"modules": True, "chunks_total": -5, "tool": None, "output_folder": ["x"]},
        {"tool": "<script>", "output_folder": "\x1b[31m\u202e</table><img src=x>"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_or_is_hostile_harms_nothing(story, change):
    story.noted(KIND, {**TOLD, **change})
    story.ran()

    page = page_of(view(story)).decode()

    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    json.dumps([found.modules for found in bundlers(story)], allow_nan=False)
