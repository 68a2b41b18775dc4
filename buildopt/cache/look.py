"""The look of a run: which of its streams are terminals, and whether colour is asked for.

What a tool prints on a terminal is not what it prints to a pipe with colours added: other lines,
another layout. So a record that holds text answers only a run that looks the same
(docs/decisions/0004-one-look-one-record.md). Its *shape* is the look as a part of its name; it is
empty where nothing was printed:

    STREAMS [c] [w] . DIGEST
      STREAMS   of `o` stdout, `e` stderr, `j` both as one object, those that were written to; in
                upper case where it was a terminal
      c         the text holds escape sequences
      w         colour was welcome
      DIGEST    keyed, of the variables that ask for colour or against it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Literal, NamedTuple

from buildopt.hit import COLOUR_NAMES
from buildopt.model import Chunk, StreamName

VARIABLES = tuple(name.decode() for name in sorted(COLOUR_NAMES))
OFF = ("0", "false")
"""Values that say no; of NO_COLOR every value but the empty one says so."""

Colour = Literal["welcome", "unwelcome", "unclear"]
"""`unclear`: the variables contradict each other, and tools differ."""
Verdict = Literal["yes", "no", "unless-named"]
"""`unless-named`: it serves where nothing that the run read names one of `VARIABLES`."""

_LETTERS: dict[StreamName, str] = {"stdout": "o", "stderr": "e", "joined": "j"}


class Look(NamedTuple):
    """How a call's output is shown; a joined one's object is that of stdout."""

    stdout_is_terminal: bool
    stderr_is_terminal: bool
    is_joined: bool
    colour: Colour
    digest: str

    @property
    def words(self) -> str:
        """For people."""
        return _words(self.terminals, self.is_joined, self.colour == "welcome")

    @property
    def terminals(self) -> frozenset[str]:
        """The letters of the streams that are terminals."""
        stdout = "oj" if self.stdout_is_terminal else ""
        return frozenset(stdout + ("e" if self.stderr_is_terminal else ""))


def look_of(
    *, terminals: tuple[bool, bool], is_joined: bool, environment: Mapping[str, str], secret: bytes
) -> Look:
    """The look where stdout and stderr are `terminals`, as the user's variables want it."""
    asked = [f"{name}={environment[name]}" for name in VARIABLES if name in environment]
    if any(terminals) and environment.get("TERM", "") in ("", "dumb"):
        asked.append("dumb")
    state = blake2b("\0".join(asked).encode(errors="surrogateescape"), key=secret, digest_size=4)
    return Look(
        *terminals,
        is_joined=is_joined,
        colour=_colour(environment, on_terminal=any(terminals), is_dumb="dumb" in asked),
        digest=state.hexdigest(),
    )


def shape_of(chunks: Iterable[Chunk], look: Look) -> str:
    """What a record keeps of the look of a run that printed `chunks`."""
    chunks = [chunk for chunk in chunks if chunk.data]
    letters = sorted({_LETTERS[chunk.stream] for chunk in chunks}, reverse=True)
    if not letters:
        return ""
    streams = "".join(each.upper() if each in look.terminals else each for each in letters)
    coloured = "c" if any(b"\x1b" in chunk.data for chunk in chunks) else ""
    welcome = "w" if look.colour == "welcome" else ""
    return f"{streams}{coloured}{welcome}.{look.digest}"


def serves(shape: str, look: Look) -> Verdict:
    """Whether a record of this shape is what a run of this look would print.

    Two streams recorded as one cannot be told apart again, nor can the order across two be had.
    Where less colour is asked for than when it was recorded, text without any stays as it is.
    """
    if not shape:
        return "yes"
    streams, marks, digest = _parts(shape)
    if not digest or not _fits(streams, look):
        return "no"
    if digest == look.digest:
        return "yes"
    if "c" in marks:
        return "no"
    return "yes" if "w" in marks or look.colour == "unwelcome" else "unless-named"


def words_of(shape: str) -> str:
    """A shape for people."""
    streams, marks, _ = _parts(shape)
    terminals = frozenset(each.lower() for each in streams if each.isupper())
    return _words(terminals, "j" in streams.lower(), "w" in marks)


def _parts(shape: str) -> tuple[str, str, str]:
    head, _, digest = shape.partition(".")
    streams = head.rstrip("cw")
    return streams, head[len(streams) :], digest


def _fits(streams: str, look: Look) -> bool:
    if "j" in streams.lower() and not look.is_joined:
        return False
    if len(streams) > 1 and look.is_joined:
        return False
    return all(each.isupper() == (each.lower() in look.terminals) for each in streams)


def _colour(environment: Mapping[str, str], *, on_terminal: bool, is_dumb: bool) -> Colour:
    forced = environment.get("FORCE_COLOR", "0") not in OFF
    forced |= environment.get("CLICOLOR_FORCE", "0") not in ("", *OFF)
    refused = bool(environment.get("NO_COLOR")) or environment.get("FORCE_COLOR") in OFF
    refused |= environment.get("CLICOLOR") in OFF or is_dumb
    if forced and refused:
        return "unclear"
    return "welcome" if forced or (on_terminal and not refused) else "unwelcome"


def _words(terminals: frozenset[str], is_joined: bool, is_welcome: bool) -> str:  # noqa: FBT001  # private, two places
    where = "a terminal" if terminals else "pipes"
    as_one = ", both as one" if is_joined else ""
    return f"{where}{as_one}, colour {'' if is_welcome else 'un'}welcome"
