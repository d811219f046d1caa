"""The errors that nightpress raises on purpose: each says what, where, and what to do about it.

A known error ends a task or a command with one paragraph and no traceback; anything else that is
raised is a bug, and shows its traceback.
"""

import errno
import os
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from nightpress.voice import spoken

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_BUG = 2
EXIT_USAGE = 3
EXIT_BUSY = 75
EXIT_INTERRUPTED = 130


class NightpressError(Exception):
    """A known error: `message`, and a `hint` that says what to do (may be empty)."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return spoken(f"{self.message}\n  hint: {self.hint}" if self.hint else self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[NightpressError], args: tuple[Any, ...], values: dict[str, Any]) -> Exception:
    """An error that comes from another process."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(values)
    return error


class UsageError(NightpressError):
    """The user's command line or configuration is wrong: exit status 3."""

    exit_code = EXIT_USAGE


class BusyError(NightpressError):
    """Another writing run holds the project's lock: exit status 75."""

    exit_code = EXIT_BUSY


class UnsafePath(NightpressError):
    """A path that we refuse to read or write: a link, a special file, or outside its root."""


class PublishConflict(NightpressError):
    """The target changed under us: the user's bytes stay, nothing of ours was published."""


class Crashed(NightpressError):
    """A bug that one plugin set off: kept in a file, and no matter of the others."""


class AwaitsReview(NightpressError):
    """A draft is done and waits for a person (`publish: review`); no call is made for it again."""


class Withheld(NightpressError):
    """What would be sent looks like a secret: no call was made, and none is until it changes."""


class TooLittle(NightpressError):
    """The writer says that the plugin holds too little for a document. missing: what it lacks."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"the source is insufficient; missing: {'; '.join(missing)}")


class LedgerError(NightpressError):
    """The ledger cannot be used (damaged, of a newer version, locked): stop before writing."""

    exit_code = EXIT_USAGE


class MachineTrouble(NightpressError):
    """The disk or the database refuses (full, read-only, broken): the whole run stops."""

    exit_code = EXIT_USAGE


class NoAccess(NightpressError):
    """This user may not read or write something that a command cannot do without."""

    exit_code = EXIT_USAGE


class Unrecorded(MachineTrouble):
    """The new file stands, but the disk refused what follows; the next run ends the attempt."""


QuotaKind = Literal["rpm", "tpm", "rpd"]
"""Requests a minute, input tokens a minute, requests a day."""


class Answer(NamedTuple):
    """What one answer of a backend means, said by the backend that got it.

    kind: one of the values in `ANSWER_KINDS`; wait: seconds that the server stated, if any;
    quota, limit: which limit a refusal spoke of (requests or input tokens a minute, requests a
    day), and the number that it stated, if any; left: False where
    the request certainly never left this machine (its reservation may be given back);
    tokens_in, tokens_out, model: what an answer without a reply cost, and whose it was; by_chance:
    it was blocked for what another try may well not say; broken: a success whose body is no answer
    of this service at all (a login page of the network, say).
    """

    kind: str
    message: str
    http_status: int | None = None
    wait: float | None = None
    limit: int | None = None
    quota: QuotaKind | None = None
    hint: str = ""
    left: bool = True
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    by_chance: bool = False
    broken: bool = False


# kind -> (may the same request be tried again in this run, does it end the whole run)
ANSWER_KINDS: dict[str, tuple[bool, bool]] = {
    "minute_quota": (True, False),  # 429 per minute: wait the stated delay
    "day_quota": (False, False),  # 429 per day: this model is closed until the provider's midnight
    "shed": (True, False),  # a cheap lane has no room: again, at growing intervals
    "no_quota": (False, True),  # 429 "limit: 0": no free tier for this model
    "capacity": (True, False),  # 429 of a shared quota: back off exponentially
    "not_found": (False, True),  # 404: retired or unknown model
    "bad_request": (False, True),  # 400: the configuration or the request is wrong
    "too_large": (False, False),  # this one request is over the model's limit: no retry
    "unauthorised": (False, True),  # 401 and 403: key or rights
    "untrusted": (False, True),  # the server's certificate is not trusted here
    "transient": (True, False),  # 408, 5xx, timeouts, disconnects
    "malformed": (True, False),  # a 200 whose body is empty or no JSON
    "truncated": (True, False),  # cut off at the token limit: once, with a larger budget
    "unrecorded": (False, False),  # no reply to this question is recorded (replay)
    "lost": (False, False),  # who made it died or was killed: it may have been paid
    "blocked": (False, False),  # prompt blocked or safety stop: no retry
}


BLOCKED = "blocked"
BLOCKED_BY_CHANCE = "blocked_by_chance"
"""What an attempt is recorded with: a document that is blocked is parked; one that was blocked by
chance is asked for once more."""


class BackendError(NightpressError):
    """A backend's answer that is no reply; `answer` says what it means."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.message, answer.hint)
        self.answer = answer

    @property
    def fatal(self) -> bool:
        return ANSWER_KINDS[self.answer.kind][1]


