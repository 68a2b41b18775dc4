"""Verdicts on tools."""

from dataclasses import replace

import pytest

from buildopt.doctor.tool_verdicts import judge_tools
from buildopt.tool_versions import Tool


def test_a_tool_that_tells_no_version_is_a_warning(healthy):
    broken = Tool(name="yarn", path="/opt/my tools/yarn", trouble="it ended with status 3")

    rows = {check.name: check for check in judge_tools(replace(healthy, tools=(broken,)))}

    assert (rows["yarn"].status, "status 3" in rows["yarn"].found) == ("warning", True)
    assert "'/opt/my tools/yarn' --version" in rows["yarn"].mend


def test_tools_that_are_not_there_share_a_row_and_are_no_fault(healthy):
    rows = {check.name: check for check in judge_tools(healthy)}

    assert (rows["absent-tools"].status, rows["absent-tools"].found) == ("ok", "tsc: not on PATH")


@pytest.mark.parametrize(("is_repository", "status"), [(True, "warning"), (False, "ok")])
def test_absent_git_is_a_warning_only_in_a_repository(healthy, is_repository, status):
    around = replace(healthy, tools=(), absent_tools=("git",), is_repository=is_repository)

    (row,) = judge_tools(around)

    assert (row.name, row.status) == ("git", status)
