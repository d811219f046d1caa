"""What happens between client and server: a lost answer, a wrong certificate, a vault that rots."""

from __future__ import annotations

import datetime
import http.server
import sqlite3
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nightpress.storage.hrana import Hrana
from nightpress.storage.refusals import Unreachable
from nightpress.vault import Damaged, LocalPlace, RemotePlace, backup, restore_all, snapshots
from tests.vault.conftest import SOON
from tests.vault.server import Server
from tests.vault.tree import nasty, state


class _Between(http.server.BaseHTTPRequestHandler):
    """Passes everything on; swallows the first answer to whatever holds `server.swallow`."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        between: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name: self.headers[name] for name in ("authorization", "content-type")}
        onward = urllib.request.Request(between.onward + self.path, body, headers)
        answer = urllib.request.urlopen(onward, timeout=30).read()
        if between.swallow in body and not between.swallowed:
            between.swallowed = True
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def _serving(server: Any) -> Iterator[Any]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("swallow", [b"INSERT INTO snapshots (", b"INSERT INTO objects ("])
def test_a_lost_answer_is_no_second_snapshot(
    swallow: bytes, server: Server, tmp_path: Path
) -> None:
    source = nasty(tmp_path / "project")
    between: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Between)
    between.onward, between.swallow, between.swallowed = server.url, swallow, False
    with _serving(between):
        url = f"http://127.0.0.1:{between.server_port}"
        place = RemotePlace(Hrana(url, server.token(), SOON))
        done = backup(source, place)
        assert between.swallowed
        assert [one.id for one in snapshots(place)] == [done.snapshot]
        restore_all(place, tmp_path / "back")
        place.close()
    assert state(tmp_path / "back") == state(source.root)


def _certificate(folder: Path) -> Path:
    """Of a stranger: signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(private + made.public_bytes(pem))
    return folder / "both.pem"


def test_a_certificate_of_a_stranger_gets_no_token_and_no_second_try(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path))
    far: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Between)
    far.handle_error = lambda *_: None  # it complains of the handshake
    far.socket = context.wrap_socket(far.socket, server_side=True)
    slept: list[float] = []
    with _serving(far):
        client = Hrana(f"https://localhost:{far.server_port}", "t", SOON, sleep=slept.append)
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            client.query([("SELECT 1", ())])
        client.close()
    assert slept == []


def test_what_the_vault_does_not_keep_is_no_backup(tmp_path: Path) -> None:
    source = nasty(tmp_path / "project", large=10)
    place = LocalPlace(tmp_path / "vault.db")
    backup(source, place)
    rotten = sqlite3.connect(tmp_path / "vault.db")
    rotten.execute("DROP TRIGGER objects_update")
    rotten.execute(
        "CREATE TRIGGER rot AFTER INSERT ON objects"
        " BEGIN UPDATE objects SET data = zeroblob(size) WHERE hash = NEW.hash; END"
    )
    rotten.close()
    (source.root / "plugins/one/new.md").write_text("new\n")
    with pytest.raises(Damaged):
        backup(source, place)
    assert len(snapshots(place)) == 1
    place.close()
