"""Answers an unchanged build from what was recorded, and really runs any other."""

__version__ = "0.1.0"
