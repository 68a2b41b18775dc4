"""The plan of a call: which tasks its names mean, what these depend on, and the order of all.

names, filters -> requests.requested     the tasks that were asked for
each of these  -> dependencies           and theirs, and so on
the names      -> call_order             scripts in the order in which they were asked for
all of them    -> topology.ordered       a plan, or the cycle
"""

from __future__ import annotations

from collections.abc import Sequence

from buildopt.settings import Settings
from buildopt.tasks import plan_errors
from buildopt.tasks.call_order import Edges, with_call_order
from buildopt.tasks.catalogue import Catalogue, Offer
from buildopt.tasks.dependencies import dependencies
from buildopt.tasks.model import GraphTask, Plan, Workspace
from buildopt.tasks.requests import Asked, requested
from buildopt.tasks.topology import ordered


def plan(
    names: Sequence[str],
    *,
    settings: Settings,
    workspace: Workspace | None,
    directory: str,
    filters: Sequence[str] = (),
) -> Plan:
    """What `buildopt run NAMES` runs from `directory`; raises UsageError where that is nothing.

    Settings and workspace are those of `workspaces.load_project`.
    """
    catalogue = Catalogue(settings, workspace)
    asked = requested(catalogue, Asked(tuple(names), directory, tuple(filters)))
    offers, edges = _closure(catalogue, asked)
    folders = {package.name: at for at, package in enumerate(catalogue.members, 1)}
    columns = {name: at for at, name in enumerate(dict.fromkeys(o.name for o in asked))}

    def rank(task_id: str) -> tuple[int, int, str]:
        """Names as they were asked for, then folders, the project's own first."""
        offer = offers[task_id]
        folder = folders.get(offer.package.name, 0) if offer.package else 0
        return columns.get(offer.name, len(columns)), folder, task_id

    root_package = catalogue.root_package.name if catalogue.root_package else ""
    in_turn = with_call_order(asked, edges, root_package)
    order, cycle = ordered(in_turn, rank)
    if not cycle:
        edges = in_turn
    elif in_turn != edges:  # what tasks depend on goes before the order of the call
        order, cycle = ordered(edges, rank)
    if cycle:
        raise plan_errors.cycle(cycle)
    return Plan(
        root=settings.root,
        tasks=tuple(_task(offers[task_id], edges[task_id]) for task_id in order),
        requested=tuple(dict.fromkeys(offer.id for offer in asked)),
    )


def _closure(catalogue: Catalogue, asked: Sequence[Offer]) -> tuple[dict[str, Offer], Edges]:
    """All tasks that are needed, and for each of them those that come before it."""
    offers = {offer.id: offer for offer in asked}
    edges: dict[str, tuple[str, ...]] = {}
    waiting = list(offers.values())
    while waiting:
        offer = waiting.pop()
        before = dependencies(catalogue, offer)
        edges[offer.id] = tuple(one.id for one in before)
        new = [one for one in before if one.id not in offers]
        offers.update((one.id, one) for one in new)
        waiting += new
    return offers, edges


def _task(offer: Offer, depends_on: tuple[str, ...]) -> GraphTask:
    return GraphTask(
        id=offer.id,
        name=offer.name,
        package=offer.package.name if offer.package else "",
        settings=offer.settings,
        depends_on=depends_on,
    )
