"""What a target answered, as values by the names that were asked for.

Prometheus' text is read by its own client library, JSON by dotted paths. A name that is not there,
or is no number, has no value; several series of one name keep their labels.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Form = Literal["prometheus", "json"]
MOST_SERIES = 100
"""Of one name."""
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?")
_LABEL = re.compile(r'\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')


class Unreadable(Exception):
    """An answer that is not of its form."""


class Value(NamedTuple):
    """A number, and the labels that tell it from others of its name."""

    number: float
    labels: Mapping[str, str] = {}  # a default that nobody changes


Values = Mapping[str, tuple[Value, ...]]


def is_name(name: str, form: Form) -> bool:
    """Whether a name can be asked for."""
    if form == "json":
        return bool(name) and all(name.removeprefix("$.").split("."))
    found = _SELECTOR.fullmatch(name)
    return found is not None and _labels(found[2] or "") is not None


def read(text: str, form: Form, names: frozenset[str]) -> Values:
    """The values of names; raises `Unreadable`."""
    return (_of_json if form == "json" else _of_prometheus)(text, names)


def _of_json(text: str, names: frozenset[str]) -> Values:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {str(error)[:100]}") from error
    found = {name: _number(_at(document, name)) for name in names}
    return {name: (Value(number),) for name, number in found.items() if number is not None}


def _at(document: Any, path: str) -> Any:  # Any: JSON
    for step in path.removeprefix("$.").split("."):
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def _of_prometheus(text: str, names: frozenset[str]) -> Values:
    chosen: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    for name in names:
        found = _SELECTOR.fullmatch(name)
        if found:
            chosen.setdefault(found[1], []).append((name, _labels(found[2] or "") or {}))
    values: dict[str, list[Value]] = {}
    for series, labels, number in _samples(text):
        for name, wanted in chosen.get(series, ()):
            if wanted.items() <= labels.items() and math.isfinite(number):
                rest = {key: value for key, value in labels.items() if key not in wanted}
                values.setdefault(name, []).append(Value(number, rest))
    return {name: tuple(each[:MOST_SERIES]) for name, each in values.items()}


def _samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    from prometheus_client.parser import text_string_to_metric_families  # only where it is asked

    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unreadable(f"no text of Prometheus: {str(error)[:100]}") from error


def _labels(text: str) -> dict[str, str] | None:
    """`a="b", c="d"`; None for what is no list of labels."""
    labels: dict[str, str] = {}
    place = 0
    while place < len(text):
        found = _LABEL.match(text, place)
        if found is None:
            return None
        labels[found[1]] = found[2]
        place = found.end()
    return labels


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
