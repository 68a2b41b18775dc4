"""What is said where no plan can be made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildopt.errors import UsageError
from buildopt.tasks.catalogue import Catalogue, Offer

MOST_LISTED = 12
"""Names in a hint: what fits on two lines."""


def unknown_task(catalogue: Catalogue, name: str, where: str = "") -> UsageError:
    """Nobody has what was asked for; `where` was looked."""
    hint = _nearest(name, catalogue.ids() if "#" in name else catalogue.names())
    others = [offer.id for offer in catalogue.anywhere(name)] if where else []
    if others:
        hint = f"there is {listed(others)}"
    if not hint and catalogue.names():
        hint = f"there is {listed(catalogue.names())}; a command goes behind `--`"
    return UsageError(
        f"no task or script `{name}`{where}",
        hint=hint or f"write the command behind `--`: `-- {name}`",
        slug="unknown-task",
    )


def lacking_script(catalogue: Catalogue, package: str, name: str) -> UsageError:
    """A package that was named by a filter has no such task."""
    owners = [offer.id for offer in catalogue.in_members(name)]
    return UsageError(
        f"the package `{package}` has no task or script `{name}`",
        hint=f"there is {listed(owners)}"
        if owners
        else _nearest(name, catalogue.names()) or f"add a script `{name}` to its package.json",
        slug="lacking-script",
    )


def unknown_dependency(catalogue: Catalogue, offer: Offer, wanted: str) -> UsageError:
    """A `depends_on` that names nothing."""
    name = wanted.removeprefix("^")
    known = catalogue.ids() if "#" in name else catalogue.names()
    return UsageError(
        f"{_place(offer)}the task `{offer.id}` depends on `{wanted}`, which is no task or script",
        hint=_nearest(name, known) or f"take it out of `depends_on`, or write a task `{name}`",
        slug="unknown-dependency",
    )


def persistent_dependency(offer: Offer, persistent: Offer) -> UsageError:
    """A task would wait for one that does not end by itself."""
    return UsageError(
        f"{_place(offer)}the task `{offer.id}` depends on `{persistent.id}`, which is persistent",
        hint="nothing can wait for a task that is left running: take it out of `depends_on`, or "
        f"`persistent` out of `{persistent.id}`",
        slug="persistent-dependency",
    )


def cycle(ids: Sequence[str]) -> UsageError:
    """Tasks that wait for each other; the first is the last again."""
    return UsageError(
        f"tasks depend on each other: {' -> '.join(ids)}",
        hint="take one of them out of the other's `depends_on`, or of its package's dependencies",
        slug="task-cycle",
    )


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and 3 more."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > MOST_LISTED:
        quoted[MOST_LISTED - 1 :] = [f"{len(quoted) - MOST_LISTED + 1} more"]
    *first, last = quoted
    return f"{', '.join(first)} and {last}" if first else last


def _nearest(name: str, known: Iterable[str]) -> str:
    from buildopt.settings.mistakes import did_you_mean

    return did_you_mean(name, known)


def _place(offer: Offer) -> str:
    """`FILE: line N: ` of what the task depends on, where it can be told."""
    if not offer.file:
        return ""
    from buildopt.settings.files import read_part
    from buildopt.settings.mistakes import place

    part = read_part(offer.file, shown=offer.file)
    line = place(part, ("tasks", offer.key, "depends_on")) if part else ""
    return f"`{offer.file}`: {line}"
