from buildopt.execute.environment import (
    child_environment,
    is_hook_environment,
    without_environment,
)

CI_RUN = """GITHUB_SHA GITHUB_REF GITHUB_REF_NAME GITHUB_RUN_ID CI_COMMIT_SHA CI_JOB_ID
    CI_PIPELINE_IID BUILD_NUMBER BUILD_ID"""


def test_command_gets_everything_and_the_run():
    environment = {"A": "1", "PATH": "/bin", "BUILDOPT_ACTIVE": "outer"}

    theirs = child_environment(environment, active_id="r1", events_file="/e")

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
