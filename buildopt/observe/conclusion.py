"""What follows from all touches of a run, once it has ended.

    path            first state counts as                         output
    left alone      itself: file, link, directory, listing …      no
    ├ own, probed   `absent`, `kept`                              yes: adopted
    changed, made   absent: `own` where it was only probed        yes
    ├ overwritten   nothing                                       yes
    ├ own, probed   `absent`, `own`; a mixed folder itself        yes
    └ else          itself, digested before the change            yes
    removed         as changed                                    tombstone

`findings.py` says what *own* means and by which values an `absent` holds; `left_paths.py` has the
rows of what is left alone, `made_paths.py` the others, and `shown_names.py` the listings.
"""

from __future__ import annotations

from buildopt.observe.findings import Conclusion, Findings
from buildopt.observe.first_touch import ATTRIBUTES, KEPT_MODE, READ, SET_MODE, Touch, Touches, look
from buildopt.observe.ignored import Place
from buildopt.observe.left_paths import LeftPaths
from buildopt.observe.made_paths import MadePaths
from buildopt.observe.observer import DigestFile
from buildopt.observe.placement import Placement
from buildopt.observe.shown_names import ShownNames


def conclude(
    touches: Touches,
    placement: Placement,
    digest: DigestFile,
    adoptable: frozenset[str] | None,
    mixed: frozenset[str],
) -> Conclusion:
    """Sum up; `adoptable` are own outputs of earlier runs, None where nothing is adopted.

    `mixed` are those of them that are folders and held something of others as the run began.
    """
    findings = Findings(adoptable, mixed, placement)
    made = MadePaths(findings, touches, placement, digest)
    left = LeftPaths(findings, placement, digest)
    for touch in list(touches.all.values()):
        if touch.place is not Place.HIDDEN and (touch.did or touch.is_attempted or touch.is_born):
            _add(touch, findings, made, left)
    made.refuse_shared()
    left.add_folders()
    ShownNames(findings, touches, placement).add_all()
    for path in touches.unreadable:
        findings.give_up_on(path)
    return findings.conclusion


def _add(touch: Touch, findings: Findings, made: MadePaths, left: LeftPaths) -> None:
    now = look(touch.path)[0]
    if touch.did & KEPT_MODE and not touch.did & SET_MODE and not findings.is_exempt(touch):
        touch.did |= READ
    if touch.did & ATTRIBUTES and touch.place is Place.PLAIN and touch.first is not None:
        findings.observe("attributes", touch.path)
    if made.has(touch, now):
        touch.is_own = True
        made.add(touch, now)
    elif touch.is_born:
        made.add_foreign(touch, now)
    else:
        left.add(touch, now)
