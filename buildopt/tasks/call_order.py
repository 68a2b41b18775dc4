"""The order of the names of a call: `build test` means that a package is built before it is tested.

It holds for scripts and for a package's tasks that do not say what they depend on. Within one
package, and between the root's or the project's tasks and all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from buildopt.tasks.catalogue import Offer

Edges = Mapping[str, tuple[str, ...]]
"""From each task to those that come before it."""


def with_call_order(asked: Sequence[Offer], edges: Edges, root_package: str) -> Edges:
    """The edges and those that the order of the asked names adds."""
    columns = {name: at for at, name in enumerate(dict.fromkeys(offer.name for offer in asked))}
    places: dict[str, list[Offer]] = {}
    for offer in asked:
        if not offer.settings.persistent:
            places.setdefault(_place(offer, root_package), []).append(offer)
    added = dict(edges)
    for offer in asked:
        if offer.file and offer.settings.depends_on != (f"^{offer.name}",):
            continue  # it says itself what it depends on
        place = _place(offer, root_package)
        near = [*places.get("", ()), *places.get(place, ())] if place else asked
        before = (
            one.id
            for one in near
            if columns[one.name] < columns[offer.name] and not one.settings.persistent
        )
        added[offer.id] = tuple(dict.fromkeys((*edges[offer.id], *before)))
    return added


def _place(offer: Offer, root_package: str) -> str:
    """The member that a task belongs to; empty for one of the whole project."""
    if offer.package is None or offer.package.name == root_package:
        return ""
    return offer.package.name
