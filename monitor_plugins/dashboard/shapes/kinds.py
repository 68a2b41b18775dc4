"""Kinds of values that several records have."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

Json = dict[str, Any]  # Any: JSON
Ratio = Annotated[float, Meta(description="0 to 1")]
Outcome = Annotated[str, Meta(description="fresh, restored, executed or lost")]
