"""Which scripts are taken apart, and where."""

import pytest

from buildopt.steps.script import parts_of


@pytest.mark.parametrize(
    ("script", "parts"),
    [
        ("tsc", ["tsc"]),
        ("tsc -b && vite build", ["tsc -b", "vite build"]),
        ("  tsc&&vite build  ", ["tsc", "vite build"]),
        ("a 'b && c' && d \"e; f\"", ["a 'b && c'", 'd "e; f"']),
        ("tsc --define=x=1 && node a.js", ["tsc --define=x=1", "node a.js"]),
    ],
)
def test_list_of_simple_commands_is_taken_apart(script, parts):
    assert parts_of(script) == parts


@pytest.mark.parametrize(
    "script",
    [
        "",
        "tsc &&",
        "&& tsc",
        "tsc && cd dist && ls",
        "tsc && ! test -e x",
        "NODE_ENV=production vite build && tsc",
        "tsc && X=1",
        "tsc; vite build",
        "tsc & vite build",
        "tsc || vite build",
        "tsc | tee log && vite build",
        "tsc > log && vite build",
        "rm -f *.js && tsc",
        "ls file? && tsc",
        "ls [ab] && tsc",
        "ls ~ && tsc",
        "echo $HOME && tsc",
        'echo "$HOME" && tsc',
        "echo `date` && tsc",
        "(tsc) && vite build",
        "{ tsc; } && vite build",
        "tsc && 'quoted command'",
        "tsc \\&& vite build",
        "tsc && echo 'open",
        "tsc\nvite build && x",
        "tsc && # comment",
        "tsc &&& vite",
        "ls {a,b} && tsc",
    ],
)
def test_whatever_a_shell_does_more_leaves_the_script_whole(script):
    assert parts_of(script) == [script]
