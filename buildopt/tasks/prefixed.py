"""The output of tasks that go on side by side: each line behind the name of its task."""

from __future__ import annotations

from collections.abc import Callable

from buildopt.execute.outlet import Outlet


def prefixed_outlets(name: str) -> Callable[[int], Outlet]:
    """What makes the ways to our streams for the task of this name."""
    prefix = f"{name} | ".encode("utf-8", "backslashreplace")
    return lambda target: _PrefixedOutlet(target, prefix)


class _PrefixedOutlet(Outlet):
    """Passes whole lines on; the last one, without its end, when it is closed."""

    def __init__(self, descriptor: int, prefix: bytes) -> None:
        super().__init__(descriptor)
        self._prefix, self._rest = prefix, b""

    def send(self, data: bytes) -> None:
        """Pass on what is whole of it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            super().send(b"".join(b"%s%s\n" % (self._prefix, line) for line in lines))

    def close(self) -> None:
        """Let go of the stream."""
        if self._rest:
            self.send(b"\n")
            self.flush()
        super().close()
