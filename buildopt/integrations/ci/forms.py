"""The forms in which a job can be told, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from buildopt.integrations.ci.view import JobView

FORMS: Mapping[str, str] = {
    "summary": "Markdown, at most 200 kB: GitHub's job summary, Buildkite, anything",
    "comment": "Markdown for a pull request, with a hidden marker",
    "annotations": "GitHub's `::error::` lines, the worst first",
    "outputs": "lines for `GITHUB_OUTPUT`: cache-hit, time-saved-ms, total-size",
    "junit": "JUnit XML: GitLab, Jenkins, CircleCI, Azure",
    "openmetrics": "OpenMetrics: GitLab's metrics reports",
    "sarif": "SARIF 2.1.0 of what has a place: code scanning, Warnings-NG",
    "teamcity": "service messages of TeamCity",
    "azure": "logging commands of Azure Pipelines",
}
"""Form, which is a module of this package with a `render` -> what it is for."""


def rendered(form: str, job: JobView) -> bytes:
    """The job in that form, UTF-8; what is no text in a name is written out."""
    module = import_module(f"buildopt.integrations.ci.{form}")
    render = cast("Callable[[JobView], str]", getattr(module, "render"))  # noqa: B009
    return render(job).encode("utf-8", "backslashreplace")
