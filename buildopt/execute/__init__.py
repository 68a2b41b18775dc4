"""Starts the wrapped command and hands back how it ended and every byte that it printed."""
