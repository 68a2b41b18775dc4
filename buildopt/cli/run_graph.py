"""`buildopt run TASK…` where the tasks have others before them, or are those of packages."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from buildopt import settings
from buildopt.cli.call import Call, Place, call_at, open_place, trouble_of, working_directory
from buildopt.cli.graph_words import summary_of, tell_crossing, tell_reasons
from buildopt.cli.run_arguments import SINCE_BRANCH
from buildopt.cli.run_endings import tell_others
from buildopt.cli.words import summary, tell
from buildopt.events import RunFinished
from buildopt.execute.environment import ACTIVE
from buildopt.execute.process import end_like
from buildopt.results import with_revision
from buildopt.session import Policy
from buildopt.tasks.graph import plan as plan_of
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.workspaces import load_project

if TYPE_CHECKING:
    from buildopt.tasks.outcome import GraphEnd
    from buildopt.tasks.work import Work

Options = dict[str, Any]  # Any: click's values


def run_graph(names: tuple[str, ...], options: Options, behind_affected: str) -> int:
    """Run what `names` mean, in order; the status to exit with."""
    started_s = time.monotonic()
    directory = working_directory()
    chosen, workspace = load_project(directory, os.environ)
    chosen = settings.with_options(chosen, options)
    names, ref = _revision(names, chosen.affected, behind_affected, directory)
    plan = plan_of(
        names,
        settings=chosen,
        workspace=workspace,
        directory=directory,
        filters=chosen.filter,
    )
    is_inside = ACTIVE in os.environ and not chosen.dry_run
    if chosen.affected and not is_inside:
        plan = _affected(plan, ref, chosen)
    if chosen.graph != "none":
        return _draw(plan, chosen.graph)
    if is_inside:
        from buildopt.tasks.plainly import run_plainly

        return run_plainly(plan, os.environ, goes_on=chosen.continue_)
    place = _open(chosen)
    if chosen.dry_run:
        from buildopt.cli.dry_run_graph import dry_run_graph

        return dry_run_graph(plan, place)
    return _run(plan, place, names, started_s)


def _run(plan: Plan, place: Place, names: tuple[str, ...], started_s: float) -> int:
    result = run_plan(plan, place, works_of(plan, place), names, started_s).result
    return end_like(result.exit_code, result.signal)


class Ran(NamedTuple):
    """How a plan was run."""

    result: RunFinished
    end: GraphEnd


def works_of(plan: Plan, place: Place, *, keeps_seen: bool = False) -> dict[str, Work]:
    """All that decides how each task of a plan is run; raises BuildoptError."""
    from buildopt.cli import joined_call
    from buildopt.tasks.work import Work

    _, as_it_comes = _jobs(plan, place.chosen)
    works = {}
    for task in plan.tasks:
        call = call_of(place, task)
        is_quiet = place.chosen.quiet or task.is_persistent or not as_it_comes
        policy = _policy(call, place.chosen, is_quiet=is_quiet)
        interpret = joined_call.interpret
        works[task.id] = Work(task, call.task, policy, call.observer, interpret, keeps_seen)
    return works


def _jobs(plan: Plan, chosen: settings.Settings) -> tuple[int, bool]:
    """How many tasks run at once, and whether what they print is shown as it comes."""
    jobs = chosen.jobs or _cores()
    return jobs, jobs == 1 or sum(not task.is_persistent for task in plan.tasks) == 1


def _cores() -> int:
    """The processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def run_plan(
    plan: Plan,
    place: Place,
    works: Mapping[str, Work],
    names: tuple[str, ...],
    started_s: float,
    *,
    is_watching: bool = False,
) -> Ran:
    """Run the tasks of a plan and tell of them: lines, event, result file, report."""
    from buildopt.tasks.outcome import result_of_graph
    from buildopt.tasks.runner import GraphRun
    from buildopt.tasks.telling import Manner

    chosen = place.chosen
    jobs, as_it_comes = _jobs(plan, chosen)
    manner = Manner(
        jobs=jobs,
        as_it_comes=as_it_comes,
        goes_on=chosen.continue_,
        is_quiet=chosen.quiet,
        in_github=os.environ.get("GITHUB_ACTIONS") == "true",
        line_of=lambda result: summary(result).removeprefix("buildopt: "),
    )
    stores = place.stores
    end = GraphRun(plan, works, stores, manner).run()
    result = result_of_graph(
        end,
        run_id=stores.journal.run_id,
        names=names,
        project=place.project,
        root=plan.root,
        duration_s=time.monotonic() - started_s,
        lost_events=stores.journal.lost_events,
    )
    result = with_revision(result, place.environ)
    stores.journal.append(result, subject=result.task)
    if not chosen.quiet:
        if chosen.verbose:
            tell_reasons(result)
        for crossing in end.crossings:
            later = end.results.get(crossing.later)
            is_answer = later is not None and later.outcome != "executed"
            tell_crossing(crossing, plan, is_answer=is_answer)
        if end.is_output_lost:
            tell("buildopt: not all of the output could be written")
        (only,) = end.results.values() if len(plan.tasks) == len(end.results) == 1 else (None,)
        tell(summary(only) if only else summary_of(result, end))
    tell_others(stores, result, chosen, _made_anew(end), is_watching=is_watching)
    return Ran(result, end)


