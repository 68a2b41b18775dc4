"""Settings: what holds for this call, and where each value came from.

Option > `BUILDOPT_*` > project file > user file > default. The project file is the nearest of
`buildopt.toml`, `[tool.buildopt]` in `pyproject.toml`, `"buildopt"` in `package.json`, from the
working directory up to the repository's root. What can be set stands in `keys.py`, the table
from which loading, checks, `buildopt config`, `buildopt schema` and docs/settings.md are made.
"""

from buildopt.settings.folders import cache_folder, own_places, state_folder
from buildopt.settings.loading import load
from buildopt.settings.merging import directory_of, task_named, with_lists, with_options, with_task
from buildopt.settings.project import PROJECT_FILES, ROOT_FILES, USER_FILE, find_root
from buildopt.settings.records import Settings, TaskSettings
from buildopt.settings.values import LIMIT_FORMS, is_flag_word, is_possible_limit

__all__ = [
    "LIMIT_FORMS",
    "PROJECT_FILES",
    "ROOT_FILES",
    "USER_FILE",
    "Settings",
    "TaskSettings",
    "cache_folder",
    "directory_of",
    "find_root",
    "is_flag_word",
    "is_possible_limit",
    "load",
    "own_places",
    "state_folder",
    "task_named",
    "with_lists",
    "with_options",
    "with_task",
]
