"""Replaying what was recorded."""

import os
import signal
import subprocess
import sys

REPLAY = """
import sys
from buildopt.model import Chunk
from buildopt.watched import OwnStage
OwnStage().replay([
    Chunk(stream="stdout", data=b"a" * int(sys.argv[1])),
    Chunk(stream="stderr", data=b"b"),
    Chunk(stream="joined", data=b"c"),
])
"""


def test_replay_writes_each_chunk_to_its_stream():
    ended = subprocess.run([sys.executable, "-c", REPLAY, "1000000"], capture_output=True)

    assert ended.stdout == b"a" * 1_000_000 + b"c"
    assert ended.stderr == b"b"


def test_replay_without_a_reader_ends_by_sigpipe():
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run([sys.executable, "-c", REPLAY, "1"], stdout=writer)

    os.close(writer)
    assert ended.returncode == -signal.SIGPIPE
