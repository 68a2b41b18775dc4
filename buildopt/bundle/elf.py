"""Sections and needed libraries of an ELF file, by the System V ABI, chapters 4 and 5."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x7fELF"
_DYNAMIC = 6
_NOTHING_IN_FILE = 8
_SYMBOL_TABLE = 2
_DT_NULL = 0
_DT_NEEDED = 1
_EXTENDED_INDEX = 0xFFFF
_LONGEST_NAME_BYTES = 1024


class MalformedElf(ValueError):
    """The file begins like an ELF file and is none, or is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfSection:
    """One section: where it is in the file, and its size in memory."""

    name: str
    kind: int
    offset: int
    size: int
    link: int

    @property
    def bytes_in_file(self) -> int:
        """Nought for what is only made room for when the file is loaded."""
        return 0 if self.kind == _NOTHING_IN_FILE else self.size

    @property
    def goes_with_strip(self) -> bool:
        """Whether `strip` removes it: symbols, their names, and what debuggers read."""
        return self.kind == _SYMBOL_TABLE or self.name.startswith((".debug", ".zdebug", ".strtab"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Elf:
    """What the headers of a file tell."""

    sections: tuple[ElfSection, ...]
    needed: tuple[str, ...]

    @property
    def is_stripped(self) -> bool:
        """Whether it has no symbol table beyond the one that the loader needs."""
        return not any(section.kind == _SYMBOL_TABLE for section in self.sections)


def read_elf(content: bytes) -> Elf:
    """The sections and needed libraries; raises MalformedElf."""
    try:
        order = {1: "<", 2: ">"}[content[5]]
        is_wide = {1: False, 2: True}[content[4]]
        sections = _sections(content, order, is_wide=is_wide)
        needed = tuple(_needed(content, sections, order, is_wide=is_wide))
    except (struct.error, IndexError, KeyError, ValueError, OverflowError) as error:
        raise MalformedElf(f"its headers lead nowhere ({type(error).__name__})") from None
    return Elf(sections=sections, needed=needed)


def _sections(content: bytes, order: str, *, is_wide: bool) -> tuple[ElfSection, ...]:
    table, entry_size, count, names_index = _section_table(content, order, is_wide=is_wide)
    if not table:
        return ()
    layout = f"{order}IIQQQQIIQQ" if is_wide else f"{order}IIIIIIIIII"
    first = struct.unpack_from(layout, content, table)
    count = count or first[5]
    names_index = first[6] if names_index == _EXTENDED_INDEX else names_index
    if entry_size < struct.calcsize(layout) or table + count * entry_size > len(content):
        raise IndexError
    headers = [struct.unpack_from(layout, content, table + i * entry_size) for i in range(count)]
    names_offset = headers[names_index][4] if headers else 0
    return tuple(
        ElfSection(
            name=_text(content, names_offset + header[0]),
            kind=header[1],
            offset=header[4],
            size=header[5],
            link=header[6],
        )
        for header in headers[1:]
    )


def _section_table(content: bytes, order: str, *, is_wide: bool) -> tuple[int, int, int, int]:
    """Offset of the table, size of an entry, number of them, index of the one with names."""
    if is_wide:
        (table,) = struct.unpack_from(f"{order}Q", content, 40)
        entry_size, count, names_index = struct.unpack_from(f"{order}HHH", content, 58)
    else:
        (table,) = struct.unpack_from(f"{order}I", content, 32)
        entry_size, count, names_index = struct.unpack_from(f"{order}HHH", content, 46)
    return table, entry_size, count, names_index


def _needed(
    content: bytes, sections: tuple[ElfSection, ...], order: str, *, is_wide: bool
) -> Iterator[str]:
    layout = f"{order}qQ" if is_wide else f"{order}iI"
    step = struct.calcsize(layout)
    for section in sections:
        if section.kind != _DYNAMIC:
            continue
        names_offset = sections[section.link - 1].offset
        for at in range(section.offset, section.offset + section.size, step):
            tag, value = struct.unpack_from(layout, content, at)
            if tag == _DT_NULL:
                break
            if tag == _DT_NEEDED:
                yield _text(content, names_offset + value)


def _text(content: bytes, offset: int) -> str:
    """The text that begins there and ends at a zero byte."""
    end = content.index(b"\0", offset, offset + _LONGEST_NAME_BYTES)
    return content[offset:end].decode("utf-8", "replace")
