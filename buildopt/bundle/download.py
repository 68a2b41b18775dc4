"""What a visitor waits for: seconds until the files of an entry are there, computed.

    seconds = round trips * latency + compressed bytes / throughput

Four round trips: to find the host, to open the connection, to agree on its encryption, and to
ask; the files of an entry then come side by side over one connection.
"""

from __future__ import annotations

from dataclasses import dataclass

ROUND_TRIPS = 4
BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A kind of network."""

    latency_s: float
    throughput_bits_per_s: float


PRESETS = {
    "slow 4G": Network(latency_s=0.150, throughput_bits_per_s=1.6 * 1024 * 1000),
    "3G": Network(latency_s=0.300, throughput_bits_per_s=700 * 1000),
}
"""`mobileSlow4G` and `mobileRegular3G` of Lighthouse, core/config/constants.js (November 2026)."""


def download_s(compressed_bytes: int) -> dict[str, float]:
    """Preset -> seconds for so many bytes."""
    return {
        name: round(
            ROUND_TRIPS * network.latency_s
            + compressed_bytes * BITS / network.throughput_bits_per_s,
            3,
        )
        for name, network in PRESETS.items()
    }
