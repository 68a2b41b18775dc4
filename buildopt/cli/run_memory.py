"""What a call leaves so that the next one like it is answered at once: the hit index (`hit.py`)."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from buildopt import hit, settings
from buildopt.cache import hit_index
from buildopt.cache.memo import RACY, flags_for
from buildopt.cli.call import Call
from buildopt.cli.words import saved_words
from buildopt.events import Event, RunFinished, data_of, encode
from buildopt.execute.cursor import line_end
from buildopt.execute.streams import describe_streams
from buildopt.model import StatSignature, signature_of
from buildopt.session import Fresh

Signatures = list[tuple[str, StatSignature | None]]


def signatures(paths: Iterable[str], started_ns: int) -> Signatures | None:
    """Signatures of the settings files that were just read, None for absent ones.

    None at all where one may have changed since `started_ns`: then nobody knows which was read.
    """
    found: list[tuple[str, StatSignature | None]] = []
    for path in paths:
        try:
            signature = signature_of(os.lstat(path))
        except OSError:
            found.append((path, None))
            continue
        if flags_for(path, signature, started_ns) & RACY or stat.S_ISLNK(signature.mode):
            return None
        found.append((path, signature))
    return found


def may_be_remembered(chosen: settings.Settings, options: dict[str, Any], call: Call) -> bool:
    """Whether the fast path can do all that this call asks for."""
    if not hit.is_allowed(os.environb) or options["cache_dir"]:
        return False
    # The name of an index holds no variable that is left out else, nor knows of a pattern.
    if not all(name.isidentifier() and hit.counts(name.encode()) for name in call.task.variables):
        return False
    return not (chosen.result_file or chosen.report or chosen.force or chosen.pass_fds)


def remember(
    call: Call, fresh: Fresh, result: RunFinished, consulted: Signatures, *, quiet: bool
) -> None:
    """Write the hit index for this very call; without one the next takes the full path."""
    try:
        record = signature_of(os.lstat(fresh.record_path))
    except OSError:
        return  # dropped meanwhile
    for path, signature in consulted:
        if signature is not None:
            fresh.states.keep(path, signature)
    absent = [path for path, signature in consulted if signature is None]
    fresh.states.keep(fresh.record_path, record)
    usual_s = fresh.entry.usage.duration_s
    ours = describe_streams()
    answer = hit_index.Answer(
        chunks=fresh.chunks if quiet else (*fresh.chunks, *line_end(fresh.chunks, ours)),
        words=hit.QUIET if quiet else saved_words(usual_s).encode(),
        event=_event_with_marks(call, result),
        usual_ns=int(usual_s * 1e9),
    )
    try:
        path_bytes = hit.index_path(os.fsencode(call.stores.layout.top), sys.argv[1:])
        hit_index.write(path_bytes, fresh.observations, fresh.states, absent, answer)
    except OSError:
        return


def _event_with_marks(call: Call, result: RunFinished) -> bytes:
    """The event of a later hit, with the marks that hit.py replaces by that run's values."""
    journal = call.stores.journal
    answer = replace(
        result,
        run_id="@RUN@",
        outcome="fresh",
        stored=False,
        not_stored=(),
        miss_reasons=(),
        tasks=(),
        hit_ratio=None,
        restore_s=0.0,
        cpu_s=0.0,
        peak_memory_bytes=0,
        outputs=result.outputs._replace(removed=0),
    )
    data = data_of(answer) | {
        "duration_s": "@TOOK@", "lookup_s": "@TOOK@", "time_saved_s": "@SAVED@",
    }  # fmt: skip
    event = Event(
        id="@ID@",
        time_ns="@TIME@",  # type: ignore[arg-type]  # a mark, replaced with its quotes
        mono_ns="@MONO@",  # type: ignore[arg-type]  # a mark, replaced with its quotes
        boot=hit.boot_hash().decode(),
        type=RunFinished.type,
        source=journal.source.rpartition("/")[0] + "/@PID@",
        subject=result.task,
        run="@RUN@",
        n=1,
        data=data,
        environment=journal.environment,
        machine=journal.machine,
    )
    return encode(event)
