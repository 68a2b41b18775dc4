"""From a ledger's bytes to what was observed: in the main process, after the run.

    (rows [kind, subject, value, signature], outputs, removed, changed, probed,
     remade, [kind, subject]…, processes)

The bytes come from our own supervisor over a pipe, so `marshal` may be believed.
"""

from __future__ import annotations

import marshal

from buildopt.model import NotStored, Observation, Observed, StatSignature, Task
from buildopt.observe.first_touch import look
from buildopt.observe.observer import DigestFile
from buildopt.observe.process_table import process_of


def decode(data: bytes, _: Task, digest: DigestFile) -> Observed:
    """What was observed: digests the inputs, each of which must still be as it was met.

    An input that is not is among `changed`, and makes the run incomplete.
    """
    rows, outputs, removed, changed, probed, remade, incomplete, processes = marshal.loads(data)
    observations = []
    not_stored = [NotStored(kind=kind, subject=subject) for kind, subject in incomplete]
    for kind, subject, value, fields in rows:
        signature = StatSignature(*fields) if fields else None
        if signature is not None and not value:
            try:
                value = digest(subject)
            except OSError:
                not_stored.append(NotStored(kind="incomplete", subject=subject))
                continue
            if look(subject)[0] != signature:
                changed.append(subject)
        # Without the signature: what the run itself wrote anew, it may have left the same.
        observations.append(Observation(kind=kind, subject=subject, value=value))
    changed = tuple(dict.fromkeys(changed))
    not_stored += [NotStored(kind="input-changed", subject=subject) for subject in changed]
    return Observed(
        observations=tuple(observations),
        outputs=tuple(outputs),
        removed=tuple(removed),
        changed=changed,
        probed=tuple(probed),
        remade=tuple(remade),
        incomplete=tuple(not_stored),
        processes=tuple(process_of(fields) for fields in processes),
    )
