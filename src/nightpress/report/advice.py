"""What to do about each cause of a failure, in one sentence.

Causes are the kinds of `errors.ANSWER_KINDS`, the ids of gates, and the names of our errors.
"""

from __future__ import annotations

from nightpress.backends import BACKENDS
from nightpress.model import Status

_TOMORROW = "nothing: the next run goes on after the provider's midnight; nightpress tonight waits"
TODO = {
    "minute_quota": "nothing: the next run goes on; if it happens often, lower rpm in limits",
    "day_quota": _TOMORROW,
    "no_quota": "choose a model with a free tier, or set paid: true",
    "shed": "run again later, or without lane: the cheap lane was full",
    "capacity": "run again later: the provider was busy",
    "not_found": "set model: to one that exists; the name is misspelt or the model was retired",
    "bad_request": "read the message: configuration or request is wrong",
    "unauthorised": "check the key and its rights",
    "too_large": "ignore large files of this plugin, or lower the generator's input_bytes",
    "untrusted": "give the CA file of the proxy in between: export SSL_CERT_FILE=/path/to/ca.pem",
    "transient": "run doit again: the connection or the server failed",
    "malformed": "run doit again; if it happens again, use another model",
    "truncated": "raise max_output_tokens of the generator, or lower size.max",
    "lost": "look at the provider's bill: the call may have been paid; the next run asks again",
    "unrecorded": "ask the model itself, then record its replies again (nightpress record FOLDER)",
    "Withheld": "take the secret out of the generator's files or the manifest, and revoke it",
    "Crashed": "report the file that its message names",
    "blocked_by_chance": "nothing: the next run asks once more",
    "blocked": "the provider refused the content: write this document by hand, or use another"
    " model",
    "AwaitsReview": "doit review shows the draft; then doit apply:PLUGIN, or doit reject:PLUGIN",
    "DaySpent": _TOMORROW,
    "CallLost": "look at the bill, then nightpress build PLUGIN/NAME asks again",
    "GoesWith": "nothing: it is made with the document that it names",
    "InBatch": "nothing: the next run looks at the batch job, and goes on with what it brings",
    "Bounded": "nothing: the next run goes on",
    "Deferred": "nothing: quota or budget was spent, and the next run goes on",
    "PublishConflict": "the file was changed while its document was made: doit adopt:PLUGIN keeps"
    " it, doit force=1 enhance:PLUGIN/NAME replaces it",
    "UnsafePath": "the target is a link or not a plain file: remove it, or change target in the"
    " manifest",
    "OSError": "the disk refused: check space and permissions, then run doit again",
    "killed": "nothing: the run was killed, and the next one goes on",
}
REFUSED = (
    "read the kept draft and its findings; then fix the plugin, or force=1 enhance:PLUGIN/NAME"
)
OTHERS = "read the message; doit info enhance:PLUGIN/NAME has the reasons"
INSUFFICIENT = (
    "write more in the plugin, use a model, or ask for less in its manifest (`size: {min: ...}`)"
)
HOLLOW = "fill in what its to-do list names (nightpress check PLUGIN), or remove the plugin"
REGRESSED = (
    "read the kept draft: where the plugin says no more by now, force=1 enhance:PLUGIN/NAME"
    " publishes it; else mend the plugin"
)
KEPT = "doit adopt:PLUGIN keeps your edit; doit force=1 enhance:PLUGIN/NAME replaces it"
PERSONS = "nothing: it stays as it is; `standing: review` makes a draft of it"

WORDS = {
    "AwaitsReview": "waits for review",
    "BackendError": "the provider",
    "Bounded": "beyond what the run was to do (limit, until, max_calls, max_tokens, max_cost)",
    "BusyError": "another run",
    "Crashed": "a bug",
    "DaySpent": "the day's quota is used up",
    "Deferred": "quota or budget used up",
    "CallLost": "a lost call",
    "GoesWith": "another document of its bundle",
    "InBatch": "in a batch job",
    "LedgerError": "the ledger",
    "MachineTrouble": "this machine",
    "NightpressError": "an error",
    "OSError": "the disk",
    "PublishConflict": "changed meanwhile",
    "TooLittle": "insufficient source",
    "UnsafePath": "unsafe path",
    "UsageError": "configuration",
    "Withheld": "a secret in what would be sent",
}
"""The names of our errors, as people read them."""


def words(cause: str) -> str:
    """A cause as people read it."""
    return WORDS.get(cause, cause.replace("_", " "))


def is_idle(todo: str) -> bool:
    """Does it say that nobody has to do anything?"""
    return todo.startswith("nothing: ")


def todo(status: str, cause: str, hint: str = "", backend: str = "") -> str:
    """What to do about it; hint: what the gate that refused the draft advises; backend: who was
    asked, which may know better."""
    if status == Status.REFUSED and cause.startswith("regression-"):
        return REGRESSED
    if status == Status.REFUSED:
        return f"{hint}; {REFUSED}" if hint else REFUSED
    if status == Status.INSUFFICIENT:
        return INSUFFICIENT
    if status == Status.HOLLOW:
        return HOLLOW
    if status == Status.KEPT and cause == "a person's file":
        return PERSONS
    if status == Status.KEPT and cause not in TODO:
        return KEPT
    own = BACKENDS[backend].advice if backend in BACKENDS else {}
    return own.get(cause) or TODO.get(cause, OTHERS)
