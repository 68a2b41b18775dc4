"""A record gives back only what a run that looks the same would print, and says why it does not."""

import subprocess

import pytest

from tests.e2e.screen import shown_by
from tests.rig import PROGRAM

LOOKS = """\
red=''; plain=''
if [ -t 1 ]; then red="$(printf '\\033[31m')"; plain="$(printf '\\033[0m')"; fi
echo "${red}said${plain}"
if [ -t 2 ]; then echo 50% 100% >&2; else echo done >&2; fi
"""
"""Prints one thing on a terminal and another to a pipe, on each stream by itself."""
HEEDS = """\
colour=no
[ -t 1 ] && colour=yes
[ "$NO_COLOR" ] && colour=no
[ "$FORCE_COLOR" ] && colour=yes
if [ $colour = yes ]; then printf '\\033[32mgreen\\033[0m\\n'; else echo green; fi
"""
"""Colours its line as users and terminals have it."""


@pytest.fixture
def project(rig):
    rig.script("looks.sh", LOOKS)
    rig.script("heeds.sh", HEEDS)
    rig.script("plain.sh", "echo said")
    rig.script("silent.sh", ":")
    rig.environ["TERM"] = "xterm"
    return rig


class Call:
    """One command, bare and wrapped, with the same streams."""

    def __init__(self, rig, script):
        self.rig = rig
        self.bare = (f"./{script}",)
        self.words = ("--input", script, "--", *self.bare)
        self.wrapped = (PROGRAM, "run", "--quiet", *self.words)

    def outcome(self, show):
        """How it was answered, after it was seen to be as bare."""
        expected = show(self.bare, self.options)
        assert show(self.wrapped, self.options) == expected
        return self.rig.last_result()["outcome"]

    @property
    def options(self):
        return {"cwd": self.rig.root, "env": self.rig.environ}


def on_a_terminal(command, options):
    return shown_by(command, **options)


def on_pipes(command, options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, **options
    )
    return done.returncode, done.stdout, done.stderr


def on_one_pipe(command, options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False, **options,
    )  # fmt: skip
    return done.returncode, done.stdout


def with_one_in_a_pipe(name):
    """Shows on a terminal, but for the stream `name`, as in `command | less`."""

    def show(command, options):
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
            status, shown = shown_by(command, **{name: cat.stdin}, **options)
            return status, shown, cat.communicate()[0]

    return show


EVERYWHERE = (
    on_a_terminal,
    on_pipes,
    on_one_pipe,
    with_one_in_a_pipe("stdout"),
    with_one_in_a_pipe("stderr"),
)


@pytest.mark.parametrize("order", [EVERYWHERE, EVERYWHERE[::-1]], ids=["forth", "back"])
def test_each_way_of_looking_has_its_own_record(project, order):
    call = Call(project, "looks.sh")

    first = [call.outcome(show) for show in order]
    again = [call.outcome(show) for show in order]

    assert first == ["executed"] * len(order)
    assert again == ["fresh"] * len(order)


def test_silent_run_answers_everywhere(project):
    call = Call(project, "silent.sh")
    call.outcome(on_pipes)

    assert [call.outcome(show) for show in EVERYWHERE] == ["fresh"] * len(EVERYWHERE)


def test_text_on_one_stream_alone_answers_the_same_stream_joined(project):
    call = Call(project, "plain.sh")
    call.outcome(on_pipes)

    assert call.outcome(on_one_pipe) == "fresh"


@pytest.mark.parametrize("show", [on_pipes, on_a_terminal])
@pytest.mark.parametrize("fast_path", ["0", "1"])
def test_wish_for_colour_is_heeded_whatever_was_recorded(project, show, fast_path):
    project.environ["BUILDOPT_FAST_PATH"] = fast_path
    call = Call(project, "heeds.sh")
    plain = dict(project.environ)
    wishes = ({}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"})

    for _ in range(3):
        for wish in wishes:
            project.environ = plain | wish
            call.outcome(show)

    assert project.last_result()["outcome"] == "fresh"


def test_wish_for_colour_is_no_reason_where_nothing_could_heed_it(project):
    call = Call(project, "plain.sh")
    call.outcome(on_pipes)

    project.environ |= {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}

    assert call.outcome(on_pipes) == "fresh"


def test_wish_against_colour_is_no_reason_where_there_was_none(project):
    call = Call(project, "plain.sh")
    call.outcome(on_a_terminal)

    project.environ |= {"NO_COLOR": "1", "TERM": "dumb"}

    assert call.outcome(on_a_terminal) == "fresh"


def test_another_look_is_the_reason_that_is_told(project):
    call = Call(project, "looks.sh")
    call.outcome(on_a_terminal)

    done = project.run(*call.words)

    assert done.reasons == [("settings", "streams")]
    reason = done.result["miss_reasons"][0]
    assert reason["before"] == "a terminal, both as one, colour welcome"
    assert reason["after"] == "pipes, colour unwelcome"
