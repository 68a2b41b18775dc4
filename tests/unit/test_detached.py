"""A process that nobody waits for."""

import os
import subprocess
import sys

STARTER = """
import sys
from buildopt import detached
print("started", flush=True)
detached.start("waiting", sys.argv[1])
"""
WAITING = """
import os, sys
with open(sys.argv[1]) as order, open(sys.argv[1] + ".told", "w") as told:
    open_ones = sorted(os.listdir("/proc/self/fd"))
    told.write(f"{order.read()} {os.getpid() == os.getsid(0)} {open_ones}")
os.rename(sys.argv[1] + ".told", sys.argv[1] + ".done")
"""


def test_it_holds_no_pipe_open_and_is_a_session_of_its_own(tmp_path):
    (tmp_path / "waiting.py").write_text(WAITING)
    order = tmp_path / "order"
    os.mkfifo(order)
    extra, _ = os.pipe()
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}

    done = subprocess.run(  # returns at the end of its output: nobody else may hold the pipe
        [sys.executable, "-c", STARTER, order], pass_fds=[extra], env=environment,
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    order.write_text("go")
    while not (tmp_path / "order.done").exists():
        pass

    assert done.stdout == b"started\n"
    told = (tmp_path / "order.done").read_text()
    assert told.startswith("go True ['0', '1', '2', '3'")
    assert f"'{extra}'" not in told or extra <= 5
