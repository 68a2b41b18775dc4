"""Reads JUnit XML as pytest, Jest, Vitest, Maven, Gradle and others write it.

    <testsuites> <testsuite> <testcase classname name time file> [failure | error | skipped |
    rerunFailure | rerunError | flakyFailure | flakyError]

A document type declaration is refused: entities are how XML grows without end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from monitor_plugins.testing.sessions import LONGEST_NAME, Result

LARGEST_BYTES = 64 * 1024 * 1024
MOST_TESTS = 10_000
LETTERS = {"failure": "f", "error": "e", "skipped": "s"}
"""Of the elements in a test case, the gravest first."""
RERUN = {"rerunFailure", "rerunError", "flakyFailure", "flakyError"}
"""Surefire's: the test failed and was run again."""


class NotJUnit(ValueError):
    """A file that holds no results of tests; the text says why."""


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, *_: Any) -> None:  # Any: name, public id, system id
        raise NotJUnit("it has a document type, which results of tests have not")


def read(path: Path) -> list[Result]:
    """The tests of one file; raises OSError and `NotJUnit`."""
    if path.stat().st_size > LARGEST_BYTES:
        raise NotJUnit("it is larger than 64 MiB")
    try:
        parser = ElementTree.XMLParser(target=_Builder())
        root = ElementTree.parse(path, parser).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        if isinstance(error, NotJUnit):
            raise
        raise NotJUnit(f"it is no XML: {error}") from error
    if root.tag not in ("testsuites", "testsuite"):
        raise NotJUnit(f"it begins with `{root.tag[:40]}`, and not with `testsuites`")
    found = list(_tests(root))
    found.sort(key=lambda test: (test.letter not in "fe", -test.duration_s))
    return found[:MOST_TESTS]


def _tests(root: ElementTree.Element) -> Iterator[Result]:
    for case in root.iter("testcase"):
        tags = {child.tag for child in case}
        letter = next((letter for tag, letter in LETTERS.items() if tag in tags), "p")
        place = case.get("classname") or case.get("file") or ""
        name = "::".join(filter(None, (place, case.get("name", ""))))
        if name:
            yield Result(
                name[:LONGEST_NAME], letter, _seconds(case.get("time")), bool(tags & RERUN)
            )


def _seconds(text: str | None) -> float:
    """`1.25` and `1,234.5`; 0 for what is no time."""
    try:
        seconds = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds >= 0 else 0.0
