"""The service is away: the run pauses, tries it now and then, and says so once."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import socket
import sqlite3
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gemini_server import FastClock, GeminiServer, Limits
from tests.market import Market, Ran, plugin, quota_db

LIMITED = "limits: {'*': {rpm: 15, tpm: 250000, rpd: 500}}"


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    """Six plugins with source enough for a model."""
    for name in "abcdef":
        plugin(tmp_path / "shop", f"quay-{name}", size=16_000)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    path = made.root / "manifests" / "_defaults.yaml"
    path.write_text(f"{path.read_text()}\n{LIMITED}\n")
    return made


@contextmanager
def serving(market: Market, speed: float, **settings: Any) -> Iterator[tuple[GeminiServer, Any]]:
    """A server, and `doit` with it; both on one clock that runs so many times as fast."""
    fast = FastClock(speed)
    with GeminiServer(
        **{"latency": 0, "limits": {"*": Limits()}, "clock": fast, **settings}
    ) as one:
        environ = {
            "GOOGLE_GEMINI_BASE_URL": one.url(),
            "GEMINI_API_KEY": "test-key",
            "NIGHTPRESS_CLOCK": f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
        }

        def doit(*words: str) -> Ran:
            return market.doit(*words, **environ)

        yield one, doit


def used() -> int:
    """Requests of the day that are taken."""
    with closing(sqlite3.connect(quota_db())) as db:
        return int(db.execute("SELECT coalesce(sum(used), 0) FROM days").fetchone()[0])


def test_an_outage_costs_a_few_probes_and_everything_is_made(shop: Market) -> None:
    with serving(shop, 300, script=["503"] * 7) as (server, doit):
        done = doit()
        answered = [call["status"] for call in server.seen()["list"]]
    assert "6 published" in done.out, done.out
    assert done.code == 0
    assert answered.count(503) == 7
    assert answered[:7] == [503] * 7, "someone asked beside the probe"
    assert done.out.count("does not answer: 503") == 1
    assert done.out.count("answers again, after") == 1
    assert done.out.count("503") <= 3


def test_an_outage_without_end_ends_the_run_with_the_day_unspent(shop: Market) -> None:
    with serving(shop, 900, rates={"503": 1.0}) as (server, doit):
        done = doit()
        asked = len(server.seen()["list"])
    assert done.code == 75, done.out
    assert asked <= used() <= 25
    assert "stopped: gemini-3.5-flash-lite has not answered since" in done.out
    assert "hint: run doit again later" in done.out
    assert shop.rows("SELECT DISTINCT status FROM enhancements") in ([], [("deferred",)])


def test_an_outage_ends_with_the_window(shop: Market) -> None:
    with serving(shop, 300, rates={"503": 1.0}) as (server, doit):
        until = datetime.datetime.fromtimestamp(server.clock.time()) + datetime.timedelta(hours=1)
        done = doit(f"until={until:%H:%M}")
    assert done.code == 75, done.out
    assert f"until {until:%H:%M}" in done.out


def test_one_question_that_always_fails_is_no_outage(shop: Market) -> None:
    """Five times a 500 for one of them: it fails, and the others are made."""
    with serving(shop, 300, script=["ok", "ok", *["500"] * 5]) as (_, doit):
        done = doit("-n", "1")
    assert "5 published" in done.out or "6 published" in done.out
    assert "does not answer" not in done.out


def test_where_nothing_listens_the_run_ends_soon_and_gives_its_quota_back(shop: Market) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    fast = FastClock(30)
    done = shop.doit(
        GOOGLE_GEMINI_BASE_URL=address, GEMINI_API_KEY="test-key",
        NIGHTPRESS_CLOCK=f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
    )  # fmt: skip
    assert done.code == 75, done.out + done.err
    assert "`base_url` right?" in done.out
    assert "\nfailed " not in done.out
    assert used() == 0


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ALL_PROXY": "socks5h://127.0.0.1:9"}, "ALL_PROXY asks for a SOCKS proxy"),
        ({"HTTPS_PROXY": "ftp://127.0.0.1:9"}, "a proxy of the kind 'ftp'"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_with_a_sentence(
    shop: Market, variables: dict[str, str], said: str
) -> None:
    done = shop.doit("backend=gemini", GEMINI_API_KEY="test-key", **variables)
    assert done.code == 3
    assert said in done.out
    assert "Traceback" not in done.out + done.err and "bug" not in done.out + done.err


class _Refusing(http.server.BaseHTTPRequestHandler):
    def do_CONNECT(self) -> None:
        self.send_response(407)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


def test_a_proxy_that_wants_a_password_ends_the_run(shop: Market) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{proxy.server_address[1]}"
        done = shop.doit("backend=gemini", GEMINI_API_KEY="test-key", HTTPS_PROXY=address)
        proxy.shutdown()
    assert done.code == 3, done.out
    assert "the proxy refuses: 407" in done.out and "check HTTPS_PROXY" in done.out
    assert shop.rows("SELECT id FROM calls") == []
    assert used() == 0


class _Gateway(http.server.BaseHTTPRequestHandler):
    """Knows the address of calls alone, and hands these on."""

    behind = ""

    def do_GET(self) -> None:
        self._say(404, b"<html><title>Not here</title></html>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        url = f"{self.behind}{self.path.removeprefix('/gateway')}"
        headers = {"x-goog-api-key": self.headers["x-goog-api-key"]}
        if not self.path.startswith("/gateway/"):
            return self._say(404, b"<html><title>Not here</title></html>")
        asked = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(asked) as reply:
            self._say(reply.status, reply.read())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_gateway_that_knows_no_models_is_used(shop: Market) -> None:
    with (
        GeminiServer(latency=0, limits={"*": Limits()}) as server,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Gateway) as gateway,
    ):
        _Gateway.behind = server.url()
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{gateway.server_address[1]}"
        words = ("pace=unpaced", "limit=2")
        key = {"GEMINI_API_KEY": "test-key"}
        done = shop.doit(*words, GOOGLE_GEMINI_BASE_URL=f"{address}/gateway", **key)
        assert "2 published" in done.out, done.out
        lost = shop.doit(*words, GOOGLE_GEMINI_BASE_URL=address, **key)
        gateway.shutdown()
    assert lost.code == 3
    assert "stopped: 404 Not here" in lost.out and "is `base_url` right?" in lost.out


def certificate(path: Path) -> Path:
    """A certificate for this machine, of an authority that nobody trusts; with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Reading Proxy CA")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(2)).add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    form, no = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, no) + made.public_bytes(pem))
    return path


