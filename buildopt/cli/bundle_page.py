"""Lines and tables on stdout, in the colours and characters that it has."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from buildopt.phrases import printable
from buildopt.quantities import counted

WIDTH_OF_A_PIPE = 400
"""Columns where nobody looks: nothing is folded or cut."""
PLAIN = str.maketrans({"≈": "~", "→": ">", "±": "+", "…": "."})


class Page:
    """Prints; symbols are ASCII where the output is not UTF-8."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
        self._console = Console(width=width, highlight=False, emoji=False, markup=False)
        self._is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        self.good, self.bad, self.warning = ("●", "✕", "▲") if self._is_utf8 else (" ", "x", "!")
        self.arrow = "└" if self._is_utf8 else "`-"

    def line(self, line: str, style: str = "", indent: int = 0) -> None:
        """One line, folded where the terminal ends."""
        self.text(Text(line, style=style), indent)

    def text(self, text: Text, indent: int = 0) -> None:
        """A styled text, all of whose lines begin at a column."""
        fitted = self._fitted(text)
        self._console.print(Padding(fitted, (0, 0, 0, indent), expand=False) if indent else fitted)

    def title(self, title: str) -> None:
        """A heading with an empty line before it."""
        self.line("")
        self.line(title, style="bold")

    def table(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[Text | str]], *, most: int
    ) -> None:
        """A table; a head that begins with `<` stands over numbers. Nothing for no rows."""
        if not rows:
            return
        self.title(title)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for head in heads:
            is_number = head.startswith("<")
            table.add_column(
                head.lstrip("<"),
                justify="right" if is_number else "left",
                no_wrap=is_number,
                overflow="fold",
            )
        for row in rows[:most]:
            table.add_row(*(self._fitted(cell) for cell in row))
        self._console.print(table)
        if len(rows) > most:
            self.line(f"{counted(len(rows) - most, 'row')} more; all with --json", style="dim")

    def _fitted(self, text: Text | str) -> Text:
        """The text in characters that the output has."""
        if isinstance(text, str):
            text = Text(text)
        if self._is_utf8:
            return text
        fitted = text.copy()
        encoding = sys.stdout.encoding or "ascii"
        plain = text.plain.translate(PLAIN)
        fitted.plain = plain.encode(encoding, "backslashreplace").decode(encoding)
        return fitted


def name_text(name: str) -> Text:
    """A name that others gave: no markup, nothing that moves the cursor."""
    return Text(printable(name))
