"""Recorded output once more: made fit for where it goes now, and written there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from buildopt.execute.streams import STDERR, STDOUT, StreamKind, Streams
from buildopt.model import Chunk, StreamName

TARGETS: Mapping[StreamName, int] = {"stdout": STDOUT, "joined": STDOUT, "stderr": STDERR}

# 0x9C ends a string too, says ECMA-48, but it is also a part of UTF-8 characters (a tick).
STRING = rb"[^\x07\x1b]*(?:\x07|\x1b\\)"

NOT_FOR_TERMINALS = re.compile(
    rb"\x1b\][012];" + STRING  # title of window and icon
    + rb"|\x1b\][0-9]+;(?:[0-9a-z]*;)*\?(?:\x07|\x1b\\)"  # which colour, what clipboard?
    rb"|\x1b\[[>=?]?[0-9;]*c"  # DA: what are you?
    rb"|\x1b\[\??[0-9;]*n"  # DSR: are you well, where is the cursor?
    rb"|\x1b\[>[0-9]*q"  # XTVERSION: which version?
    rb"|\x1b\[\?u"  # which keyboard protocol?
    rb"|\x1b\[\??[0-9;]*\$p"  # DECRQM: which modes are set?
    rb"|\x1b\[(?:1[1-9]|2[01])(?:;[0-9]+)*t"  # size and title of the window?
    rb"|\x1bP[$+]q" + STRING + rb"|\x1bZ|\x05"  # DECRQSS, XTGETTCAP, DECID, ENQ
)  # fmt: skip
"""What a terminal answers, as if it had been typed, and the titles of a run that is over.

Source: XTerm Control Sequences (Moy, Gildea, Dickey).
"""

ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colour, cursor, modes
    rb"|\x1b[\]PX^_]" + STRING + rb"|\x1b[ -/]*[0-~]"
)
"""Every escape sequence of ECMA-48, and xterm's strings that end in BEL."""

UNFINISHED_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z")

CI_COMMAND = re.compile(
    rb"^([ \t]*):(:(?:add-mask|stop-commands|set-output|set-env|save-state|add-path)\b"
    rb"[^\r\n]*?:)(?=:)",
    re.MULTILINE | re.IGNORECASE,
)
"""A line that changes the CI run whose log it is in, where `::group::`, `::error::` only show."""

UNFINISHED_COMMAND = re.compile(rb"^[ \t]*::?[^\r\n]*\Z", re.MULTILINE)


def chunks_for(chunks: Iterable[Chunk], streams: Streams) -> Iterator[Chunk]:
    """The chunks as `for_stream` has them, whatever was torn by a piece of the other stream."""
    held: dict[StreamName, bytes] = {}
    for chunk in chunks:
        data = held.pop(chunk.stream, b"") + chunk.data
        end = _finished_bytes(data)
        held[chunk.stream] = data[end:]
        yield from _fit(chunk.stream, data[:end], streams)
    for stream, rest in held.items():
        yield from _fit(stream, rest, streams)


def for_stream(data: bytes, kind: StreamKind) -> bytes:
    """What of `data` is written once more to the kind of stream on which it was recorded.

    To a terminal go colour and cursor movement, but nothing that it would answer.
    """
    if b"::" in data:
        data = CI_COMMAND.sub(rb"\1: \2 ", data)
    return NOT_FOR_TERMINALS.sub(b"", data) if kind == "terminal" else data


def _fit(stream: StreamName, data: bytes, streams: Streams) -> Iterator[Chunk]:
    if fit := for_stream(data, _kind(streams, stream)):
        yield Chunk(stream=stream, data=fit)


def _kind(streams: Streams, stream: StreamName) -> StreamKind:
    return streams.stderr if stream == "stderr" else streams.stdout


def _finished_bytes(data: bytes) -> int:
    """Where an escape sequence or a CI command begins that the data does not end."""
    starts = [len(data)]
    # An ESC at the very end may be the first half of what ends a string.
    last_escape = data.rfind(b"\x1b", 0, -1 if data.endswith(b"\x1b") else None)
    last_line = data.rfind(b"\n") + 1
    if found := UNFINISHED_COMMAND.search(data, last_line):
        starts.append(found.start())
    if found := UNFINISHED_ESCAPE.search(data, max(0, last_escape)):
        starts.append(found.start())
    return min(starts)