def _made_anew(end: GraphEnd) -> tuple[str, ...]:
    """What tasks wrote that were not fresh."""
    return tuple(
        path
        for name, paths in end.made.items()
        if name in end.results and end.results[name].outcome != "fresh"
        for path in paths
    )


def _open(chosen: settings.Settings) -> Place:
    here = working_directory()
    return open_place(chosen, cache_dir=chosen.cache_dir, environ=os.environ, here=here)


def call_of(place: Place, task: GraphTask) -> Call:
    """The call for a task of a plan."""
    return call_at(place, task.settings._replace(name=task.id))


def _policy(call: Call, chosen: settings.Settings, *, is_quiet: bool) -> Policy:
    return Policy(
        cache=call.cache,
        force=chosen.force,
        stdin="null",
        pass_fds=chosen.pass_fds,
        uses_memo=os.environ.get("BUILDOPT_STAT_MEMO") != "0",
        is_quiet=is_quiet,
        takes_lists_apart=chosen.lists,
        trouble=trouble_of(call, chosen),
    )


def _revision(
    names: tuple[str, ...], affected: str, behind: str, directory: str
) -> tuple[tuple[str, ...], str]:
    """The names, and the revision of `--affected`: the word behind it where git knows it as one
    and other names are there.
    """
    if affected != SINCE_BRANCH:
        return names, affected
    others = list(names)
    if behind in others:
        others.remove(behind)
    if not behind or behind not in names or not others:
        return names, ""
    from buildopt.tasks.git_changes import is_revision

    return (tuple(others), behind) if is_revision(directory, behind, os.environ) else (names, "")


def _affected(plan: Plan, ref: str, chosen: settings.Settings) -> Plan:
    from buildopt.session import Run, begin
    from buildopt.tasks.affected import affected_tasks, narrowed
    from buildopt.watched import OwnStage

    place = _open(chosen)
    stage = OwnStage()
    begun: list[Run] = []

    def begin_task(task: GraphTask) -> Run | None:
        call = call_of(place, task)
        policy = _policy(call, chosen, is_quiet=True)
        if call.observer is None or policy.trouble or policy.cache not in ("read-write", "read"):
            return None
        known = begun[0].memo if begun else None  # one memo serves all
        begun.append(begin(call.task, policy, call.observer, call.stores, stage, known))
        return begun[-1]

    found = affected_tasks(plan, ref, begin_task, os.environ)
    if begun:
        begun[0].memo.save()
    kept = narrowed(plan, found)
    if not chosen.quiet:
        of = f"{len(kept.requested)} of {len(plan.requested)} tasks"
        tell(f"buildopt: since {found.base.words}: {of} affected")
        if chosen.verbose:
            for name, reason in found.reasons.items():
                tell(f"  {name}: {reason.text}")
    return kept


def _draw(plan: Plan, form: str) -> int:
    from buildopt.tasks import drawing

    draw = {"text": drawing.as_text, "json": drawing.as_json, "dot": drawing.as_dot}
    import click

    click.echo(draw[form](plan), nl=False)
    return 0
