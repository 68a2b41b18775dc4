"""What a terminal shows that got these bytes: as much of one as our own lines need."""

import re

PARTS = re.compile(rb"\x1b[78]|\x1b\[[KJ]|\r|\n|[^\x1b\r\n]+")


def rows(shown):
    """The rows of text, the last one being that of the cursor."""
    found, column, saved = [""], 0, 0
    for part in PARTS.findall(shown):
        if part == b"\x1b7":
            saved = column
        elif part == b"\x1b8":
            column = saved
        elif part in (b"\x1b[K", b"\x1b[J"):
            found[-1] = found[-1][:column]
        elif part == b"\r":
            column = 0
        elif part == b"\n":
            found.append("")
        else:
            text = part.decode()
            row = found[-1]
            found[-1] = row[:column].ljust(column) + text + row[column + len(text) :]
            column += len(text)
    return found
