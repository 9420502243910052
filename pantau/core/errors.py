"""One base error, one subclass per reason. A message says where, what is wrong and what to do."""

from collections.abc import Sequence

import msgspec


class PantauError(Exception):
    """Base of every error that Pantau raises on purpose. ``str()`` is fit for the operator's screen."""


class Problem(msgspec.Struct, frozen=True):
    """One mistake in a file that the office edits.

    ``where`` names row and column or the key; ``value`` is what was written there; ``what`` and ``remedy``
    are Indonesian, for the office's administrator.
    """

    file: str
    where: str
    value: str
    what: str
    remedy: str

    def __str__(self) -> str:
        shown = f" (tertulis: {self.value!r})" if self.value else ""
        return f"{self.file}, {self.where}: {self.what}{shown}. {self.remedy}"


class ProblemsError(PantauError):
    """A file cannot be used; all its problems at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsError(ProblemsError):
    """``pantau.toml`` is missing, unreadable or wrong."""


class OfficeError(PantauError):
    """A command for one office was given none of several, or one that the settings do not have."""


class RegisterError(ProblemsError):
    """The register of accounts or one of its side files is wrong."""


class RuleError(ProblemsError):
    """A rule, word list or case file is wrong."""


class ImportFileError(ProblemsError):
    """A file given to ``pantau import`` or ``pantau rules check`` cannot be read."""


class StoreError(PantauError):
    """The database cannot be opened, is newer than this version, or refused a write."""


class StoreLostError(StoreError):
    """The open database stopped serving: gone, full, locked for too long. What was committed before is safe; start again."""


class WorkerLostError(PantauError):
    """A process that was doing a part of the work died. Nothing of that work was written; start again."""


class ClusterError(PantauError):
    """The cluster of ``[cluster]`` cannot be used as it is; nothing was started."""


class ClusterLostError(ClusterError):
    """The scheduler, or every worker, went away in the middle of a run. What was stored is safe; start again."""


class BackupError(PantauError):
    """A backup cannot be written, or a file is no whole backup, or it must not be restored here."""


class SecretError(PantauError):
    """A secret (``env:NAME`` or ``file:PATH``) is missing or its file can be read by others."""


class DeliveryError(PantauError):
    """The mail server cannot be used at all (login, certificate); nothing was handed over."""


class LockHeldError(PantauError):
    """Another run holds the lock."""


class PictureError(PantauError):
    """A picture could not be fetched or read. The text is a short Indonesian reason that fits behind "karena"."""
