"""Which environment and what kind of machine events come from, so that every query can tell.

OpenTelemetry's `deployment.environment.name`, and a class of machines whose times compare.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

RESOURCE = "OTEL_RESOURCE_ATTRIBUTES"
"""OpenTelemetry's variable: `name=value` pairs with commas between them."""
NAME = "deployment.environment.name"


def environment_name(environ: Mapping[str, str], chosen: str = "") -> str:
    """What the settings say, else OpenTelemetry's variable, else `ci` or `development`."""
    if chosen:
        return chosen
    pairs = (pair.partition("=") for pair in environ.get(RESOURCE, "").split(","))
    told = next((value.strip() for name, _, value in pairs if name.strip() == NAME), "")
    is_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    return told or ("ci" if is_ci else "development")


def machine_class(chosen: str = "") -> str:
    """What the settings say, else system, architecture and number of processors."""
    system = os.uname()
    return chosen or f"{system.sysname}-{system.machine}-{os.cpu_count() or 1}".lower()
