"""An analysis that was asked for: given back as it was while nothing changed, else made anew."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, NamedTuple

from buildopt import settings
from buildopt.bundle.outputs import OUTPUT_FOLDERS
from buildopt.bundle.private_folder import private_folder
from buildopt.bundle.reading import looked_at
from buildopt.bundle.unchanged import keep, key_of, recall
from buildopt.cache.layout import Layout
from buildopt.cli.directory import working_directory
from buildopt.cli.words import tell

if TYPE_CHECKING:
    from buildopt.bundle.model import Analysis

DEFAULT_ENCODINGS = ("gzip", "brotli", "zstd")
SWITCH = "BUILDOPT_BUNDLE_MEMO"
"""`0`: nothing is remembered, everything is measured."""


class Asked(NamedTuple):
    """What is to be analysed, and how."""

    path: str
    encodings: tuple[str, ...] = DEFAULT_ENCODINGS
    is_quick: bool = False
    measures_savings: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """All of it but the path, for a key."""
        return (*self.encodings, f"quick={self.is_quick}", f"savings={self.measures_savings}")


def document_of(asked: Asked) -> bytes:
    """The JSON document; raises UsageError where there is nothing to analyse."""
    folder = _folder()
    return _recalled(asked, folder) or _made(asked, folder)[1]


def analysed(asked: Asked) -> tuple[Analysis, bytes]:
    """Both, really made now."""
    return _made(asked, _folder())


def analysis_of(asked: Asked) -> Analysis:
    """The same as records."""
    folder = _folder()
    known = _recalled(asked, folder)
    if known is None:
        return _made(asked, folder)[0]
    from buildopt.bundle.document import decode  # with msgspec

    return decode(known, asked.path)


def usual_path() -> str:
    """What is meant where nothing is named: the working directory, unless it has no output that is
    known by its name, and a run has made one of another name.

    Raises UsageError for a folder that is no project and holds no code: all below it is not meant.
    """
    here = working_directory()
    if any(os.path.isdir(os.path.join(here, name)) for name in OUTPUT_FOLDERS):
        return "."
    from buildopt.cli.bundle_history import Place, last_analysis
    from buildopt.cli.history import here as project_here

    state, root = project_here()
    output = last_analysis(Place(state, root)).get("output")
    path = os.path.join(root, str(output)) if output else ""
    is_here = path.startswith(here.rstrip("/") + "/") and os.path.exists(path)
    if is_here:
        return path
    from buildopt.bundle.place import check_meant

    check_meant(here)
    return "."


def memo_folder() -> str:
    """Where sizes, attributions and whole analyses are remembered; raises OSError if unfit."""
    base = Layout(os.path.abspath(settings.cache_folder(os.environ))).base
    return private_folder(os.path.join(base, "bundle"))


def _folder() -> str:
    """That of whole analyses, empty where nothing is remembered."""
    if os.environ.get(SWITCH) == "0":
        return ""
    try:
        return private_folder(os.path.join(memo_folder(), "unchanged"))
    except OSError as error:
        tell(f"buildopt: sizes are not remembered: {error}")
        os.environ[SWITCH] = "0"  # said once for all memos
        return ""


def _recalled(asked: Asked, folder: str) -> bytes | None:
    return recall(folder, key_of(asked.path, asked.words)) if folder else None


def _made(asked: Asked, folder: str) -> tuple[Analysis, bytes]:
    """Analyse now, and keep it for the next time."""
    from buildopt.bundle.analysis import analyse  # all of it, which an unchanged one has no use for
    from buildopt.bundle.document import encode
    from buildopt.cli.bundle_means import means_of

    gc.disable()  # nothing here is a cycle, and collecting costs a twentieth of the whole
    with looked_at() as looked:
        means = means_of(asked.encodings, is_quick=asked.is_quick)
        found = analyse(asked.path, means, measures_savings=asked.measures_savings)
    document = encode(found)
    if folder:
        keep(folder, key_of(asked.path, asked.words), looked, document)
    return found, document
