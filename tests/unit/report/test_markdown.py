"""The short form."""

from buildopt.events import OutputCounts
from buildopt.report.markdown import markdown_of
from buildopt.report.view import view_of


def test_the_verdict_is_the_heading_and_the_reason_follows(story):
    story.ran("before")
    story.missed("src/App.tsx")
    story.stored(("out/app.js", "file", 184_212))
    story.ran(stored=True, record="record")

    text = markdown_of(view_of(story.newest_first, "run"))

    assert text.startswith("## ▶ Executed in 2 s\n\n`./build.sh`: `src/App.tsx` changed. Recorded")
    assert "| `out/app.js` | 184 kB |" in text
    assert text.endswith("Last 2 runs of this task: 0 % hits, 0 s saved.\n")


def test_no_name_leaves_its_code_span_or_its_cell(story):
    story.stored(("a`<script>`|b\nc", "file", 1), ("`", "file", 1))
    story.ran(stored=True, record="record")

    text = markdown_of(view_of(story.newest_first, "run"))

    assert "| `` a`<script>`\\|b\\nc `` | 1 B |" in text
    assert "| `` ` `` | 1 B |" in text


def test_a_failed_run_says_that_and_why_there_are_no_outputs(story):
    story.failed()

    text = markdown_of(view_of(story.newest_first, "run"))

    assert text.startswith("## ✕ Failed with exit status 3 after 2 s\n")
    assert "Outputs: no data: " in text


def test_outputs_are_counted_where_nothing_lists_them(story):
    story.ran(outcome="restored", outputs=OutputCounts(files=2, bytes=1_000), record="elsewhere")

    text = markdown_of(view_of(story.newest_first, "run"))

    assert "\nOutputs: 2 files, 1 kB; no data: " in text
