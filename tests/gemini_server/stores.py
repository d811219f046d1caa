"""What a project keeps at the Developer API for later requests: files, sent in chunks, and cached
contents, which a request names instead of saying them again.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import envelope, wire

if TYPE_CHECKING:
    from .service import Service

GRANULARITY = 256 * 1024
"""A chunk that is not a file's last has a multiple of so many bytes."""
LEAST = 4_096
"""Tokens below which nothing is cached."""
TTL = 3_600.0


@dataclass
class File:
    """One file, or what of it has come by now; size: as its `start` said."""

    project: str
    shown: str
    kind: str
    made: float
    size: int = 0
    data: bytes = b""
    whole: bool = True


class Files:
    """The files of one service; `uploads` and `chunks` count what came."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._files: dict[str, File] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.uploads = self.chunks = 0

    def start(self, project: str, raw: bytes, headers: Mapping[str, str]) -> str:
        """Begin an upload; its id."""
        said = _object(_object(json.loads(raw or b"{}")).get("file"))
        told = {wire.camel(name): value for name, value in said.items()}
        size = int(headers.get("X-Goog-Upload-Header-Content-Length") or 0)
        kind = headers.get("X-Goog-Upload-Header-Content-Type") or "application/octet-stream"
        with self._lock:
            name, now = f"up{next(self._numbers)}", self._service.clock.time()
            shown = str(told.get("displayName") or "")
            self._files[name] = File(project, shown, kind, now, size, whole=False)
            return name

    def take(
        self, project: str, upload: str, data: bytes, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, Any]]:
        """One chunk: (the upload's status, the body of the answer)."""
        words = {word.strip() for word in headers.get("X-Goog-Upload-Command", "").split(",")}
        last = "finalize" in words
        with self._lock:
            file = self._files.get(upload)
            if file is None or file.project != project or file.whole or "upload" not in words:
                raise envelope.refusal(400, "Upload has already been terminated.")
            if int(headers.get("X-Goog-Upload-Offset") or 0) != len(file.data):
                raise envelope.refusal(400, "Invalid upload offset.")
            if not last and len(data) % GRANULARITY:
                raise envelope.refusal(400, "Chunk is not a multiple of the granularity.")
            file.data += data
            self.chunks += 1
            if not last:
                return "active", {}
            if file.size not in (0, len(file.data)):
                raise envelope.refusal(400, "Received fewer bytes than announced.")
            file.whole, file.size = True, len(file.data)
            self.uploads += 1
            return "final", {"file": self._card(upload, file)}

    def put(self, project: str, name: str, data: bytes) -> None:
        """A file that the service itself makes."""
        with self._lock:
            now = self._service.clock.time()
            self._files[name] = File(project, "", "application/jsonl", now, len(data), data)

    def get(self, project: str, name: str) -> dict[str, Any]:
        return self._card(name, self._file(project, name))

    def read(self, project: str, name: str) -> bytes:
        return self._file(project, name).data

    def delete(self, project: str, name: str) -> dict[str, Any]:
        with self._lock:
            self._file(project, name)
            del self._files[name]
        return {}

    def list(self, project: str, size: int, page: str) -> dict[str, Any]:
        with self._lock:
            own = [(n, f) for n, f in self._files.items() if f.project == project and f.whole]
        return paged("files", [self._card(*one) for one in own[::-1]], size, page)

    def _file(self, project: str, name: str) -> File:
        file = self._files.get(name)
        if file is None or file.project != project or not file.whole:
            raise envelope.refusal(
                403, f"You do not have permission to access the File {name} or it may not exist."
            )
        return file

    def _card(self, name: str, file: File) -> dict[str, Any]:
        return {
            "name": f"files/{name}", "displayName": file.shown, "mimeType": file.kind,
            "sizeBytes": str(len(file.data)), "createTime": told_time(file.made),
            "updateTime": told_time(file.made), "expirationTime": told_time(file.made + 172_800),
            "uri": f"https://generativelanguage.googleapis.com/v1beta/files/{name}",
            "state": "ACTIVE", "source": "UPLOADED",
        }  # fmt: skip


@dataclass(frozen=True)
class Cache:
    """What is cached, in words and tokens; until: the server's time at which it is gone."""

    project: str
    model: str
    shown: str
    made: float
    until: float
    said: Mapping[str, Any]
    tokens: int


class Caches:
    """The cached contents of one service."""

    def __init__(self, service: Service, tokens: Callable[[Mapping[str, Any]], int]) -> None:
        self._service, self._tokens = service, tokens
        self._caches: dict[str, Cache] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    def create(self, project: str, raw: bytes) -> dict[str, Any]:
        said = wire.parse("developer", "CachedContent", raw)
        model = str(said.get("model", "")).removeprefix("models/")
        if model not in self._service.settings.models:
            raise envelope.no_model("developer", model, project, "global", "createCachedContent")
        tokens = self._tokens({"contents": [], **said})
        if tokens < LEAST:
            raise envelope.refusal(
                400,
                f"Cached content is too small. total_token_count={tokens},"
                f" min_total_token_count={LEAST}",
            )
        seconds = float(str(said.get("ttl") or f"{TTL}s").removesuffix("s"))
        with self._lock:
            now, name = self._service.clock.time(), f"c{next(self._numbers)}"
            shown = str(said.get("displayName") or "")
            self._caches[name] = Cache(project, model, shown, now, now + seconds, said, tokens)
        return self.get(project, name)

    def get(self, project: str, name: str) -> dict[str, Any]:
        return self._card(name, self._cache(project, name))

    def list(self, project: str, size: int, page: str) -> dict[str, Any]:
        now = self._service.clock.time()
        with self._lock:
            own = [(n, c) for n, c in self._caches.items() if c.project == project]
        shown = [self._card(name, cache) for name, cache in own if cache.until > now]
        return paged("cachedContents", shown, size, page)

    def delete(self, project: str, name: str) -> dict[str, Any]:
        with self._lock:
            self._cache(project, name)
            del self._caches[name]
        return {}

    def filled(
        self, project: str, model: str, request: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], int]:
        """(the request with what it names, tokens of that)."""
        name = str(request.get("cachedContent") or "").removeprefix("cachedContents/")
        if not name:
            return request, 0
        cache = self._cache(project, name)
        if cache.model != model:
            raise envelope.refusal(
                400,
                f"Model used by GenerateContent request (models/{model})"
                f" and CachedContent (models/{cache.model}) has to be the same.",
            )
        if request.keys() & {"systemInstruction", "tools", "toolConfig"}:
            raise envelope.refusal(
                400,
                "CachedContent can not be used with GenerateContent request"
                " setting system_instruction, tools or tool_config.",
            )
        contents = [*cache.said.get("contents", []), *request.get("contents", [])]
        kept = {k: v for k, v in cache.said.items() if k in ("systemInstruction", "tools")}
        return {**request, **kept, "contents": contents}, cache.tokens

    def _cache(self, project: str, name: str) -> Cache:
        cache = self._caches.get(name)
        gone = cache is None or cache.until <= self._service.clock.time()
        if cache is None or gone or cache.project != project:
            raise envelope.refusal(403, "CachedContent not found (or permission denied)")
        return cache

    def _card(self, name: str, cache: Cache) -> dict[str, Any]:
        return {
            "name": f"cachedContents/{name}", "model": f"models/{cache.model}",
            "displayName": cache.shown, "createTime": told_time(cache.made),
            "updateTime": told_time(cache.made), "expireTime": told_time(cache.until),
            "usageMetadata": {"totalTokenCount": cache.tokens},
        }  # fmt: skip


def paged(key: str, every: list[dict[str, Any]], size: int, page: str) -> dict[str, Any]:
    """One page of a list, as the API gives it."""
    start = int(page or 0)
    more = {"nextPageToken": str(start + size)} if start + size < len(every) else {}
    return {key: every[start : start + size], **more}


def told_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


__all__ = ["Caches", "Files", "paged", "told_time"]
