"""Batches as the Developer API has them: a job of many requests, at half the price.

A job is made at once, and ends `batch_seconds` later on the server's clock; what its requests cost
is counted then. Files (`stores`) hold a job's requests and its answers, one JSON object a line.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import envelope, wire
from .stores import paged, told_time

if TYPE_CHECKING:
    from .service import Service

INLINE = 20_000_000
"""Bytes that a request with all of a job's requests may have."""
ENDS = ("succeeded", "partial", "failed", "expired", "cancelled")
_STATES = {"partial": "PARTIALLY_SUCCEEDED"}


@dataclass
class Job:
    """requests: (key, request) in order; ends: how it will end; by_file: its answers go to one;
    output: its answers, once it has ended."""

    number: int
    project: str
    model: str
    name: str
    requests: Sequence[tuple[str, Mapping[str, Any]]]
    made: float
    ends: str
    by_file: bool
    state: str = "PENDING"
    output: list[dict[str, Any]] = field(default_factory=list)


class Batches:
    """The jobs of one service. answer: the body for one request of a job, recorded as a
    call of it."""

    def __init__(
        self, service: Service, answer: Callable[[Job, Mapping[str, Any]], dict[str, Any]]
    ) -> None:
        self._service, self._answer = service, answer
        self._jobs: dict[str, Job] = {}
        self._numbers = itertools.count(1)
        self._ends = list(service.settings.batch_ends)
        self._lock = threading.RLock()

    def create(self, project: str, model: str, raw: bytes) -> dict[str, Any]:
        if len(raw) > INLINE:
            raise envelope.refusal(400, "Request payload size exceeds the limit: 20000000 bytes.")
        if model not in self._service.settings.models:
            raise envelope.no_model("developer", model, project, "global", "batchGenerateContent")
        batch = _object(_object(json.loads(raw)).get("batch"))
        source = _object(batch.get("inputConfig"))
        by_file = "fileName" in source
        lines = (
            self._lines(project, str(source["fileName"]))
            if by_file
            else _object(source.get("requests")).get("requests") or []
        )
        if not lines:
            raise envelope.refusal(400, "* BatchGenerateContentRequest.batch: no requests.\n")
        with self._lock:
            number = next(self._numbers)
            job = Job(
                number, project, model, str(batch.get("displayName") or ""),
                [_request(line, by_file) for line in lines], self._service.clock.time(),
                self._ends.pop(0) if self._ends else "succeeded", by_file,
            )  # fmt: skip
            self._jobs[f"job{number}"] = job
            return self._operation(job, job.made - 1)

    def get(self, project: str, name: str) -> dict[str, Any]:
        with self._lock:
            return self._operation(self._job(project, name))

    def list(self, project: str, size: int, page: str) -> dict[str, Any]:
        """The latest job first."""
        with self._lock:
            own = [job for job in self._jobs.values() if job.project == project][::-1]
            return paged(
                "operations", [self._operation(job, brief=True) for job in own], size, page
            )

    def cancel(self, project: str, name: str) -> dict[str, Any]:
        with self._lock:
            job = self._job(project, name)
            if self._operation(job)["metadata"]["state"] in ("BATCH_STATE_PENDING",):
                job.state = "CANCELLED"
            return {}

    def jobs(self) -> list[dict[str, Any]]:
        """For /_seen: all jobs; those whose time has come have ended, looked at or not."""
        with self._lock:
            for job in self._jobs.values():
                self._operation(job, brief=True)
            return [
                {"name": job.name, "model": job.model, "state": job.state, "by_file": job.by_file,
                 "keys": [key for key, _ in job.requests]}
                for job in self._jobs.values()
            ]  # fmt: skip

    # --- inside ---

    def _job(self, project: str, name: str) -> Job:
        job = self._jobs.get(name)
        if job is None or job.project != project:
            raise envelope.refusal(404, "Requested entity was not found.")
        return job

    def _lines(self, project: str, name: str) -> list[dict[str, Any]]:
        data = self._service.files.read(project, name.removeprefix("files/"))
        return [json.loads(line) for line in data.splitlines() if line]

    def _operation(
        self, job: Job, at: float | None = None, *, brief: bool = False
    ) -> dict[str, Any]:
        due = job.made + self._service.settings.batch_seconds
        if job.state == "PENDING" and (at or self._service.clock.time()) >= due:
            self._end(job)
        over = job.state != "PENDING"
        metadata: dict[str, Any] = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "name": f"batches/job{job.number}",
            "model": f"models/{job.model}", "displayName": job.name,
            "createTime": told_time(job.made), "updateTime": told_time(self._service.clock.time()),
            "state": f"BATCH_STATE_{job.state}",
            "batchStats": {"requestCount": str(len(job.requests))},
        }  # fmt: skip
        if over:
            metadata["endTime"] = told_time(due)
        if job.output and not brief:
            metadata["output"] = self._output(job)
        return {"name": f"batches/job{job.number}", "metadata": metadata, "done": over}

    def _end(self, job: Job) -> None:
        job.state = _STATES.get(job.ends, job.ends.upper())
        if job.ends in ("failed", "cancelled", "expired"):
            return
        for number, (key, request) in enumerate(job.requests):
            if job.ends == "partial" and number % 2:
                answer: dict[str, Any] = {"error": {"code": 13, "message": "Internal error."}}
            else:
                answer = self._answer(job, request)
            told = {"key": key} if job.by_file else {"metadata": {"key": key}}
            job.output.append({**told, **answer})

    def _output(self, job: Job) -> dict[str, Any]:
        if not job.by_file:
            return {"inlinedResponses": {"inlinedResponses": job.output}}
        name = f"batch-job{job.number}"
        text = "".join(f"{json.dumps(one)}\n" for one in job.output)
        self._service.files.put(job.project, name, text.encode())
        return {"responsesFile": f"files/{name}"}


def _request(line: Mapping[str, Any], by_file: bool) -> tuple[str, Mapping[str, Any]]:
    raw = json.dumps(line.get("request") or {}).encode()
    request = wire.parse("developer", "GenerateContentRequest", raw)
    wire.check(request, "developer", None)
    return str(line.get("key") if by_file else _object(line.get("metadata")).get("key")), request


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise envelope.refusal(400, "Invalid value (Object expected), received another type.")
    return value