def test_a_certificate_that_is_not_trusted_is_said_at_once(shop: Market, tmp_path: Path) -> None:
    pem = certificate(tmp_path / "ca.pem")
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
        address = server.url().replace("http:", "https:")
        words = {"GOOGLE_GEMINI_BASE_URL": address, "GEMINI_API_KEY": "test-key"}
        done = shop.doit("backend=gemini", **words)
        assert done.code == 3, done.out
        assert "127.0.0.1: the server's certificate is not trusted (self-signed" in done.out
        assert "issued by CN=Reading Proxy CA" in done.out and "SSL_CERT_FILE" in done.out
        assert used() == 0
        assert shop.rows("SELECT id FROM calls") == []
        told = shop.doit("pace=unpaced", "limit=1", SSL_CERT_FILE=str(pem), **words)
        assert "1 published" in told.out, told.out


def test_a_certificate_that_stays_wrong_ends_the_run(shop: Market, tmp_path: Path) -> None:
    """The server had answered with one that is trusted; nothing is paid for what follows."""
    good, bad = certificate(tmp_path / "good.pem"), certificate(tmp_path / "bad.pem")
    fast, shown = FastClock(300), []
    limits, script = {"*": Limits()}, ["ok", "ok", "disconnect"]
    with GeminiServer(latency=0, limits=limits, clock=fast, script=script) as server:
        context, other = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
        context.load_cert_chain(good)
        other.load_cert_chain(bad)

        def choose(connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
            shown.append(connection)
            if len(shown) > 1:
                connection.context = other

        context.sni_callback = choose
        server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
        done = shop.doit(
            "backend=gemini", "-n", "1", GEMINI_API_KEY="test-key", SSL_CERT_FILE=str(good),
            GOOGLE_GEMINI_BASE_URL=server.url().replace("http:", "https:"),
            NIGHTPRESS_CLOCK=f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
        )  # fmt: skip
        asked = len(server.seen()["list"])
    assert done.code == 3, done.out
    assert "\n1 published" in done.out, done.out
    assert "issued by CN=Reading Proxy CA" in done.out and "SSL_CERT_FILE" in done.out
    assert used() == asked == 3


def test_pages_in_the_place_of_answers_are_an_outage(shop: Market) -> None:
    """As of a network that wants a login first: each call a success, and none an answer."""
    with serving(shop, 600, rates={"malformed_json": 0.5, "empty_body": 0.5}) as (server, doit):
        done = doit()
        asked = len(server.seen()["list"])
    assert done.code == 75, done.out
    assert asked == used() <= 25
    assert "stopped: gemini-3.5-flash-lite has not answered since" in done.out
    assert "the reply's body is" in done.out


def test_one_question_whose_answer_is_always_broken_is_no_outage(shop: Market) -> None:
    with serving(shop, 300, script=["ok", "ok", *["empty_body"] * 3]) as (_, doit):
        done = doit("-n", "1")
    assert "5 published" in done.out, done.out
    assert "does not answer" not in done.out
