"""What a task comes after, by its `depends_on`: `NAME`, `^NAME`, `PACKAGE#NAME`."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.tasks import plan_errors
from buildopt.tasks.catalogue import Catalogue, Offer
from buildopt.tasks.model import Package


def dependencies(catalogue: Catalogue, offer: Offer) -> tuple[Offer, ...]:
    """Each once, in the order in which they are named; raises UsageError for one that is not."""
    found: dict[str, Offer] = {}
    for wanted in offer.settings.depends_on:
        for one in _named(catalogue, offer, wanted):
            if not one.settings.persistent:
                found.setdefault(one.id, one)
            elif wanted != f"^{offer.name}":  # a server need not wait for others' servers
                raise plan_errors.persistent_dependency(offer, one)
    return tuple(found.values())


def _named(catalogue: Catalogue, offer: Offer, wanted: str) -> Iterable[Offer]:
    if wanted.startswith("^"):
        return _upstream(catalogue, offer, wanted)
    found = _beside(catalogue, offer, wanted)
    if not found:
        raise plan_errors.unknown_dependency(catalogue, offer, wanted)
    return found


def _beside(catalogue: Catalogue, offer: Offer, wanted: str) -> tuple[Offer, ...]:
    """A task of the same package, else of the project; for a task of the project, whatever the
    name means on the command line.
    """
    one = catalogue.by_id(wanted) if "#" in wanted else None
    if one is None and offer.package:
        one = catalogue.in_package(offer.package, wanted) or catalogue.of_project(wanted)
    if one is None and offer.package is None:
        return catalogue.anywhere(wanted)
    return (one,) if one else ()


def _upstream(catalogue: Catalogue, offer: Offer, wanted: str) -> Iterable[Offer]:
    """That task of the packages this one depends on; for a task of the project, of all members."""
    name = wanted[1:]
    if offer.package:
        found = _nearest_with(catalogue, offer.package, name)
    else:
        found = catalogue.in_members(name)
    if not found and name != offer.name and not catalogue.in_members(name):
        raise plan_errors.unknown_dependency(catalogue, offer, wanted)
    return found


def _nearest_with(catalogue: Catalogue, package: Package, name: str) -> tuple[Offer, ...]:
    """That task of each package that is depended on; one without it is passed through."""
    found: dict[str, Offer] = {}
    seen = {package.name}
    waiting = list(reversed(package.depends_on))
    while waiting:
        member = waiting.pop()
        if member in seen:
            continue
        seen.add(member)
        offer = catalogue.in_package(catalogue.packages[member], name)
        if offer:
            found[offer.id] = offer
        else:
            waiting += reversed(catalogue.packages[member].depends_on)
    return tuple(found.values())
