"""Tokens for the places that differ between checkouts and users, so that a record holds in another.

Inside records a path below the project's root begins with `$PROJECT`, one below the user's
home with `$HOME`, one below the temporary folder with `$TMP`. A hook of a build front end runs in
folders that are made for one build alone: those of what it requires are `$BUILDENV`, and the one
above the project `$ABOVE`. A literal `$` at the start of a path cannot occur: paths are absolute.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

BUILD_ENVIRONMENT = "BUILDOPT_BUILD_ENVIRONMENT"
"""Set by our own build backend (`integrations/backend`): where that which it requires is."""


class Tokens(NamedTuple):
    """Pairs of token and folder, the most specific folder first."""

    places: tuple[tuple[str, str], ...]

    def shorten(self, path: str) -> str:
        """The path with its folder replaced by a token."""
        for token, folder in self.places:
            if path == folder or path.startswith(folder + "/"):
                return token + path[len(folder) :]
        return path

    def expand(self, path: str) -> str:
        """The path here of a tokenised path."""
        for token, folder in self.places:
            if path == token or path.startswith(token + "/"):
                return folder + path[len(token) :]
        return path

    def shorten_text(self, text: str) -> str:
        """A text (an argument, a variable) with every whole occurrence of the folders replaced.

        Its own `$` are doubled, so that no text is taken for another one's short form.
        """
        text = text.replace("$", "$$")
        for token, folder in self.places:
            if folder in text:
                text = _replace_whole(text, folder, token)
        return text


def tokens_for(root: str, environ: Mapping[str, str]) -> Tokens:
    """Tokens of a run; of two folders of which one holds the other, the inner one counts."""
    places = [("$PROJECT", root)]
    build_environment = environ.get(BUILD_ENVIRONMENT)
    for token, folder in (
        ("$BUILDENV", build_environment),
        ("$HOME", environ.get("HOME")),
        ("$TMP", environ.get("TMPDIR", "/tmp")),
        ("$ABOVE", os.path.dirname(root) if build_environment else None),
    ):
        if folder and folder.startswith("/") and (clean := os.path.normpath(folder)) != "/":
            places.append((token, clean))
    places.sort(key=lambda place: -len(place[1]))
    return Tokens(tuple(place for place in places if place[1] != "/"))


def _replace_whole(text: str, folder: str, token: str) -> str:
    """Replace `folder` where a path ends there or goes on with `/`, not inside a longer name."""
    pieces = text.split(folder)
    result = pieces[0]
    for piece in pieces[1:]:
        whole = not piece or not (piece[0].isalnum() or piece[0] in "-_.")
        result += (token if whole else folder) + piece
    return result
