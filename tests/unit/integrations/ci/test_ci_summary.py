"""A job as Markdown."""

from buildopt.integrations.ci.summary import LIMIT_BYTES, PROBLEMS, render
from buildopt.integrations.ci.view import Problem, job_of


def test_a_failed_run_comes_first_as_a_problem_and_then_as_a_run(story, seen):
    story.failed()

    text = render(job_of([seen()]))

    assert text.startswith(
        "# buildopt\n\n- ✕ error: build: Failed with exit status 3 after 2 s\n\n## ✕ Failed"
    )


def test_the_worst_problems_come_first_and_the_rest_is_counted():
    problems = [Problem(level="notice", rule="r", title=f"n{n}", message="m") for n in range(70)]
    worst = Problem(level="error", rule="r", title="worst", message="m", file="a|b`.js")

    text = render(job_of([], [*problems, worst]))

    assert "\n- ✕ error: worst: m (`` a|b`.js ``)\n- ● notice: n0: m\n" in text
    assert f"\n- and {71 - PROBLEMS} more\n" in text


def test_no_problem_brings_markup_a_mention_or_a_reference():
    hostile = Problem(
        level="error", rule="r", title="<img src=x> @team #1", message="[a](b)\n# x\x1b[31m"
    )

    text = render(job_of([], [hostile]))

    line = next(line for line in text.splitlines() if "error" in line)
    assert "\\<img src=x\\>" in line
    assert "@\u200bteam #\u200b1" in line
    assert "\\[a\\](b)" in line
    assert "\x1b" not in text
    assert len(text.splitlines()) == 5


def test_a_summary_never_passes_its_limit_and_says_that_it_was_cut(story, seen):
    for number in range(400):
        story.ran(f"run{number}", task="t" * 900)
    runs = [seen(f"run{number}") for number in range(400)]

    text = render(job_of(runs))

    assert LIMIT_BYTES - 2_000 < len(text.encode()) <= LIMIT_BYTES
    assert text.endswith("\n\nThe rest did not fit; the HTML report has all.\n")