class Deferred(NightpressError):
    """Quota or budget is spent: no call was made; `until` says when it goes on (epoch seconds)."""

    def __init__(self, message: str, until: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint)
        self.until = until


class Bounded(Deferred):
    """The user's own bound of this run is reached: `limit`, `until`, `max_calls` ..."""


class InBatch(Deferred):
    """A question is in a batch job, or goes into one: what it brings is taken in by a later run.
    is_new: it was not under way before this run."""

    def __init__(self, message: str, until: float | None = None, *, is_new: bool = False) -> None:
        super().__init__(message, until)
        self.is_new = is_new


class GoesWith(Deferred):
    """A document of its bundle was refused: none is made without the others."""


class CallLost(Deferred):
    """A call of it was lost, and is not made again until a person says so (`lost_calls: hold`)."""


PARKS = (AwaitsReview.__name__, GoesWith.__name__, CallLost.__name__)
"""Of an attempt that the ledger calls `deferred` for one of these, no run goes on by itself: people
read `waiting`."""


class DaySpent(Deferred):
    """A model is closed until its day ends; another model may still be open."""


# What an error of the operating system means (errno(3)): a full disk stops everything, a folder
# without permission stops one plugin.
_FREE = "make room, then run it again; a build goes on where it stopped, and nothing is paid twice"
_MACHINE = {
    errno.ENOSPC: ("the disk is full", _FREE),
    errno.EDQUOT: ("the disk quota is used up", _FREE),
    errno.EROFS: ("the file system is read-only", "mount it for writing, then run it again"),
    errno.EIO: ("the disk reports an input/output error", "check the disk, then try again"),
    errno.EMFILE: ("too many open files", "raise the limit (ulimit -n), or lower concurrency"),
    errno.ENFILE: ("too many open files on this machine", "close some programs, then try again"),
}
_OURS = frozenset(
    {
        errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EBADF, errno.EINVAL,
        errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO,
    }
)  # fmt: skip
"""What the system says to who asks for nonsense: a bug, where nobody minds it, of one input."""


def machine_trouble(error: BaseException) -> MachineTrouble | None:
    """The machine's trouble behind an error; None if it is no such thing."""
    if isinstance(error, MachineTrouble):
        return error
    trouble = _MACHINE.get(error.errno or 0) if isinstance(error, OSError) else None
    return MachineTrouble(*trouble) if trouble else None


def _permissions(path: str) -> str:
    """What is to be looked at: the folder on the way there that is shut, else the file."""
    if not path:
        return "look at its permissions"
    import shlex  # a run without trouble spares them
    from pathlib import Path

    folder, *above = Path(path).absolute().parents
    shut = [str(up) for up in (folder, *above) if not os.access(up, os.X_OK)]
    if shut or not os.access(folder, os.W_OK) or not os.path.lexists(path):
        path, rights = (shut or [str(folder)])[-1], "rwx"
    else:
        rights = "rw"
    return f"look at its permissions: chmod u+{rights} {shlex.quote(path)}"


def known(error: BaseException) -> NightpressError | None:
    """What the user is told of an error, with the file's name; None: it is a bug."""
    if isinstance(error, NightpressError) or not isinstance(error, OSError):
        return error if isinstance(error, NightpressError) else None
    where = f"{error.filename}: " if isinstance(error.filename, str) else ""
    if machine := machine_trouble(error):
        return MachineTrouble(f"{where}{machine.message}", machine.hint)
    if error.errno in (errno.EACCES, errno.EPERM):
        return NoAccess(f"{where}{error.strerror}", _permissions(where[:-2]))
    if error.errno is None or error.errno in _OURS:
        return None
    return NightpressError(f"{where}{error.strerror}", "the system refused it; try again")
