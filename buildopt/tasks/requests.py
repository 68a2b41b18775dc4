"""Which tasks the names of a call mean, where it is made and with its filters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildopt.tasks import plan_errors
from buildopt.tasks.catalogue import Catalogue, Offer
from buildopt.tasks.filters import choose
from buildopt.tasks.model import Package


class Asked(NamedTuple):
    """The words of a call."""

    names: tuple[str, ...]
    directory: str
    filters: tuple[str, ...] = ()


def requested(catalogue: Catalogue, asked: Asked) -> tuple[Offer, ...]:
    """The tasks that were asked for, each once; raises UsageError for a name that nobody has."""
    if asked.filters:
        found = _filtered(catalogue, asked)
    else:
        here = package_at(catalogue.members, os.path.realpath(asked.directory))
        found = (one for name in asked.names for one in _named(catalogue, name, here))
    return tuple({offer.id: offer for offer in found}.values())


def package_at(packages: Iterable[Package], directory: str) -> Package | None:
    """The package that a folder belongs to: the nearest one."""
    holding = [
        package
        for package in packages
        if directory == package.folder or directory.startswith(package.folder + "/")
    ]
    return max(holding, key=lambda package: len(package.folder), default=None)


def _named(catalogue: Catalogue, name: str, here: Package | None) -> tuple[Offer, ...]:
    """What a name means without a filter: inside a package, what is the package's."""
    named = catalogue.by_id(name) if "#" in name else None
    if named:
        return (named,)
    if here is None:
        found = catalogue.anywhere(name)
        if not found:
            raise plan_errors.unknown_task(catalogue, name)
        return found
    one = (
        catalogue.own_task(here, name)
        or catalogue.of_project(name)
        or catalogue.in_package(here, name)
    )
    if one is None:
        raise plan_errors.unknown_task(catalogue, name, f" in the package `{here.name}`")
    return (one,)


def _filtered(catalogue: Catalogue, asked: Asked) -> Iterator[Offer]:
    """What the names mean in the packages that are chosen."""
    chosen = choose(catalogue, asked.filters, os.path.realpath(asked.directory))
    for name in asked.names:
        named = catalogue.by_id(name) if "#" in name else None
        if named:
            yield named
            continue
        found = {package.name: catalogue.in_package(package, name) for package in chosen.packages}
        for package in chosen.named:
            if found.get(package, True) is None:
                raise plan_errors.lacking_script(catalogue, package, name)
        offers = [offer for offer in found.values() if offer]
        if not offers:
            raise plan_errors.unknown_task(catalogue, name, " in the packages that are chosen")
        yield from offers
