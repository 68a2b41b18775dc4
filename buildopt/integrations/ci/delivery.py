"""What the CI system around us wants of a job, and where it wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from buildopt.integrations.ci.azure import upload

System = Literal["github", "gitlab", "azure", "teamcity", "buildkite", "other"]
MARKS: Mapping[str, System] = {
    "GITHUB_ACTIONS": "github",
    "GITLAB_CI": "gitlab",
    "TF_BUILD": "azure",
    "TEAMCITY_VERSION": "teamcity",
    "BUILDKITE": "buildkite",
}
"""Variable that a system sets -> the system."""
JUNIT = "buildopt-junit.xml"
METRICS = "buildopt-metrics.txt"
SUMMARY = "buildopt-summary.md"
SARIF = "buildopt.sarif"


class Delivery(NamedTuple):
    """A form and the file for it; stdout where there is none. `announced` is printed behind it."""

    form: str
    file: str = ""
    appends: bool = False
    announced: str = ""


def system_of(environ: Mapping[str, str]) -> System:
    """The system that runs us, by the variables that it sets."""
    return next((system for name, system in MARKS.items() if environ.get(name)), "other")


def deliveries(environ: Mapping[str, str], folder: str) -> Iterator[Delivery]:
    """What to give to the system, files that it does not name below `folder`."""
    match system_of(environ):
        case "github":
            yield from _github(environ)
        case "gitlab":
            yield Delivery("junit", os.path.join(folder, JUNIT))
            yield Delivery("openmetrics", os.path.join(folder, METRICS))
        case "azure":
            summary = os.path.join(environ.get("AGENT_TEMPDIRECTORY") or folder, SUMMARY)
            yield Delivery("azure")
            yield Delivery("summary", summary, announced=upload(summary))
            yield Delivery("junit", os.path.join(folder, JUNIT))
        case "teamcity":
            yield Delivery("teamcity")
        case "buildkite":
            yield Delivery("summary", os.path.join(folder, SUMMARY))
        case "other":
            yield Delivery("junit", os.path.join(folder, JUNIT))
            yield Delivery("sarif", os.path.join(folder, SARIF))
            yield Delivery("summary", os.path.join(folder, SUMMARY))


def _github(environ: Mapping[str, str]) -> Iterator[Delivery]:
    yield Delivery("annotations")
    for name, form in (("GITHUB_STEP_SUMMARY", "summary"), ("GITHUB_OUTPUT", "outputs")):
        if environ.get(name):
            yield Delivery(form, environ[name], appends=True)
