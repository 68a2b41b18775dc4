"""What can go wrong, and what each trouble costs.

    BuildoptError        a user's mistake or a surrounding that does not fit: message, hint, slug
    ├ UsageError         the command line does not make sense
    ├ SettingsError      a settings file or variable does not make sense
    ├ CommandNotFound    the wrapped command does not exist                    exit 127
    └ CommandNotRunnable the wrapped command exists and cannot be executed     exit 126

Everything else that is raised is a built-in exception, and a bug if a user sees it.
"""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DRY_RUN_MISS = 3
EXIT_NO_HISTORY = 3
EXIT_NOT_STARTED = 125
"""Status of `run` when our own trouble came before the command started (as in `timeout`, `env`)."""
EXIT_NOT_RUNNABLE = 126
EXIT_NOT_FOUND = 127


class BuildoptError(Exception):
    """A trouble that the user can mend: `message` says what happened, `hint` what to do.

    `slug` names the paragraph of `docs/messages.md` about it.
    """

    run_exit_code = EXIT_NOT_STARTED

    def __init__(self, message: str, *, hint: str, slug: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.slug = slug


class UsageError(BuildoptError):
    """The command line does not make sense."""


class SettingsError(BuildoptError):
    """A settings file, or a variable in its place, does not make sense."""


class CommandNotFound(BuildoptError):
    """The wrapped command does not exist."""

    run_exit_code = EXIT_NOT_FOUND


class CommandNotRunnable(BuildoptError):
    """The wrapped command exists and cannot be executed."""

    run_exit_code = EXIT_NOT_RUNNABLE
