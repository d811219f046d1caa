"""A stand-in for the few endpoints of GitHub's API that `nightpress ci` asks, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_" + "standinstandin"


class Forge:
    """One repository `me/market`: its comments and pull requests, and what was asked.

    refuse: (method, part of a path) -> answers to give instead, one after the other: (status,
    headers, body)."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.heads: dict[str, str] = {}
        self.refuse: dict[tuple[str, str], list[tuple[int, dict[str, str], Any]]] = {}
        self.hidden = 0
        self.api = ""

    @property
    def environ(self) -> dict[str, str]:
        return {
            "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "me/market", "GITHUB_API_URL": self.api,
        }  # fmt: skip

    def writes(self) -> list[str]:
        return [line for line in self.asked if not line.startswith("GET")]

    def say(self, body: str, login: str = "github-actions[bot]", kind: str = "Bot") -> None:
        number = 100 + len(self.comments)
        author = {"login": login, "type": kind}
        self.comments.append({"id": number, "body": body, "user": author})

    def answer(self, method: str, url: str, words: Any) -> tuple[int, dict[str, str], Any]:
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        self.asked.append(f"{method} {path}")
        for (verb, part), answers in self.refuse.items():
            if verb == method and part in path and answers:
                return answers.pop(0)
        if path == "/user":
            return 403, {}, {"message": "Resource not accessible by integration"}
        path = path.removeprefix("/repos/me/market")
        if match := re.fullmatch(r"/issues/(\d+)/comments", path):
            if method == "POST":
                self.say(words["body"])
                return 201, {}, self.comments[-1]
            return 200, {}, _page(self.comments, query)
        if match := re.fullmatch(r"/issues/comments/(\d+)", path):
            [comment] = [c for c in self.comments if c["id"] == int(match[1])]
            comment["body"] = words["body"]
            return 200, {}, comment
        if path == "/pulls" and method == "GET":
            return 200, {}, _page(self._found(query), query)
        if path == "/pulls":
            return self._open(words)
        if match := re.fullmatch(r"/pulls/(\d+)", path):
            [pull] = [p for p in self.pulls if p["number"] == int(match[1])]
            pull |= words
            return 200, {}, pull
        return 404, {}, {"message": "Not Found"}

    def _found(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        if self.hidden:
            self.hidden -= 1
            return []
        state, head = query["state"][0], query["head"][0].removeprefix("me:")
        found = [p for p in self.pulls if p["head"]["ref"] == head]
        for pull in found:
            if pull["state"] == "open":
                pull["head"]["sha"] = self.heads.get(head, pull["head"]["sha"])
        return [p for p in reversed(found) if state in ("all", p["state"])]

    def _open(self, words: Any) -> tuple[int, dict[str, str], Any]:
        if any(p["state"] == "open" and p["head"]["ref"] == words["head"] for p in self.pulls):
            said = f"A pull request already exists for me:{words['head']}."
            return 422, {}, {"message": "Validation Failed", "errors": [{"message": said}]}
        number = len(self.pulls) + 1
        pull = {
            "number": number, "html_url": f"https://forge.example/me/market/pull/{number}",
            "state": "open", "base": {"ref": words["base"]}, "title": words["title"],
            "head": {"ref": words["head"], "sha": self.heads.get(words["head"], "")},
            "body": words["body"],
        }  # fmt: skip
        self.pulls.append(pull)
        return 201, {}, pull


def _page(rows: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    size, page = int(query["per_page"][0]), int(query["page"][0])
    return rows[(page - 1) * size : page * size]


@contextmanager
def forge() -> Iterator[Forge]:
    stand_in = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            words = json.loads(self.rfile.read(length)) if length else None
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                status, headers, body = 401, {}, {"message": "Bad credentials"}
            else:
                status, headers, body = stand_in.answer(self.command, self.path, words)
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stand_in.api = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
