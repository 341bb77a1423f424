"""The errors of the program, by cause; every message says what to do next."""


class DpiatError(Exception):
    """An error that a person can act on.

    Parameters
    ----------
    message
        What went wrong, one sentence.
    hint
        What to do next, one sentence; may be empty.

    Notes
    -----
    The technical cause, where there is one, is chained as ``__cause__``.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class SourceError(DpiatError):
    """A network cannot be opened: unknown name, missing, cut-off or unreadable file."""


class TrustError(SourceError):
    """A source would run code that nobody has trusted yet."""


class StandardizationError(DpiatError):
    """A network cannot be standardized."""


class MatchError(DpiatError):
    """Two networks cannot be matched, or an option has no meaning."""


class OverrideError(MatchError):
    """An override cannot hold: unknown path, a score of 0, or a conflict with another override."""


class TransferError(DpiatError):
    """A transfer cannot be planned or carried out."""


class ExportError(DpiatError):
    """A file cannot be written: no such folder, no permission, no space."""


class WriteError(ExportError):
    """A job failed at its files: the disk is full or refuses, or does not give back what was written."""


class ProjectError(DpiatError):
    """A project file cannot be read or written."""


class EngineError(DpiatError):
    """The engine process died or could not be started."""


class Cancelled(DpiatError):  # noqa: N818 - not a fault, the answer to a wish
    """The job was cancelled; nothing was written."""

    def __init__(self, message: str = "Cancelled; nothing was written.") -> None:
        super().__init__(message)
