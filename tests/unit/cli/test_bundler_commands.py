"""What `buildopt integrations` prints about bundlers."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from buildopt.cli.integrations import command


def printed(*words):
    return CliRunner().invoke(command, words, catch_exceptions=False).output


@pytest.mark.parametrize(("tool", "config"), [("vite", "vite.config"), ("rollup", "rollup.config")])
def test_plugin_is_one_file_that_needs_no_other(tool, config):
    path = Path(printed(tool, "--path").strip())
    copies = [line for line in printed(tool).splitlines() if line.startswith("  cp ")]

    assert [shlex.split(line)[1] for line in copies] == [str(path)]
    assert f"{config}.js:" in printed(tool)
    imports = [line for line in path.read_text().splitlines() if line.startswith("import ")]
    assert imports
    assert all('from "node:' in line for line in imports)


@pytest.mark.parametrize(
    ("tool", "option"), [("webpack", "--json=stats.json"), ("esbuild", "--metafile=meta.json")]
)
def test_bundlers_with_statistics_of_their_own_get_their_option(tool, option):
    assert option in printed(tool)
