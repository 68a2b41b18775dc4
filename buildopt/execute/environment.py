"""The command's environment: what it gets, and which of it a result may depend on.

Every variable reaches the command. Of these the key has none:

- what no build result depends on: `hit.IGNORED_NAMES`, `hit.IGNORED_PREFIXES`;
- our own, `BUILDOPT_*`: what of it changes a record is in the key as a setting;
- inside an npm, pnpm or yarn script what these tell it about itself;
- identifiers of a CI run, if the run was traced: they count for a run in whose arguments,
  programs and read files their name occurs, which the caller finds out (`is_ci_identifier`).

What is not known counts: an unneeded miss is better than a wrong hit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from buildopt import hit

ACTIVE = "BUILDOPT_ACTIVE"
"""Tells a `buildopt run` inside the command that it is inside one; the value is the run's id."""

EVENTS = "BUILDOPT_EVENTS"
"""Names a file to which the command's tools may append events of their own."""

OWN_PREFIX = b"BUILDOPT_"

HOOK_ENVIRONMENT_MARKS = (".install_state_v2", ".prek-hook.json")
"""Files at the root of the virtual environments that pre-commit and prek make for hooks.

They put such an environment first on `PATH`, so that a hook of ours would build with it. No
other one is taken off: nothing tells it from one that the user activated.
"""

PACKAGE_SCRIPT_NAMES = frozenset((b"INIT_CWD", b"NODE"))
PACKAGE_SCRIPT_PREFIXES = (b"npm_", b"NPM_")
"""Set by npm, pnpm and yarn for a script: paths and settings of the package manager itself."""

PACKAGE_SCRIPT_MARK = "npm_lifecycle_event"
"""The name of the script that runs: all three set it."""

CI_RUN_NAMES = frozenset(
    b"BUILD_ID BUILD_NUMBER BUILD_URL BUILD_TAG BUILD_BUILDID BUILD_BUILDNUMBER"
    b" GITHUB_SHA GITHUB_ACTION GITHUB_JOB GITHUB_ACTOR GITHUB_ACTOR_ID GITHUB_TRIGGERING_ACTOR"
    b" GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_ENV GITHUB_OUTPUT GITHUB_PATH GITHUB_STATE"
    b" GITHUB_STEP_SUMMARY GITHUB_HEAD_REF GITHUB_BASE_REF GITHUB_RETENTION_DAYS"
    b" CI_CONCURRENT_ID CI_CONCURRENT_PROJECT_ID CI_BUILD_ID"
    b" GIT_COMMIT GIT_PREVIOUS_COMMIT GIT_PREVIOUS_SUCCESSFUL_COMMIT EXECUTOR_NUMBER"
    b" BUILDKITE_COMMIT BUILDKITE_MESSAGE CIRCLE_SHA1 CIRCLE_NODE_INDEX DRONE_COMMIT"
    b" TRAVIS_COMMIT TRAVIS_COMMIT_MESSAGE TRAVIS_COMMIT_RANGE BITBUCKET_COMMIT".split()
)
CI_RUN_PREFIXES = (
    b"GITHUB_REF", b"GITHUB_RUN_", b"GITHUB_WORKFLOW",
    b"CI_COMMIT_", b"CI_JOB_", b"CI_PIPELINE_", b"CI_MERGE_REQUEST_",
    b"BUILDKITE_BUILD_", b"BUILDKITE_JOB_", b"BUILDKITE_STEP_",
    b"CIRCLE_BUILD_", b"CIRCLE_WORKFLOW_", b"CIRCLE_PIPELINE_",
    b"DRONE_BUILD_", b"DRONE_COMMIT_", b"DRONE_STAGE_", b"DRONE_STEP_",
    b"TRAVIS_BUILD_", b"TRAVIS_JOB_", b"BITBUCKET_BUILD_", b"BITBUCKET_PIPELINE_",
)  # fmt: skip
"""They differ from one CI run to the next, whatever is built.

Sources: the lists of predefined variables of GitHub Actions, GitLab CI, Jenkins, Azure
Pipelines, Buildkite, CircleCI, Drone, Travis and Bitbucket.
"""


def counts(name: bytes, *, in_package_script: bool, arguments: str = "") -> bool:
    """Whether the key has the variable `name` (unless it is a CI run's, see there).

    `arguments` are the command's, for the variables of a package script that they name.
    """
    if name.startswith(OWN_PREFIX) or not hit.counts(name):
        return False
    if not in_package_script:
        return True
    if name in PACKAGE_SCRIPT_NAMES:
        return False
    if not name.startswith(PACKAGE_SCRIPT_PREFIXES):
        return True
    return name.startswith((b"npm_package_", b"npm_config_")) and os.fsdecode(name) in arguments


def is_ci_identifier(name: bytes) -> bool:
    """Whether the variable `name` tells one CI run from the next."""
    return name in CI_RUN_NAMES or name.startswith(CI_RUN_PREFIXES)


def is_in_package_script(environment: Mapping[str, str]) -> bool:
    """Whether a package manager runs a script of its own in this environment."""
    return PACKAGE_SCRIPT_MARK in environment


def child_environment(
    environment: Mapping[str, str], *, run_id: str, events_file: str = ""
) -> dict[str, str]:
    """What the command gets: all of `environment`, and how to find this run."""
    theirs = {**environment, ACTIVE: run_id}
    if events_file:
        theirs[EVENTS] = events_file
    if is_hook_environment(sys.prefix):
        return without_environment(theirs, sys.prefix)
    return theirs


def is_hook_environment(prefix: str) -> bool:
    """Whether a hook runner made this virtual environment, and its user never activated it."""
    return any(os.path.exists(f"{prefix}/{mark}") for mark in HOOK_ENVIRONMENT_MARKS)


def without_environment(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The variables without what activates the virtual environment `prefix`."""
    theirs = dict(environment)
    if theirs.get("VIRTUAL_ENV") == prefix:
        del theirs["VIRTUAL_ENV"]
    if "PATH" in theirs:
        folders = theirs["PATH"].split(os.pathsep)
        kept = [folder for folder in folders if folder != f"{prefix}/bin"]
        theirs["PATH"] = os.pathsep.join(kept)
    return theirs
