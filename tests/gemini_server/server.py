"""The server's HTTP side: paths, credentials, the control pages, and faults of the socket."""

from __future__ import annotations

import contextlib
import json
import re
import select
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from . import envelope
from .clock import Clock, ManualClock
from .envelope import Refusal
from .service import Answer, Service, Settings, Target
from .stores import GRANULARITY

DEVELOPER = re.compile(r"^/v1(?:beta|alpha)?/models(?:/([^/:]+))?(?::(\w+))?$")
VERTEX = re.compile(
    r"^/v1(?:beta1)?/projects/([^/]+)/locations/([^/]+)/publishers/google/models/([^/:]+):(\w+)$"
)
BATCH = re.compile(r"^/v1beta/batches(?:/([^/:]+))?(?::(cancel))?$")
UPLOAD = re.compile(r"^/upload/v1beta/files$")
STORED = re.compile(r"^/v1beta/(files|cachedContents)(?:/([^/:]+))?(?::(download))?$")
METHODS = ("generateContent", "countTokens")


class Served:
    """A server that runs in a thread of this process, and stops with its `with`."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self._http.service.seen()
        return found

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class GeminiServer(Served):
    """Runs in this process: `with GeminiServer(latency=0) as server: ... server.url()`.

    Keyword arguments are those of `Settings`; `clock` is shared with the client where time is
    to run faster; `port` 0 takes a free one.
    """

    def __init__(self, *, clock: Clock | None = None, port: int = 0, **settings: Any) -> None:
        self.service = Service(Settings(**settings), clock)
        self.clock = self.service.clock
        super().__init__(Http(("127.0.0.1", port), self.service))


class Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], service: Any, handler: type[Handler] | None = None
    ) -> None:
        super().__init__(address, handler or Handler)
        self.service: Any = service
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is the client's right; all else is a bug and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else 40 ms a call
    timeout = 600

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: what was seen is at /_seen."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/_seen":
            return self._send(200, self.server.service.seen())
        if path == "/clock":
            return self._send(200, _clock(self.server.service.clock))
        self._guarded(b"")

    def do_DELETE(self) -> None:
        self._guarded(b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if urlsplit(self.path).path == "/clock":
            return self._advance(raw)
        self._guarded(raw)

    def _guarded(self, raw: bytes) -> None:
        try:
            self._route(raw)
        except Refusal as refused:
            self._send(refused.code, refused.body)

    def _route(self, raw: bytes) -> None:
        path = urlsplit(self.path).path
        if self._kept(path, raw):
            return
        developer, vertex = DEVELOPER.match(path), VERTEX.match(path)
        if developer and self.command == "GET" and not developer[2]:
            self._project()
            return self._models(developer[1])
        if developer:
            target = Target("developer", "", "global", developer[1] or "", developer[2] or "")
        elif vertex:
            target = Target("vertex", *vertex.groups())
        else:
            return self._nowhere(path)
        if self.command != "POST" or target.method not in METHODS:
            return self._nowhere(path)
        service = self.server.service
        try:
            if developer:
                target = replace(target, project=self._project())
            else:
                self._bearer()
        except Refusal as refused:
            return self._answer(service.refuse(target, refused))
        self._answer(service.answer(target, raw, self.headers.get("X-Server-Timeout")))

    def _kept(self, path: str, raw: bytes) -> bool:
        """Batches, files and cached contents; is it one of their paths?"""
        batches, posts = self.server.service.batches, self.command == "POST"
        create, job = DEVELOPER.match(path), BATCH.match(path)
        if posts and create and create[2] == "batchGenerateContent":
            made = batches.create(self._project(), create[1], raw)
            if self.server.service.loses():
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._send(200, made)
        elif job and posts and job[2]:
            self._send(200, batches.cancel(self._project(), job[1]))
        elif job and not posts and job[1]:
            self._send(200, batches.get(self._project(), job[1]))
        elif job and not posts:
            self._send(200, batches.list(self._project(), *self._page()))
        elif posts and UPLOAD.match(path):
            self._upload(raw)
        elif stored := STORED.match(path):
            self._stored(raw, *stored.groups())
        else:
            return False
        return True

    def _page(self) -> tuple[int, str]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        return int(query.get("pageSize", 10)), query.get("pageToken", "")

    def _stored(self, raw: bytes, kind: str, name: str | None, verb: str | None) -> None:
        """Files and cached contents, by their names and as lists."""
        service, project = self.server.service, self._project()
        store = service.files if kind == "files" else service.kept
        if verb and kind == "files" and name and self.command == "GET":
            return self._raw(200, service.files.read(project, name), "application/octet-stream")
        if not verb and not name and self.command == "POST" and kind == "cachedContents":
            return self._send(200, service.kept.create(project, raw))
        if not verb and self.command in ("GET", "DELETE") and name:
            act = store.get if self.command == "GET" else store.delete
            return self._send(200, act(project, name))
        if not verb and self.command == "GET":
            return self._send(200, store.list(project, *self._page()))
        self._nowhere(self.path)

    def _upload(self, raw: bytes) -> None:
        """A resumable upload: `start` names the address, and the bytes are sent there in chunks,
        each of them answered with how far it has come: else the SDK sends it again."""
        files, project = self.server.service.files, self._project()
        if self.headers.get("X-Goog-Upload-Command") == "start":
            upload = files.start(project, raw, self.headers)
            where = f"http://{self.headers['Host']}/upload/v1beta/files"
            told = {
                "X-Goog-Upload-URL": f"{where}?key={self._key()}&upload_id={upload}",
                "X-Goog-Upload-Status": "active",
                "X-Goog-Upload-Chunk-Granularity": str(GRANULARITY),
            }
            return self._send(200, {}, told)
        (upload,) = parse_qs(urlsplit(self.path).query).get("upload_id", [""])
        status, body = files.take(project, upload, raw, self.headers)
        self._send(200, body, {"X-Goog-Upload-Status": status})

    def _answer(self, answer: Answer) -> None:
        self.server.service.record(answer.call)
        if answer.trick:
            return self._trick(answer)
        told = {"x-gemini-service-tier": answer.call.tier} if answer.call.tier else {}
        self._send(answer.status, answer.body, told if answer.status == 200 else {})

    def _project(self) -> str:
        key = self._key()
        if not key:
            raise envelope.no_key()
        if key not in self.server.service.settings.keys:
            raise envelope.bad_key()
        return self.server.service.settings.keys[key]

    def _key(self) -> str:
        query = parse_qs(urlsplit(self.path).query)
        return self.headers.get("x-goog-api-key") or (query.get("key") or [""])[0]

    def _bearer(self) -> None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.server.service.settings.tokens:
            raise envelope.no_token(sent=bool(token))

    def _models(self, name: str | None) -> None:
        known = self.server.service.settings.models
        if name is None:
            return self._send(200, {"models": [_card(one) for one in known]})
        if name not in known:
            raise envelope.refusal(404, f"Model not found: models/{name}")
        self._send(200, _card(name))

    def _nowhere(self, path: str) -> None:
        """As Google's front end answers a path that it does not know: HTML."""
        said = f"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>{len(path)} bytes"
        self._raw(404, said.encode(), "text/html; charset=UTF-8")

    def _advance(self, raw: bytes) -> None:
        clock = self.server.service.clock
        if not isinstance(clock, ManualClock):
            return self._send(409, {"error": "this clock cannot be set"})
        clock.advance(float(json.loads(raw)["advance"]))
        self._send(200, _clock(clock))

    def _send(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        data = json.dumps(body, indent=2).encode()
        self._raw(status, data, "application/json; charset=UTF-8", headers=headers)

    def _raw(
        self,
        status: int,
        body: bytes,
        kind: str,
        length: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _trick(self, answer: Answer) -> None:
        kind = "application/json; charset=UTF-8"
        half = b'{"candidates": [{"content": {"parts": [{"text": "# Half'
        match answer.trick:
            case "malformed_json":
                return self._raw(200, half, kind)
            case "empty_body":
                return self._raw(200, b"", kind)
            case "html_502":
                return self._raw(502, b"<html><title>502 Bad Gateway</title></html>", "text/html")
            case "cut_body":
                self._raw(200, half, kind, len(half) + 5_000)
            case "endless":
                self._raw(200, half, kind, 1 << 40)
                with contextlib.suppress(OSError):
                    while not self.server.stopping.is_set():
                        self.wfile.write(b"more of it " * 10_000)
            case "drip":
                self._raw(200, b"{", kind, 1_000_000)
                self._until_gone(drip=True)
            case "hang":
                self._until_gone()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _until_gone(self, drip: bool = False) -> None:
        """Keeps the connection open until the client leaves or the server stops."""
        while not self.server.stopping.is_set():
            ready, _, _ = select.select([self.connection], [], [], 0.02)
            if ready and not self.connection.recv(1, socket.MSG_PEEK):
                return
            if drip:
                self.wfile.write(b" ")


def _card(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": list(METHODS),
    }


def _clock(clock: Clock) -> dict[str, float]:
    """What another process needs to build the same clock (clock.FastClock)."""
    fields = ("speed", "origin", "monotonic_origin")
    return {"now": clock.time(), **{f: getattr(clock, f) for f in fields if hasattr(clock, f)}}
