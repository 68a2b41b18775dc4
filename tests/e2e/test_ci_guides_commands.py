"""The commands of the guides about CI, run in the order in which they stand there."""

import re
import subprocess

import pytest

from tests.e2e.github_runner import ROOT
from tests.rig import PROGRAM

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.thorough
@pytest.mark.parametrize("page", ["github-actions", "other-ci"])
def test_each_command_of_a_guide_does_what_it_is_there_for(rig, page):
    rig.write("Makefile", "all:\n\tcat src > out.txt\n")
    rig.write("src", "a")
    rig.write("dist/main.js", "a();\n")
    rig.environ["PATH"] = f"{PROGRAM.parent}:{rig.environ['PATH']}"
    text = (ROOT / f"docs/guides/{page}.md").read_text()
    script = "".join(BLOCK.findall(text))
    if page == "github-actions":
        script = "buildopt run -- make all\n" + script

    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=rig.root,
                          env=rig.environ, capture_output=True, text=True, check=False)  # fmt: skip

    assert done.returncode == 0, done.stderr
    for name in re.findall(r"> (\S+)$", script, re.MULTILINE):
        assert (rig.root / name).stat().st_size > 0
