"""The means of an analysis: methods, and memos in the user's cache where they may be used."""

from __future__ import annotations

import os
from collections.abc import Iterable

from buildopt.bundle.measurement import Means
from buildopt.bundle.memo import Memo, NoMemo, open_memo
from buildopt.bundle.sizes import methods
from buildopt.cli.bundle_asked import SWITCH, memo_folder
from buildopt.cli.words import tell
from buildopt.errors import BuildoptError

SIZES_LIMIT_BYTES = 32_000_000
"""Some 100,000 sizes."""
SHARES_LIMIT_BYTES = 256_000_000
"""The attributions of some hundred builds of 20,000 modules, 2 MB each."""


def means_of(encodings: Iterable[str], *, is_quick: bool = False) -> Means:
    """Means for these encodings; without a memo where it is switched off or unfit, said once."""
    chosen = methods(encodings, is_quick=is_quick)
    sizes, shares = _memos()
    return Means(methods=chosen, sizes=sizes, shares=shares)


def _memos() -> tuple[Memo, Memo]:
    if os.environ.get(SWITCH) == "0":
        return NoMemo(), NoMemo()
    try:
        folder = memo_folder()
        return (
            open_memo(os.path.join(folder, "sizes"), SIZES_LIMIT_BYTES),
            open_memo(os.path.join(folder, "shares"), SHARES_LIMIT_BYTES),
        )
    except (OSError, BuildoptError) as error:
        tell(f"buildopt: sizes are not remembered: {error}")
        return NoMemo(), NoMemo()
