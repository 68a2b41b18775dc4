"""Completion by the real shells: what they insert at the cursor, and how fast they may ask."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.rig import PROGRAM

SETTINGS = """
[tasks.docs]
command = "make docs"

[tasks."test:unit"]
command = "make test"
"""
EXPECTED = {
    "buildopt run": ["run", "runs"],
    "buildopt dash": ["dashboard"],
    "buildopt al": ["alert"],
    "buildopt bundle wh": ["why"],
    "buildopt bundle not": ["notes.txt"],
    "buildopt run --obs": ["--observe"],
    "buildopt run --observe s": ["seccomp"],
    "buildopt run --observe=d": ["--observe=declared"],
    "buildopt run do": ["docs"],
    "buildopt run test:u": ["test:unit"],
    "buildopt run --result-file no": ["notes.txt"],
    "buildopt run --report=no": ["--report=notes.txt"],
    "buildopt run --report do": ["docs"],
    "buildopt run --cache-dir fo": ["folder"],
    "buildopt run -- own-to": ["own-tool"],
    "buildopt run --quiet -- own-tool no": ["notes.txt"],
    "buildopt build -- no": ["notes.txt"],
    "buildopt cache prune --lim": ["--limit"],
    "buildopt nosuch --x": [],
}
"""A line with the cursor at its end -> what may stand in place of its last word."""
BASH = """\
eval "$(buildopt completion bash)"
tell() { printf '%s\\n' "$*" >> "$HOME/told"; }
"""
ZSH = """\
autoload -U compinit; compinit -D -u
eval "$(buildopt completion zsh)"
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert true
zle -C all-matches complete-word _generic; bindkey -e; bindkey '^X*' all-matches
tell() { print -r -- "$*" >> "$HOME/told"; }
"""
FISH = """\
buildopt completion fish | source
for line in $argv
    echo $line (complete -C $line | string replace -r '\\t.*' '') >> $HOME/told
end
"""
TO_THE_START = "\x01"


@pytest.fixture
def project(rig):
    rig.write("buildopt.toml", SETTINGS)
    rig.write("notes.txt")
    rig.write("folder/x")
    rig.write("../bin/own-tool", "#!/bin/sh\n", 0o755)
    rig.environ["PATH"] = f"{rig.place}/bin:{PROGRAM.parent}:{rig.environ['PATH']}"
    rig.environ["TERM"] = "dumb"
    return rig


def require(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def type_into(rig, shell, text):
    """An interactive shell that gets `text` as if typed, until it has ended by itself."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        shell, cwd=rig.root, env=rig.environ, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    ):  # fmt: skip
        os.close(theirs)
        os.write(ours, text.encode())
        try:
            while os.read(ours, 1 << 16):
                pass
        except OSError:
            pass  # the last one that had the terminal open has gone
    os.close(ours)


def typed_lines(all_matches):
    """Each line, all that may follow inserted, and then given to `tell` as words."""
    return "".join(f"{line}{all_matches}{TO_THE_START}tell \n" for line in EXPECTED) + "exit\n"


def told(rig):
    """What stood on the line behind the words before the cursor, for each line."""
    found = {}
    for line, words in zip(EXPECTED, (rig.place / "told").read_text().splitlines(), strict=True):
        before = len(shlex.split(line)) - 1
        found[line] = candidates(words.split()[before:])
    return found


def candidates(words):
    """Each once, and folders alike whether or not a shell has put its slash behind yet."""
    return sorted({word.rstrip("/") for word in words})


def test_bash_inserts_what_fits(project):
    require("bash")
    text = BASH + typed_lines("\x1b*")

    type_into(project, ["bash", "--norc", "--noprofile", "-i"], text)

    untouched = {"buildopt nosuch --x": ["--x"]}
    assert told(project) == EXPECTED | untouched


def test_zsh_inserts_what_fits(project):
    require("zsh")
    text = ZSH + typed_lines("\x18*")

    type_into(project, ["zsh", "-f", "-i"], text)

    untouched = {"buildopt nosuch --x": ["--x"]}
    assert told(project) == EXPECTED | untouched


def test_fish_offers_what_fits(project):
    require("fish")

    subprocess.run(
        ["fish", "--no-config", "-c", FISH, *EXPECTED],
        cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, check=True,
    )  # fmt: skip

    found = {}
    for line, words in zip(
        EXPECTED, (project.place / "told").read_text().splitlines(), strict=True
    ):
        found[line] = candidates(words.removeprefix(line).split())
    assert found == EXPECTED


def asked(rig, words, *program):
    rig.environ |= {
        "_BUILDOPT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        program or (PROGRAM,), cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    return done


def test_started_as_a_module_the_same_is_answered(project):
    by_script = asked(project, "buildopt run do")

    by_module = asked(project, "buildopt run do", sys.executable, "-m", "buildopt")

    assert by_script.stdout == by_module.stdout == b"plain,docs\n"


def test_a_mistake_on_the_line_completes_to_nothing_and_says_nothing(project):
    project.write("buildopt.toml", "obsrve = 1")

    for words in ("buildopt nosuch x", "buildopt run do", "buildopt build x y"):
        done = asked(project, words)

        assert (done.stdout.strip(), done.stderr) == (b"", b"")


def test_the_scripts_that_click_makes_are_answered_too(project):
    done = asked(project, "buildopt run --observe = d")

    assert done.stdout == b"plain,declared\n"


def test_an_unknown_shell_is_a_failure_without_a_word(project):
    project.environ["_BUILDOPT_COMPLETE"] = "tcsh_complete"

    done = project.call()

    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_the_names_of_commands_are_told_without_importing_one(project):
    code = """if True:
        import json, sys
        from buildopt.cli.app import run_command_line
        run_command_line([])
        print(json.dumps([name for name in sys.modules if name.startswith("buildopt")]))
    """

    done = asked(project, "buildopt r", sys.executable, "-c", code)

    *names, modules = done.stdout.decode().splitlines()
    assert "plain,run" in names
    assert {"buildopt.cli.run", "buildopt.cli.cache"}.isdisjoint(json.loads(modules))


def test_the_script_of_a_shell_is_printed_as_it_is(project):
    done = project.call("completion", "fish")

    assert b"complete -c buildopt" in done.stdout
    assert project.call("completion", "tcsh").returncode == 2
