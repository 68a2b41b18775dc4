"""Where we are called."""

from __future__ import annotations

import os

from buildopt.errors import UsageError


def working_directory() -> str:
    """Where we are; raises UsageError for a folder that is gone."""
    try:
        return os.getcwd()
    except OSError as error:
        raise UsageError(
            f"cannot tell the working directory: {error.strerror}",
            hint="go to a folder that exists",
            slug="directory-not-entered",
        ) from error
