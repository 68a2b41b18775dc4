"""An option that takes a size, as the settings do."""

from __future__ import annotations

import click

from buildopt.settings import LIMIT_FORMS, is_possible_limit


def require_size(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """The text of an option, which must be a size above zero if it is given."""
    if value is not None and not is_possible_limit(value):
        message = f"`{value}` is no size above zero\nhint: it takes {LIMIT_FORMS}"
        raise click.BadParameter(message, context, parameter)
    return value
