"""Which environment variables count, and their digests; their values go nowhere else.

In the key is every variable but those that no build result depends on (`hit.IGNORED_NAMES`,
`hit.IGNORED_PREFIXES`; docs/environment.md), our own, and what the settings leave out; what they
ask for is in it always. Of a run that was traced, identifiers of a CI run, what git sets for its
hooks and what a package manager sets for its scripts count only where their name occurs in what it
read (occurrences.py), and another `PATH` may do (search_path.py). Of one that was not, the former
two count and the last do not, unless the command names them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from hashlib import blake2b

from buildopt import hit
from buildopt.cache.tokens import Tokens
from buildopt.model import Task

OWN_PREFIX = "BUILDOPT_"
"""What of these changes a record is in the task's key as a setting."""
SCRIPT_PREFIXES = ("npm_", "NPM_")
NAMED_PREFIXES = ("npm_config_", "npm_package_")
"""They count all the same where the command names them."""
SCRIPT_NAMES = frozenset({"INIT_CWD", "NODE"})
"""Set by npm, pnpm and yarn for the scripts they start, new at each call."""
SCRIPT_MARK = "npm_lifecycle_event"
PLACE_NAMES = frozenset({"HOME", "TMPDIR"})
"""What `$HOME` and `$TMP` stand for: they count as they are, since a result may hold them. Of the
project's folder that is found out by searching the result for it (store.py)."""


CI_RUN_NAMES = frozenset((
    "BUILD_ID", "BUILD_NUMBER", "BUILD_URL", "BUILD_TAG", "BUILD_BUILDID", "BUILD_BUILDNUMBER",
    "GITHUB_SHA", "GITHUB_ACTION", "GITHUB_JOB", "GITHUB_ACTOR", "GITHUB_ACTOR_ID",
    "GITHUB_TRIGGERING_ACTOR", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_ENV",
    "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY", "GITHUB_HEAD_REF",
    "GITHUB_BASE_REF", "GITHUB_RETENTION_DAYS", "RUNNER_NAME", "RUNNER_TRACKING_ID",
    "ACTIONS_ORCHESTRATION_ID", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ImageVersion", "SYSTEMD_EXEC_PID", "CI_CONCURRENT_ID", "CI_CONCURRENT_PROJECT_ID",
    "CI_BUILD_ID", "CI_REPOSITORY_URL", "CI_REGISTRY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD",
    "CI_OPEN_MERGE_REQUESTS", "CI_SERVER_REVISION", "GITLAB_FEATURES", "SYSTEM_JOBID",
    "SYSTEM_JOBATTEMPT", "SYSTEM_PLANID", "SYSTEM_TIMELINEID", "SYSTEM_TASKINSTANCEID",
    "AGENT_ID", "AGENT_NAME", "AGENT_MACHINENAME", "GIT_COMMIT", "GIT_PREVIOUS_COMMIT",
    "GIT_PREVIOUS_SUCCESSFUL_COMMIT",
    "EXECUTOR_NUMBER", "BUILDKITE_COMMIT", "BUILDKITE_MESSAGE", "CIRCLE_SHA1",
    "CIRCLE_NODE_INDEX", "DRONE_COMMIT", "TRAVIS_COMMIT", "TRAVIS_COMMIT_MESSAGE",
    "TRAVIS_COMMIT_RANGE", "BITBUCKET_COMMIT",
))  # fmt: skip
CI_RUN_PREFIXES = (
    "GITHUB_REF", "GITHUB_RUN_", "GITHUB_WORKFLOW",
    "CI_COMMIT_", "CI_JOB_", "CI_PIPELINE_", "CI_MERGE_REQUEST_", "CI_EXTERNAL_PULL_REQUEST_",
    "CI_RUNNER_", "CI_SERVER_VERSION", "GITLAB_USER_", "BUILD_SOURCEVERSION", "BUILD_SOURCEBRANCH",
    "BUILDKITE_BUILD_", "BUILDKITE_JOB_", "BUILDKITE_STEP_",
    "CIRCLE_BUILD_", "CIRCLE_WORKFLOW_", "CIRCLE_PIPELINE_",
    "DRONE_BUILD_", "DRONE_COMMIT_", "DRONE_STAGE_", "DRONE_STEP_",
    "TRAVIS_BUILD_", "TRAVIS_JOB_", "BITBUCKET_BUILD_", "BITBUCKET_PIPELINE_",
)  # fmt: skip
"""They differ from one CI run to the next, whatever is built.

Sources: the lists of predefined variables of GitHub Actions, GitLab CI, Jenkins, Azure
Pipelines, Buildkite, CircleCI, Drone, Travis and Bitbucket.
"""
HOOK_NAMES = frozenset((
    "GIT_AUTHOR_DATE", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE", "GIT_EDITOR",
    "GIT_EXEC_PATH", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_REFLOG_ACTION", "PRE_COMMIT",
))  # fmt: skip
HOOK_PREFIXES = ("PRE_COMMIT_", "PREK_")
"""What `git commit`, `git rebase`, pre-commit and prek set for their hooks: dates and commits are
others for each call, and a build by hand has none of it."""


