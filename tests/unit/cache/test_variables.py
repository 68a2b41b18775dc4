"""Which variables count."""

import pytest

from buildopt.cache.tokens import tokens_for
from buildopt.cache.variables import counts, digests
from buildopt.model import Task

LOOK = "TERM COLORTERM NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE COLUMNS LINES"
SESSION = """_ SHLVL OLDPWD PWD TERM_SESSION_ID WINDOWID SSH_AUTH_SOCK XDG_SESSION_ID
    XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY LS_COLORS LESSOPEN PS1
    PROMPT_COMMAND HISTFILE STARSHIP_SHELL DIRENV_DIR VTE_VERSION KONSOLE_VERSION ITERM_PROFILE
    GPG_TTY INVOCATION_ID JOURNAL_STREAM BUILDOPT_ACTIVE BUILDOPT_CACHE_DIR"""


@pytest.mark.parametrize("name", (LOOK + " " + SESSION).split())
def test_variable_that_no_result_depends_on_does_not_count(name):
    assert not counts(name, inside_script=False)


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "CC", "NODE_ENV", "NODE", "npm_config_x", "LANG", "CI", "SSHX", "__"]
)
def test_every_other_variable_counts(name):
    assert counts(name, inside_script=False)


@pytest.mark.parametrize("name", ["npm_execpath", "NPM_TOKEN", "INIT_CWD", "NODE"])
def test_what_a_package_manager_tells_its_script_does_not_count(name):
    assert not counts(name, inside_script=True)


def test_variable_of_the_package_that_the_command_line_names_counts():
    environment = {
        "npm_lifecycle_event": "build", "npm_package_version": "1", "npm_package_name": "p",
    }  # fmt: skip
    task = Task(
        name="", argv=("sh", "-c", "tool --version $npm_package_version"), directory="/p",
        root="/p", project="p", environment=environment, umask=0o22,
    )  # fmt: skip

    assert set(digests(task, b"k" * 32, tokens_for("/p", {}), is_traced=False)) == {
        "npm_package_version"
    }
