import pytest

from buildopt.execute.environment import (
    child_environment,
    counts,
    is_ci_identifier,
    is_hook_environment,
    is_in_package_script,
    without_environment,
)

LOOK = "TERM COLORTERM NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE COLUMNS LINES"
SESSION = """_ SHLVL OLDPWD PWD TERM_SESSION_ID WINDOWID SSH_AUTH_SOCK XDG_SESSION_ID
    XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY LS_COLORS LESSOPEN PS1
    PROMPT_COMMAND HISTFILE STARSHIP_SHELL DIRENV_DIR VTE_VERSION KONSOLE_VERSION ITERM_PROFILE
    GPG_TTY INVOCATION_ID JOURNAL_STREAM BUILDOPT_ACTIVE BUILDOPT_CACHE_DIR"""


@pytest.mark.parametrize("name", (LOOK + " " + SESSION).split())
def test_variable_that_no_result_depends_on_does_not_count(name):
    assert not counts(name.encode(), in_package_script=False)


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "CC", "NODE_ENV", "NODE", "npm_config_x", "LANG", "CI", "SSHX", "__"]
)
def test_every_other_variable_counts(name):
    assert counts(name.encode(), in_package_script=False)


@pytest.mark.parametrize("name", ["npm_execpath", "NPM_TOKEN", "INIT_CWD", "NODE"])
def test_what_a_package_manager_tells_its_script_does_not_count(name):
    assert not counts(name.encode(), in_package_script=True)


def test_variable_of_the_package_that_the_command_line_names_counts():
    arguments = "tool --version $npm_package_version"

    assert counts(b"npm_package_version", in_package_script=True, arguments=arguments)
    assert not counts(b"npm_package_name", in_package_script=True, arguments=arguments)
    assert counts(b"NODE_ENV", in_package_script=True)


def test_package_script_is_known_by_its_name():
    assert is_in_package_script({"npm_lifecycle_event": "build"})
    assert not is_in_package_script({"npm_config_registry": "x"})


CI_RUN = """GITHUB_SHA GITHUB_REF GITHUB_REF_NAME GITHUB_RUN_ID CI_COMMIT_SHA CI_JOB_ID
    CI_PIPELINE_IID BUILD_NUMBER BUILD_ID"""


@pytest.mark.parametrize("name", CI_RUN.split())
def test_identifier_of_a_ci_run_is_one(name):
    assert is_ci_identifier(name.encode())
    assert counts(name.encode(), in_package_script=False)


@pytest.mark.parametrize("name", ["CI", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "BUILD_TYPE"])
def test_other_variables_of_ci_are_none(name):
    assert not is_ci_identifier(name.encode())


def test_command_gets_everything_and_the_run():
    environment = {"A": "1", "PATH": "/bin", "BUILDOPT_ACTIVE": "outer"}

    theirs = child_environment(environment, run_id="r1", events_file="/e")

    assert theirs == {**environment, "BUILDOPT_ACTIVE": "r1", "BUILDOPT_EVENTS": "/e"}
    assert environment["BUILDOPT_ACTIVE"] == "outer"


def test_environment_of_a_hook_runner_is_known_by_its_mark(tmp_path):
    assert not is_hook_environment(str(tmp_path))

    (tmp_path / ".install_state_v2").touch()

    assert is_hook_environment(str(tmp_path))


def test_hooks_environment_is_taken_off_the_path():
    environment = {"PATH": "/hook/bin:/home/bin:/bin", "VIRTUAL_ENV": "/hook", "A": "1"}

    assert without_environment(environment, "/hook") == {"PATH": "/home/bin:/bin", "A": "1"}


def test_environment_that_the_user_activated_stays():
    environment = {"PATH": "/mine/bin:/hook/bin:/bin", "VIRTUAL_ENV": "/mine"}

    theirs = without_environment(environment, "/hook")

    assert theirs == {"PATH": "/mine/bin:/bin", "VIRTUAL_ENV": "/mine"}
