"""The file channel is killed and starved at each call of its writing: no line torn or lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

SEND = """
import sys
from buildopt.monitor.hookspecs import Notification
from monitor_plugins.alert.channels.file import File
File("f", sys.argv[1]).send(Notification(sys.argv[2], "t" * 2000, "x", "info", {}))
"""


def send(path, key: str, *faults: str) -> int:
    tracer = ["strace", "-qq", "-o", "/dev/null", "-P", str(path)] if faults else []
    inject = [word for fault in faults for word in ("-e", f"inject={fault}")]
    command = [*tracer, *inject, sys.executable, "-c", SEND, str(path), key]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("call", ["openat", "write", "fdatasync", "close"])
@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC"])
def test_line_is_whole_or_not_there_whatever_call_is_the_last(tmp_path, call, fault) -> None:
    path = tmp_path / "alerts.jsonl"
    assert send(path, "before") == 0

    send(path, "hit", f"{call}:{fault}:when=1")
    assert send(path, "after") == 0

    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    keys = [line["key"] for line in lines]
    assert [key for key in keys if key != "hit"] == ["before", "after"]


def test_disk_that_is_full_in_the_middle_of_a_line_costs_no_other(tmp_path) -> None:
    path = tmp_path / "alerts.jsonl"
    limited = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); {SEND[1:]}"
    )
    limited = f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limited}"
    assert send(path, "before") == 0
    subprocess.run([sys.executable, "-c", limited, str(path), "torn"], check=True, timeout=60)
    assert path.stat().st_size == 3000

    assert send(path, "after") == 0

    first, torn, last = path.read_text().splitlines()
    assert [json.loads(first)["key"], json.loads(last)["key"]] == ["before", "after"]
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(torn)
