"""Settings of CI systems that the guides show keep the published schemas."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.rig import PROGRAM

ROOT = Path(__file__).parents[3]
SCHEMAS = {
    ".github/workflows": "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    ".circleci": "vendor.circle-ci",
}
BLOCK = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


PAGES = sorted((ROOT / "docs/guides").glob("*.md"))
BLOCKS = [block for page in PAGES for block in BLOCK.findall(page.read_text())]


def schema_of(name):
    return next(schema for start, schema in SCHEMAS.items() if name.startswith(start))


def check(schema, path):
    tool = PROGRAM.parent / "check-jsonschema"
    subprocess.run([tool, "--builtin-schema", schema, path], check=True)


def check_hooks(what, path):
    subprocess.run([PROGRAM.parent / "pre-commit", f"validate-{what}", path], check=True)


@pytest.mark.parametrize(("name", "text"), BLOCKS, ids=lambda value: value.split("\n")[0][:40])
def test_a_file_of_a_guide_keeps_the_schema_of_its_system(name, text, tmp_path):
    path = tmp_path / "file.yml"
    path.write_text(text)

    if name == ".pre-commit-config.yaml":
        check_hooks("config", path)
    else:
        check(schema_of(name), path)


def test_the_template_of_gitlab_keeps_the_schema():
    check("vendor.gitlab-ci", ROOT / "templates/buildopt.gitlab-ci.yml")


def test_pre_commit_takes_the_hooks():
    check_hooks("manifest", ROOT / ".pre-commit-hooks.yaml")


def test_the_guide_names_each_input_and_output_of_the_action():
    page = (ROOT / "docs/guides/github-actions.md").read_text()
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    for name in (*action["inputs"], *action["outputs"]):
        assert f"\n| `{name}` | " in page
