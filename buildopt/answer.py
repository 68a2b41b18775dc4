"""Answers a run from its record, and tells what the next call like it may be answered with."""

from __future__ import annotations

from buildopt.cache import restore, streams
from buildopt.cache.artifacts import Damaged
from buildopt.cache.fingerprint import States
from buildopt.events import DamageFound
from buildopt.execute.cursor import line_end
from buildopt.execute.stdin import skip_stdin
from buildopt.execute.streams import Streams
from buildopt.model import CacheEntry, Chunk, Hit, MissReason, Trace
from buildopt.results import count_inputs, count_outputs, result_of
from buildopt.session import Finished, Fresh, Run, made_by_run, seconds_since


def answered(run: Run, found: Hit, states: States) -> Finished | MissReason:
    """Give back what was recorded, or tell why that cannot be had after all."""
    lookup_s = seconds_since(run.started_ns)
    kept = {o.subject for o in found.trace.observations}
    try:
        passed = streams.unpack(run.artifacts.get_bytes(found.entry.streams_digest))
        chunks = fit_for_replay(passed.chunks, run.stage.streams)
        plan = restore.plan_for(found.entry, run.owned, kept, states)
        run.stage.meet(found, plan.removals)
        if not plan.is_empty:
            with run.progress.step("restoring", lambda: plan.size_bytes):
                restore.apply(plan, run.artifacts, run.plan_path, states)
        run.stage.made(found)
    except restore.Blocked as blocked:
        run.owned.disown(blocked.path)
        return MissReason(kind="file-appeared", subject=blocked.path)
    except (Damaged, ValueError) as damage:
        restore.undo(run.plan_path, states)
        run.stores.journal.append(DamageFound(subject=str(damage)[:64], action="dropped"))
        return MissReason(kind="damaged", subject="artifact", before=str(damage)[:12])
    except OSError as error:
        restore.undo(run.plan_path, states)
        return MissReason(
            kind="damaged", subject=error.filename or "outputs", after=error.strerror or ""
        )
    restore_s = seconds_since(run.started_ns) - lookup_s
    run.owned.update(made_by_run(found.entry, found.trace.observations), plan.removals)
    run.records.touch(run.task, found.trace.key)
    skip_stdin(run.policy.stdin, passed.stdin_bytes)
    run.stage.replay(
        (*chunks, *(() if run.policy.is_quiet else line_end(chunks, run.stage.streams)))
    )
    took_s = seconds_since(run.started_ns)
    result = result_of(
        run.task,
        run.stores.journal,
        "fresh" if plan.is_empty else "restored",
        exit_code=found.entry.exit_code,
        observer=run.observer.name,
        duration_s=took_s,
        time_saved_s=max(0.0, found.entry.usage.duration_s - took_s),
        lookup_s=lookup_s,
        restore_s=restore_s,
        inputs=count_inputs(found.trace.observations),
        outputs=count_outputs(found.entry, len(plan.removals)),
        record=found.trace.key,
    )
    keeps = run.stage.keeps_fresh_state
    entry = found.entry._replace(renews=False)
    fresh = fresh_state(run, found.trace, entry, chunks) if keeps else None
    made = tuple(output.path for output in found.entry.outputs)
    return Finished(result=result, fresh=fresh, made=made)


def fit_for_replay(chunks: tuple[Chunk, ...], streams: Streams) -> tuple[Chunk, ...]:
    """The chunks without what only a live run may print: queries, titles, orders to a CI system."""
    if not any(b"\x1b" in chunk.data or b"::" in chunk.data for chunk in chunks):
        return chunks
    from buildopt.execute.replay import chunks_for  # compiles its patterns, 5 ms

    return tuple(chunks_for(chunks, streams))


def fresh_state(
    run: Run, trace: Trace, entry: CacheEntry, chunks: tuple[Chunk, ...]
) -> Fresh | None:
    """What a hit index may vouch for: everything looked at once more, all of it as recorded."""
    states = run.states(trace, entry)
    kept = {o.subject for o in trace.observations}
    try:
        if states.first_difference(trace.observations) is not None:
            return None
        if not restore.plan_for(entry, run.owned, kept, states).is_empty:
            return None
    except (restore.Blocked, OSError):
        return None  # changed while we looked
    return Fresh(
        observations=trace.observations,
        states=states,
        record_path=run.records.path(run.task, trace.key),
        entry=entry,
        chunks=chunks,
    )
