"""Secrets among the environment's variables: which are, and texts without their values.

A replay is byte-exact, so what is stored is not masked: an entry that holds a secret is marked
with the variable's name. What we tell ourselves (events, reports, results) is masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SECRET_MARKS = (
    "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE", "API_KEY", "APIKEY",
)  # fmt: skip
"""What a secret's name holds, in whatever case."""
PUBLIC_PREFIXES = (
    "VITE_", "NEXT_PUBLIC_", "REACT_APP_", "NUXT_PUBLIC_", "GATSBY_", "EXPO_PUBLIC_", "PUBLIC_",
)  # fmt: skip
"""Variables that bundlers put into what everybody is served; see each one's manual."""
SHORTEST_CHARACTERS = 8
"""A shorter value occurs by chance: `true`, `1`, a user's name."""
MASK = "***"

Secrets = Mapping[str, str]
"""Values of the secret variables by name."""


def secrets_of(environment: Mapping[str, str]) -> Secrets:
    """The variables of which nobody should read the value."""
    return {
        name: value
        for name, value in environment.items()
        if len(value) >= SHORTEST_CHARACTERS and _is_secret(name.upper())
    }


def names_in(secrets: Secrets, found: Iterable[bytes]) -> tuple[str, ...]:
    """Names of the secrets whose values, as bytes, are in `found`."""
    values = set(found)
    return tuple(sorted(name for name, value in secrets.items() if as_bytes(value) in values))


def as_bytes(value: str) -> bytes:
    """A variable's value as the system has it."""
    return value.encode("utf-8", "surrogateescape")


def masked(value: Any, secrets: Secrets) -> Any:  # Any: a text, or records and tuples of them
    """The same with every secret's value in its texts replaced; what has none is given back."""
    if not secrets:
        return value
    if isinstance(value, str):
        return _masked_text(value, secrets)
    if isinstance(value, Mapping):
        return {key: masked(item, secrets) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [masked(item, secrets) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return [masked(item, secrets) for item in value] if isinstance(value, list) else value


def _is_secret(name: str) -> bool:
    return not name.startswith(PUBLIC_PREFIXES) and any(mark in name for mark in SECRET_MARKS)


def _masked_text(text: str, secrets: Secrets) -> str:
    # The longest first: one secret may be part of another.
    for value in sorted(secrets.values(), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text
