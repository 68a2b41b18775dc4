"""What the documents say is what the code does."""

import re
from pathlib import Path

from buildopt import hit
from buildopt.cache.variables import CI_RUN_NAMES, CI_RUN_PREFIXES, HOOK_NAMES, HOOK_PREFIXES
from buildopt.cli import COMMANDS
from buildopt.observe.ignored import PRIVATE, PSEUDO_FOLDERS, STATE, TEMPORARY_FOLDERS
from buildopt.observe.network import UPDATE_CHECKERS

ROOT = Path(__file__).parents[2]


def test_every_slug_has_its_paragraph_and_every_paragraph_its_slug():
    sources = [*(ROOT / "buildopt").rglob("*.py"), *(ROOT / "monitor_plugins").rglob("*.py")]
    code = "".join(path.read_text() for path in sources)
    used = set(re.findall(r'slug="([a-z-]+)"', code)) | {"usage"}

    told = set(re.findall(r"^### ([a-z-]+)$", (ROOT / "docs/messages.md").read_text(), re.M))

    assert used == told


def test_every_variable_that_is_left_out_is_documented():
    page = (ROOT / "docs/environment.md").read_text()

    for name in hit.IGNORED_NAMES:
        assert f"`{name.decode()}`" in page
    for prefix in hit.IGNORED_PREFIXES:
        assert f"`{prefix.decode()}*`" in page


def test_every_identifier_of_a_ci_run_is_documented():
    page = (ROOT / "docs/environment.md").read_text()

    prefixes = (*CI_RUN_PREFIXES, *HOOK_PREFIXES)
    for name in (*CI_RUN_NAMES, *HOOK_NAMES, *(f"{prefix}*" for prefix in prefixes)):
        assert f"`{name}`" in page


def test_every_path_that_does_not_count_is_documented():
    page = (ROOT / "docs/tracing.md").read_text()

    for word in (*PRIVATE, *STATE, *PSEUDO_FOLDERS, *TEMPORARY_FOLDERS, *UPDATE_CHECKERS):
        assert f"`{word}`" in page


def test_every_command_has_a_module_and_a_line():
    for name, (module, _, line) in COMMANDS.items():
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), name
        assert line.endswith(".")


def test_links_between_documents_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
