"""Runs a program in the surroundings of a workload."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from workloads import Workload


def call(
    argv: tuple[str, ...], workload: Workload, environment: Mapping[str, str] | None = None
) -> str:
    """What it says on stderr; raises SystemExit with that if it fails."""
    done = subprocess.run(
        argv,
        cwd=workload.directory,
        env=environment or workload.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = os.fsdecode(done.stderr)
    if done.returncode:
        raise SystemExit(f"`{' '.join(argv)}`: exit {done.returncode}: {said[-2000:]}")
    return said
