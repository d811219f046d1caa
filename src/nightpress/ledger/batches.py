"""Batch jobs on record: what was sent, under which name, and what came of it.

A job's row is written before the job is made, and each answer with its call in one transaction, so
that whatever ends the process, nothing is lost and nothing is taken in twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec import Struct

from nightpress.errors import Answer
from nightpress.ledger import chain
from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import Call, insert, keep_reply
from nightpress.model import Reply
from nightpress.storage import Connection

OPEN = "state IN ('sending', 'sent')"


class Batch(Struct, frozen=True):
    """A job. ours: the name that we gave it; name: the provider's, once it is known; state:
    `sending` or `sent` while something may come of it; said: its state in the provider's word;
    sent, looked: ISO times."""

    id: int
    ours: str
    sent: str
    backend: str
    model: str
    account: str
    state: str
    name: str | None
    said: str | None
    looked: str | None


class Part(Struct, frozen=True):
    """One question of a job; see `batch_parts` for the states."""

    batch: int
    request_sha256: str
    first: str
    job: str
    phase: str
    max_output_tokens: int
    state: str = "waiting"
    answer: str | None = None

    def failed(self) -> Answer:
        """What the provider said of it, where it failed."""
        return Answer(*json.loads(self.answer or "[]"))


def opened(ledger: Ledger) -> list[Batch]:
    """The jobs of which something may come yet, the oldest first."""
    columns = ", ".join(Batch.__struct_fields__)
    query = f"SELECT {columns} FROM batches WHERE {OPEN} ORDER BY id"  # noqa: S608 - our own words
    return [Batch(*row) for row in ledger.rows(query)]


def any_open(ledger: Ledger) -> bool:
    return any(ledger.rows(f"SELECT 1 FROM batches WHERE {OPEN} LIMIT 1"))  # noqa: S608


def parts(ledger: Ledger, batch: int) -> list[Part]:
    """The questions of a job."""
    return _parts(ledger, "batch = ?", batch)


def of_question(ledger: Ledger, request_sha256: str) -> list[Part]:
    """All that was sent of one question, the latest last."""
    return _parts(ledger, "request_sha256 = ?", request_sha256)


def waiting(ledger: Ledger, job: str) -> list[Part]:
    """What is under way of one document, or of one plugin's analysis."""
    return _parts(ledger, "state = 'waiting' AND job = ?", job)


def _parts(ledger: Ledger, condition: str, *arguments: str | int) -> list[Part]:
    columns = ", ".join(Part.__struct_fields__)
    query = f"SELECT {columns} FROM batch_parts WHERE {condition} ORDER BY batch"  # noqa: S608
    return [Part(*row) for row in ledger.rows(query, arguments)]


def begin(
    ledger: Ledger,
    run_id: str,
    *,
    ours: str,
    backend: str,
    model: str,
    account: str,
    questions: Sequence[Part],
) -> int:
    """Record that a job is about to be made of these; its id. (The parts' `batch` is not read.)"""
    columns = {
        "ours": ours, "sent": ledger.now_text(), "run_id": run_id, "backend": backend,
        "model": model, "account": account, "state": "sending",
    }  # fmt: skip
    with ledger.store.write() as db:
        batch = insert(db, "batches", columns)
        _add(db, batch, questions)
    return batch


def _add(db: Connection, batch: int, questions: Sequence[Part]) -> None:
    db.executemany(
        "INSERT INTO batch_parts (batch, request_sha256, first, job, phase, max_output_tokens)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (batch, p.request_sha256, p.first, p.job, p.phase, p.max_output_tokens)
            for p in questions
        ],
    )


def made(ledger: Ledger, batch: int, name: str) -> None:
    """The job is there, under the provider's name."""
    with ledger.store.write() as db:
        db.execute("UPDATE batches SET state = 'sent', name = ? WHERE id = ?", (name, batch))


def looked(ledger: Ledger, batch: int, said: str) -> None:
    """It was looked at, and is not over."""
    with ledger.store.write() as db:
        db.execute(
            "UPDATE batches SET said = ?, looked = ? WHERE id = ?", (said, ledger.now_text(), batch)
        )


def ended(ledger: Ledger, batch: int, state: str, said: str) -> int:
    """Nothing more comes of the job (`over`), or there never was one (`lost`): what has no answer
    goes back; how many that are."""
    with ledger.store.write() as db:
        back = db.execute(
            "UPDATE batch_parts SET state = 'back' WHERE batch = ? AND state = 'waiting'", (batch,)
        ).rowcount
        if state == "lost":
            db.execute("DELETE FROM batch_parts WHERE batch = ?", (batch,))
        db.execute(
            "UPDATE batches SET state = ?, said = ?, looked = ? WHERE id = ?",
            (state, said, ledger.now_text(), batch),
        )
    return int(back)


def carry(ledger: Ledger, theirs: Ledger) -> int:
    """Take over the jobs that are under way by another machine's ledger; how many are new here.
    Looking at a job costs nothing, so both may."""
    count = 0
    for job in opened(theirs):
        columns = {name: getattr(job, name) for name in Batch.__struct_fields__ if name != "id"}
        waiting = [part for part in parts(theirs, job.id) if part.state == "waiting"]
        with ledger.store.write() as db:
            if db.execute("SELECT 1 FROM batches WHERE ours = ?", (job.ours,)).fetchone():
                continue
            batch = insert(db, "batches", columns | {"run_id": ""})
            _add(db, batch, waiting)
        count += 1
    return count


def take(
    ledger: Ledger, run_id: str, part: Part, call: Call, state: str, result: Reply | Answer
) -> bool:
    """Record what came of a part, with its call, in one transaction; was it new? state: what the
    part is from then on; only an `answered` one's reply is kept."""
    said = json.dumps(result) if state == "failed" else None
    with ledger.store.write() as db:
        taken = db.execute(
            "UPDATE batch_parts SET state = ?, answer = ?"
            " WHERE batch = ? AND request_sha256 = ? AND state = 'waiting'",
            (state, said, part.batch, part.request_sha256),
        ).rowcount
        if not taken:
            return False
        columns = {name: getattr(call, name) for name in Call.__struct_fields__}
        row = insert(db, "calls", columns | {"run_id": run_id, "timestamp": ledger.now_text()})
        chain.link(db, "call", row)
        if isinstance(result, Reply) and state == "answered":
            whose = (call.phase, call.job)
            keep_reply(db, call.prompt_sha256, whose, result, ledger.now_text())
    return True


def told(ledger: Ledger, part: Part) -> None:
    """Its failure was told: the question may be asked again."""
    with ledger.store.write() as db:
        db.execute(
            "UPDATE batch_parts SET state = 'told' WHERE batch = ? AND request_sha256 = ?",
            (part.batch, part.request_sha256),
        )
