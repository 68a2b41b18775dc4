"""`--dry-run` of many tasks: which would be answered, and why the others not."""

from __future__ import annotations

from buildopt.cache.memo import Memo
from buildopt.cli.call import Place
from buildopt.cli.run_graph import call_of
from buildopt.cli.words import miss_words, not_stored_words, tell
from buildopt.errors import EXIT_DRY_RUN_MISS
from buildopt.model import Hit
from buildopt.phrases import printable
from buildopt.pipeline import look_up_only
from buildopt.progress import Progress
from buildopt.results import relative
from buildopt.session import Policy, load_memo
from buildopt.tasks.model import GraphTask, Plan

WOULD_HIT = "would hit"


def dry_run_graph(plan: Plan, place: Place) -> int:
    """Tell of each task, in the plan's order; 3 where one would run."""
    running: set[str] = set()
    width = max((len(printable(task.id)) for task in plan.tasks), default=0)
    known = load_memo(place.stores, plan.root, Policy(), Progress(is_shown=False))
    for task in plan.tasks:
        words = _words(task, place, known)
        if words != WOULD_HIT:
            running.add(task.id)
        elif before := sorted(running.intersection(task.depends_on)):
            words = f"may run: it would hit now, and `{printable(before[0])}` runs before it"
            running.add(task.id)
        if place.chosen.quiet:
            continue
        tell(f"buildopt: {printable(task.id).ljust(width)}  {words}")
    return EXIT_DRY_RUN_MISS if running else 0


def _words(task: GraphTask, place: Place, known: Memo) -> str:
    chosen = place.chosen
    call = call_of(place, task)
    if task.is_persistent:
        return "would run: it is persistent"
    if chosen.force or chosen.pass_fds or call.cache not in ("read-write", "read"):
        return "would run: the cache is not asked"
    if call.observer is None:
        return f"would run: {not_stored_words((call.unobserved,))}"
    found, _ = look_up_only(call.task, call.observer, call.stores, known)
    if isinstance(found.lookup, Hit):
        return WOULD_HIT
    return f"would run: {miss_words(relative(found.lookup.reasons, call.task.root))}"
