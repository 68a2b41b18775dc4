"""Facts of a machine on which everything works, for tests to change one of them."""

import pytest

from buildopt.doctor.facts import (
    Chosen,
    Folder,
    Machine,
    Mount,
    Surroundings,
    Terminal,
    Watching,
)
from buildopt.tool_versions import Tool

NOW_S = 1_795_500_000.0
"""In November 2026."""


def folder(path):
    return Folder(
        path=path,
        exists=True,
        private=path,
        owner_uid=1000,
        mode=0o700,
        device=1,
        mount=Mount(point="/home", kind="ext4", source="/dev/sda2"),
        has_reflinks=False,
        free_bytes=80_000_000_000,
        used_bytes=184_000,
        ahead_s=0.0,
    )


@pytest.fixture
def healthy():
    return Surroundings(
        now_s=NOW_S,
        uid=1000,
        machine=Machine(
            system="Linux",
            kernel_release="6.18.44",
            architecture="x86_64",
            max_user_watches=524_288,
            max_user_instances=128,
            buildopt_version="0.1.0",
            buildopt_folder="/usr/lib/buildopt",
            python_version="3.11.2",
            python_program="/usr/bin/python3",
        ),
        watching=Watching(
            refusal="",
            remembered_refusal="",
            remembered_path="/home/ann/.cache/buildopt/v1/tracing-1",
            supervises_in_thread=False,
            outer_run="",
            tracer="",
        ),
        settings=Chosen(observe="auto", files=(), variables=()),
        project=folder("/home/ann/project"),
        is_repository=True,
        cache=folder("/home/ann/.cache/buildopt"),
        state=folder("/home/ann/.local/state/buildopt"),
        tools=(Tool(name="git", path="/usr/bin/git", version="2.39.5"),),
        absent_tools=("tsc",),
        terminal=Terminal(
            is_terminal=True,
            term="xterm-256color",
            columns=80,
            no_color=False,
            force_color=False,
            encoding="utf-8",
        ),
    )
