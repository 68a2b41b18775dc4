"""Our signs as ASCII, where a stream does not take them; any other character is written out."""

from __future__ import annotations

import codecs
import io
import sys

SIGNS = {
    "…": "...", "≈": "~", "µ": "u", "−": "-", "–": "-", "×": "x", "±": "+/-", "≥": ">=",
    "→": "->", "·": "-", "›": ">", "●": "*", "○": "o", "▶": ">", "✕": "x", "▲": "^", "▼": "v",
    "█": "#", "░": ".", "─": "-", "│": "|", "├": "|", "└": "`",
}  # fmt: skip
"""What stands for each of our own characters."""
WRITTEN_OUT = "buildopt-signs"
"""Error handler of an encoding."""
PLAIN_ASCII = "plain-ascii"
"""ASCII under another name: click takes `ascii` for a mistake of the system's and writes UTF-8."""


def fit_streams() -> None:
    """Let stdout and stderr take whatever we print."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue  # closed, or a test's
        name = codecs.lookup(stream.encoding).name
        if name != "utf-8":
            stream.reconfigure(
                encoding=PLAIN_ASCII if name == "ascii" else name, errors=WRITTEN_OUT
            )


def _written_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(SIGNS.get(one) or _escaped(one) for one in text), error.end


def _escaped(one: str) -> str:
    return one.encode("ascii", "backslashreplace").decode("ascii")


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != PLAIN_ASCII:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        incrementalencoder=known.incrementalencoder,
        incrementaldecoder=known.incrementaldecoder,
        name=PLAIN_ASCII,
    )


codecs.register_error(WRITTEN_OUT, _written_out)
codecs.register(_plain_ascii)
