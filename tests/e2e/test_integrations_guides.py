"""The guides about build systems, followed with the real tools."""

import pytest

pytest.register_assert_rewrite("tests.guides")

from tests.e2e.integrations_rig import at  # noqa: E402
from tests.guides import RUN, follow, sections  # noqa: E402

PAGES = ("python-builds.md", "javascript-builds.md", "tox-nox-make.md")
PARTS = [
    pytest.param(section, id=f"{page}-{number}")
    for page in PAGES
    for number, section in enumerate(sections(page))
    if section.folder
]


@pytest.mark.projects
@pytest.mark.xdist_group("integrations")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("section", PARTS)
def test_the_guide_works_as_it_stands(section, build_tools, tmp_path):
    follow(section, tmp_path / "project", at(build_tools, tmp_path))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_guide_is_in_a_project_or_left_out_by_a_mark(page):
    first, *rest = sections(page)

    assert not [block for block in first.blocks if block.language in RUN]
    assert all(section.folder for section in rest)
