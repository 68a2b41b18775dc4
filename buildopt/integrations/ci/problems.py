"""Problems in what `check`, `bundle check` and `bundle` wrote with `--json`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from buildopt.integrations.ci.view import Problem
from buildopt.quantities import duration, share, size

Document = Mapping[str, Any]  # Any: JSON
MANIFESTS = {"bundle": "package.json", "archive": "pyproject.toml"}
"""Where a finding about packages is mended, for those that name no file of the output."""


def problems_of(document: Document) -> Iterator[Problem]:
    """What a document says; raises ValueError for one of another kind."""
    kind = document.get("kind")
    if kind == "check":
        yield from _budgets_of_bundle(document)
    elif kind in MANIFESTS:
        yield from _findings(document, MANIFESTS[str(kind)])
    elif kind == "archives":
        for archive in document["archives"]:
            yield from _findings(archive, MANIFESTS["archive"])
    elif kind is None and {"passed", "findings", "budgets"} <= document.keys():
        yield from _check(document)
    else:
        raise ValueError("it is nothing that `check` or `bundle` writes with --json")


def _check(document: Document) -> Iterator[Problem]:
    for row in document["findings"]:
        yield Problem(
            level="error", rule="worse", title=f"{row['name']} is worse", message=_moved(row)
        )
    for row in document.get("suspected", ()):
        yield Problem(
            level="notice",
            rule="suspected",
            title=f"{row['name']} may be worse",
            message=_moved(row),
        )
    for row in document["budgets"]:
        if not row["is_kept"]:
            limit = "" if row["limit"] is None else f", limit {amount(row['limit'], row['unit'])}"
            actual = amount(row["actual"], row["unit"])
            yield Problem(
                level="error",
                rule="budget",
                title=f"budget {row['budget']} exceeded",
                message=f"{row['name']}: {actual}{limit}",
            )


def _moved(row: Document) -> str:
    unit = row["unit"]
    moved = f"{amount(row['before'], unit)} → {amount(row['after'], unit)}"
    because = row.get("cause", {}).get("text", "")
    return f"{moved}. {because}" if because else moved


def _budgets_of_bundle(document: Document) -> Iterator[Problem]:
    for row in document["budgets"]:
        if row["is_kept"]:
            continue
        shown = str if row["budget"].strip().startswith("duplicates") else size
        yield Problem(
            level="error",
            rule="budget",
            title=f"budget {row['budget']} exceeded",
            message=f"{row['subject']}: {shown(row['actual'])}, limit {shown(row['limit'])}",
        )


def _findings(document: Document, manifest: str) -> Iterator[Problem]:
    """What could be mended in a bundle: advice, which fails nothing."""
    output = document.get("output") or posixpath.dirname(document.get("archive", {})["path"])
    files = {file["path"] for file in document["files"]}
    for row in document["findings"]:
        subject = row["subject"]
        place = posixpath.join(output, subject) if subject in files else manifest
        yield Problem(
            level="warning",
            rule=row["kind"],
            title=f"{subject}: {size(row['bytes'])}",
            message=f"{row['message']}. To mend: {row['fix']}",
            file=place,
        )


def amount(value: float, unit: str) -> str:
    """A figure of a series with its unit, as UCUM calls them."""
    forms = {"s": duration, "By": size, "1": share}
    return forms[unit](value) if unit in forms else f"{value:.4g} {unit}".rstrip()
