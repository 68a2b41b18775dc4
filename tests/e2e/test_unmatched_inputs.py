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
def test_a_pattern_that_matches_nothing_is_told_before_our_last_line(project, way, pattern):
    project.environ["BUILDOPT_OBSERVE"] = way

    done = run(project, pattern)

    told = (
        f"buildopt: nothing matches the input `{pattern}`, seen from `{project.root}`. See {SLUG}\n"
    )
    assert (done.status, done.out) == (3, b"out\n")
    assert done.err == b"err\n" + told.encode()
    assert done.line.startswith("buildopt: executed in ")


@pytest.mark.parametrize(
    "pattern",
    ["src/**", "src", "empty", "**/*.txt", "link/deep/*", "src/deep/a.txt", "src/[!b]*/*"],
)
def test_a_pattern_that_matches_is_not_told(project, pattern):
    assert run(project, pattern).err == b"err\n"


def test_several_are_told_in_one_line(project):
    done = run(project, "src/**", "one", "two", "three")

    assert done.err.count(b"\n") == 2
    assert b"the input `one` (nor 2 more), seen" in done.err


def test_quiet_leaves_it_out(project):
    assert b"matches" not in project.call("run", "-q", "--input", "scr", "--", "true").stderr


def test_it_is_told_by_the_run_and_not_by_its_replay(project):
    first, again = (project.run("--input", "scr/**", "--", "true") for _ in range(2))

    assert (first.outcome, again.outcome) == ("executed", "fresh")
    assert SLUG.encode() in first.err
    assert again.err == b""
