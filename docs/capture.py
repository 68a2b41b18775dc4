"""Prints the console capture of the README: the sample run twice, in an empty cache."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMMAND = ["run", "--", "fixtures/notes/build.sh"]


def main() -> None:
    """Run the sample in a copy of it and print what a person would see."""
    root = Path(__file__).parent.parent
    program = Path(sys.executable).parent / "buildopt"
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "project"
        shutil.copytree(root / "fixtures", copy / "fixtures", ignore=shutil.ignore_patterns("out"))
        shutil.copy(root / "pyproject.toml", copy)
        places = {"BUILDOPT_CACHE_DIR": f"{place}/cache", "BUILDOPT_STATE_DIR": f"{place}/state"}
        for _ in range(2):
            print("$ buildopt", *COMMAND)
            sys.stdout.flush()
            subprocess.run(
                [program, *COMMAND],
                cwd=copy,
                env=os.environ | places,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                check=True,
            )


if __name__ == "__main__":
    main()
