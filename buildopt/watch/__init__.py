"""Notices changes and has what they touch run again; events are hints, the records decide."""
