"""Reasons as sentences, with the name in them kept apart so that every form can mark it."""

from __future__ import annotations

from typing import NamedTuple

from buildopt.model import MissReason, NotStored

_MISS = {
    "no-record": "No record of this command here yet",
    "command": "No record with this {} yet",
    "environment": "Variable {} changed",
    "file-changed": "{} changed",
    "file-appeared": "{} appeared",
    "file-vanished": "{} is gone",
    "listing-changed": "{} has other entries",
    "link-changed": "Link {} changed",
    "mode-changed": "Mode of {} changed",
    "tool-changed": "Tool {} changed",
    "settings": "Recorded only with another {}",
    "evicted": "Its record was evicted",
    "damaged": "Its record is damaged: {}",
    "forced": "Asked to run",
    "format": "Recorded by another version",
}
_MISS_OF_SUBJECT = {
    ("command", "arguments"): "No record with these arguments yet",
    ("command", "directory"): "No record in this directory yet",
    ("settings", "task"): "Recorded only with other settings",
    ("settings", "inputs"): "Recorded only with other declared inputs",
    ("settings", "outputs"): "Recorded only with other declared outputs",
    ("settings", "directory"): "Its record holds the path of another folder",
    ("settings", "streams"): "Recorded only with other kinds of output streams",
    ("settings", "cost"): "It takes less time to run than to be answered",
    ("settings", "stdin"): "It may read its stdin, which is open",
}
"""Words for what the subject alone does not tell: it names no file and no variable."""
_NOT_STORED = {
    "failed": "it failed",
    "signal": "it was asked to end by {}",
    "undeclared": "no inputs are declared; name them with --input, and --output what it makes",
    "input-changed": "{} changed while it ran",
    "survivor": "a process of it still runs",
    "network": "it talked to {}",
    "stdin": "it may have read its stdin ({}); --no-stdin gives it an empty one",
    "hazard": "another task touches {} too, in no order",
    "incomplete": "{} cannot be followed",
    "storage": "it cannot be kept: {}",
    "settings": "{} is off or not for a record",
}
_NOT_STORED_OF_SETTINGS = {
    "cache": "the cache is off for it",
    "observe": "watching is off for it",
    "pass-fds": "it may use descriptors that it inherited (--pass-fds)",
    "persistent": "it is persistent",
    "cost": "it takes less time to run than to be answered",
    "call inside": "a `buildopt run` inside of it must not be answered or stored",
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
    of_subject = _MISS_OF_SUBJECT.get((reason.kind, reason.subject))
    if of_subject:
        return Phrase(lead=of_subject)
    if reason.kind == "damaged" and reason.subject == "outputs" and reason.after:
        return _filled("Its outputs cannot be given back: {}", reason.after)
    return _filled(_MISS.get(reason.kind, f"{reason.kind} {{}}"), reason.subject)


def not_stored_phrase(reason: NotStored) -> Phrase:
    """Why nothing was recorded, to go on after a colon."""
    if reason.kind == "signal" and reason.subject.isdigit():
        return _filled("it was ended by {}", signal_name(int(reason.subject)))
    if reason.kind == "settings" and reason.subject in _NOT_STORED_OF_SETTINGS:
        return Phrase(lead=_NOT_STORED_OF_SETTINGS[reason.subject])
    if (reason.kind, reason.subject) == ("stdin", "step"):
        return Phrase(lead="it may have read its stdin, which was open")
    return _filled(_NOT_STORED.get(reason.kind, f"{reason.kind} {{}}"), reason.subject)


def signal_name(number: int) -> str:
    """`SIGINT`; `signal 99` where the system has no name for it."""
    import signal  # only a run that a signal ended asks for it

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def printable(name: str) -> str:
    """The name with everything that a page would not show as itself written out.

    Control characters, marks that turn the direction of text and bytes that are no text could
    make a name look like another one.
    """
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _filled(words: str, subject: str) -> Phrase:
    lead, mark, tail = words.partition("{}")
    return Phrase(lead=lead, name=printable(subject) if mark else "", tail=tail)
