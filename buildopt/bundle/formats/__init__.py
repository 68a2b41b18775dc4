"""Statistics files of bundlers: one module a format, told apart by the keys at the top."""

FORMATS = (
    "buildopt.bundle.formats.webpack",
    "buildopt.bundle.formats.esbuild",
    "buildopt.bundle.formats.rollup",
    "buildopt.bundle.formats.vite",
)
"""Modules with `sniff` and `parse`; the first that knows the keys reads the file."""