_ONE_RUN_NAMES = CI_RUN_NAMES | HOOK_NAMES
_ONE_RUN_PREFIXES = (*CI_RUN_PREFIXES, *HOOK_PREFIXES)
UNNAMED = "-"
"""Value of an observation: nothing that the run read has the variable's name in it."""


def is_of_one_run(name: str) -> bool:
    """Whether a variable tells one CI run, or one commit whose hook runs, from the next."""
    return name in _ONE_RUN_NAMES or name.startswith(_ONE_RUN_PREFIXES)


def is_of_scripts(name: str) -> bool:
    """Whether a variable is one that a package manager sets for its scripts."""
    return name.startswith(SCRIPT_PREFIXES) or name in SCRIPT_NAMES


def is_optional(name: str, task: Task) -> bool:
    """Whether a variable counts only as far as a traced run may have looked at it."""
    if is_asked_for(name, task):
        return False
    return is_of_one_run(name) or (SCRIPT_MARK in task.environment and is_of_scripts(name))


def digests(task: Task, secret: bytes, tokens: Tokens, *, is_traced: bool) -> dict[str, str]:
    """Keyed BLAKE2b of each variable of `task` that counts, or may count, by name."""
    inside_script = SCRIPT_MARK in task.environment and not is_traced
    if task.environment.get("PWD", task.directory) == task.directory:
        named_folder = {}
    else:  # reached through a link: what a shell prints as its folder is another text
        named_folder = {"PWD": _digest(tokens.shorten_text(task.environment["PWD"]), secret)}
    return named_folder | {
        name: _digest(value if name in PLACE_NAMES else tokens.shorten_text(value), secret)
        for name, value in sorted(task.environment.items())
        if is_asked_for(name, task)
        or (
            counts(name, inside_script=inside_script and not _is_named(name, task))
            and not _is_one_of(name, task.ignored_variables)
        )
    }


def is_asked_for(name: str, task: Task) -> bool:
    """Whether the settings say that a variable counts, whatever else leaves it out."""
    return _is_one_of(name, task.variables)


def counts(name: str, *, inside_script: bool) -> bool:
    """Whether a variable may change a result."""
    if name.startswith(OWN_PREFIX) or not hit.counts(os.fsencode(name)):
        return False
    return not (inside_script and is_of_scripts(name))


def _is_named(name: str, task: Task) -> bool:
    """Whether the command's own words name a variable of the package manager."""
    return name.startswith(NAMED_PREFIXES) and any(name in word for word in task.argv)


def _is_one_of(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _digest(value: str, secret: bytes) -> str:
    return blake2b(os.fsencode(value), key=secret, digest_size=16).hexdigest()
