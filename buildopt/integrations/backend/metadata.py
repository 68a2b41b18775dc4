"""Whether a wheel has the metadata that the front end was told of before (PEP 517)."""

from __future__ import annotations

import os
import zipfile


def is_of_metadata(wheel: str, metadata_directory: str) -> bool:
    """Whether the `.dist-info` of `wheel` has the `METADATA` of that one."""
    with open(os.path.join(metadata_directory, "METADATA"), "rb") as file:
        told = file.read()
    with zipfile.ZipFile(wheel) as packed:
        names = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        return any(packed.read(name) == told for name in names)
