"""Reasons as sentences, with the name in them kept apart so that every form can mark it."""

from __future__ import annotations

from typing import NamedTuple

from buildopt.model import MissReason, NotStored

_MISS = {
    "no-record": "No record of this command here yet",
    "command": "Other {} than recorded",
    "environment": "Variable {} changed",
    "file-changed": "{} changed",
    "file-appeared": "{} appeared",
    "file-vanished": "{} is gone",
    "listing-changed": "{} has other entries",
    "link-changed": "Link {} changed",
    "mode-changed": "Mode of {} changed",
    "tool-changed": "Tool {} changed",
    "settings": "Recorded for another {}",
    "evicted": "Its record was evicted",
    "damaged": "Its record is damaged: {}",
    "forced": "Asked to run",
    "format": "Recorded by another version",
}
_NOT_STORED = {
    "failed": "it failed",
    "signal": "it was ended by signal {}",
    "undeclared": "no inputs are declared; name them with --input, and --output what it makes",
    "input-changed": "{} changed while it ran",
    "survivor": "a process of it still runs",
    "network": "it talked to {}",
    "stdin": "it may have read its stdin ({}); --no-stdin gives it an empty one",
    "hazard": "{} is written by another task too",
    "incomplete": "{} cannot be followed",
    "storage": "it cannot be kept: {}",
    "settings": "{} is off or not for a record",
}


class Phrase(NamedTuple):
    """Words around at most one name; `name` is a path, a variable or a short message."""

    lead: str = ""
    name: str = ""
    tail: str = ""

    @property
    def text(self) -> str:
        """As plain text, the name in backticks."""
        return f"{self.lead}`{self.name}`{self.tail}" if self.name else self.lead + self.tail


def miss_phrase(reason: MissReason) -> Phrase:
    """Why no record held, as a sentence without its full stop."""
    return _filled(_MISS.get(reason.kind, f"{reason.kind} {{}}"), reason.subject)


def not_stored_phrase(reason: NotStored) -> Phrase:
    """Why nothing was recorded, to go on after a colon."""
    return _filled(_NOT_STORED.get(reason.kind, f"{reason.kind} {{}}"), reason.subject)


def printable(name: str) -> str:
    """The name with everything that a page would not show as itself written out.

    Control characters, marks that turn the direction of text and bytes that are no text could
    make a name look like another one.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _filled(words: str, subject: str) -> Phrase:
    lead, mark, tail = words.partition("{}")
    return Phrase(lead=lead, name=printable(subject) if mark else "", tail=tail)
