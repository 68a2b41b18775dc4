"""Verdicts on the tools that builds start."""

from __future__ import annotations

import shlex

from buildopt.doctor.check import Check, ok, warning
from buildopt.doctor.facts import Surroundings
from buildopt.tool_versions import Tool


def judge_tools(around: Surroundings) -> tuple[Check, ...]:
    """Git always has a row; any other tool only where it is on `PATH`."""
    checks = [_tool(tool) for tool in around.tools]
    absent = list(around.absent_tools)
    if "git" in absent:
        absent.remove("git")
        checks.insert(0, _absent_git(is_repository=around.is_repository))
    if absent:
        checks.append(ok("absent-tools", f"{', '.join(absent)}: not on PATH"))
    return tuple(checks)


def _tool(tool: Tool) -> Check:
    if tool.trouble:
        return warning(
            tool.name,
            f"{tool.path} does not tell its version: {tool.trouble}",
            mend=f"try `{shlex.quote(tool.path)} --version`, and install it anew if that fails",
        )
    return ok(tool.name, f"{tool.version} ({tool.path})")


def _absent_git(*, is_repository: bool) -> Check:
    """Only builds that ask git for something need it; buildopt reads `.git` by itself."""
    if not is_repository:
        return ok("git", "not on PATH, and the project is no git repository")
    return warning(
        "git",
        "not on PATH, but the project is a git repository",
        mend="install git, or put its folder on PATH",
    )
