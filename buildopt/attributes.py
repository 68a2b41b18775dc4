"""Extended attributes: whether a path has any that count."""

from __future__ import annotations

import os

IRRELEVANT_ATTRIBUTES = ("security.", "system.posix_acl_", "system.nfs4_acl", "com.apple.")
"""Set and read by every copying tool; access control is no content."""


def has_attributes(path: str) -> bool:
    """Whether there are some that count; a last link is not followed."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except (OSError, AttributeError):  # none here, or not on this system
        return False
    return any(not name.startswith(IRRELEVANT_ATTRIBUTES) for name in names)
