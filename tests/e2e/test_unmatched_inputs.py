"""A declared input that nothing matches is told once the command has run, and changes nothing."""

import pytest

SLUG = "docs/messages.md#input-matches-nothing"


@pytest.fixture
def project(rig):
    rig.write("src/deep/a.txt", "a")
    (rig.root / "empty").mkdir()
    (rig.root / "link").symlink_to("src")
    (rig.root / "src/round").symlink_to("..")
    return rig


def run(rig, *patterns, more=()):
    words = [word for pattern in patterns for word in ("--input", pattern)]
    return rig.run(*words, *more, "--", "sh", "-c", "echo out; echo err >&2; exit 3")


@pytest.mark.parametrize("way", ["declared", "seccomp"])
@pytest.mark.parametrize(
    "pattern",
    ["scr/**", "src/*.md", "src/**/*.md", "src/a.txt", "empty/**", "**/*.md", "/nowhere/*"],
)
def test_a_pattern_that_matches_nothing_is_told_in_our_line(project, way, pattern):
    project.environ["BUILDOPT_OBSERVE"] = way

    done = run(project, pattern)

    assert (done.status, done.out, done.err) == (3, b"out\n", b"err\n")
    assert done.line.startswith("buildopt: executed in ")
    assert done.line.endswith(f"; nothing matches the input `{pattern}`")


@pytest.mark.parametrize(
    "pattern",
    ["src/**", "src", "empty", "**/*.txt", "link/deep/*", "src/deep/a.txt", "src/[!b]*/*"],
)
def test_a_pattern_that_matches_is_not_told(project, pattern):
    assert "matches" not in run(project, pattern).line


def test_several_are_told_in_one_line_and_each_with_verbose(project):
    done = run(project, "src/**", "one", "two", "three")
    verbose = project.call("run", "-v", "--input", "one", "--input", "two", "--", "true").stderr

    assert done.line.endswith("; nothing matches the input `one` (nor 2 more)")
    assert verbose.count(SLUG.encode()) == 2


def test_quiet_leaves_it_out(project):
    assert b"matches" not in project.call("run", "-q", "--input", "scr", "--", "true").stderr


def test_it_is_told_by_the_run_and_not_by_its_replay(project):
    first, again = (project.run("--input", "scr/**", "--", "true") for _ in range(2))

    assert (first.outcome, again.outcome) == ("executed", "fresh")
    assert "matches" in first.line
    assert "matches" not in again.line
