"""Tokens for the places that differ between checkouts and users, so that a record holds in another.

Inside records a path below the project's root begins with `$PROJECT`, one below the user's
home with `$HOME`, one below the temporary folder with `$TMP`. A literal `$` at the start of a
path cannot occur: paths are absolute.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple


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
    """Tokens of a run: project before home before temporary folder where one holds another."""
    places = [("$PROJECT", root)]
    for token, folder in (("$HOME", environ.get("HOME")), ("$TMP", environ.get("TMPDIR", "/tmp"))):
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
