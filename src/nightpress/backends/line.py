"""The line to a service: one SDK client, and the loop that its requests run on.

The loop has a thread of its own: only a task that can be cancelled has a true deadline (a
socket's timeout bounds silence, and a server that drips is never silent).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2

from nightpress.backends.declaration import most_bytes

Client = TypeVar("Client")
Result = TypeVar("Result")

GRACE = 5.0
"""Seconds, beyond the deadline, that a cancelled request gets to let go of its socket."""
MOST = "nightpress_most"
"""The extension of a request that says how long its answer may be."""
SHAKE = 5.0
"""Seconds for a look at the certificate of a server that is not trusted."""
_ASKED = re.compile(
    rb'"(?:max(?:_o|O)utput(?:_t|T)okens|max_tokens|max_completion_tokens)":\s*(\d{1,7})'
)


class GivenUp(Exception):
    """The line was closed while the call was in flight."""


class Silent(Exception):
    """The server did not say a word for longer than the request may wait."""


class TooMuch(Exception):
    """The reply is far longer than what was asked for."""


class Capped(httpx2.AsyncBaseTransport):
    """Counts the bytes of each reply while they arrive, and breaks off one that has no end."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        asked = _ASKED.search(await request.aread())
        most = most_bytes(int(asked[1] if asked else 65_536))
        most = max(most, request.extensions.get(MOST) or 0)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise TooMuch("the reply is compressed, which was not requested")
        assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 (of this transport)
        response.stream = _Counted(response.stream, most)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most: int) -> None:
        self._inner = inner
        self._left = self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._left -= len(piece)
            if self._left < 0:
                raise TooMuch(f"broken off after {self._most:,} bytes, far more than requested")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


class Line(Generic[Client]):
    """Made at the first call, in the process that makes it (`pid`); used by many threads.

    make: the SDK's client, of our own httpx clients; proxy: its URL, "" for none.
    """

    def __init__(
        self, make: Callable[[httpx2.AsyncClient, httpx2.Client], Client], proxy: str
    ) -> None:
        self.pid = os.getpid()
        # Our own httpx clients: with aiohttp installed an SDK may take that, and silently
        # send a request again after a disconnect. The route names the proxy: httpx would open
        # every one that the environment has, and show loopback traffic to it.
        verify = httpx2.create_ssl_context(trust_env=True)
        self._async = httpx2.AsyncClient(
            trust_env=False, timeout=None, headers={"accept-encoding": "identity"},
            transport=Capped(
                httpx2.AsyncHTTPTransport(
                    verify=verify, proxy=proxy or None, trust_env=False,
                    # how many calls are in flight is the quota's to say, not the pool's
                    limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
                )
            ),
        )  # fmt: skip
        self._sync = httpx2.Client(
            trust_env=False, proxy=proxy or None, verify=verify, timeout=None
        )
        self.client = make(self._async, self._sync)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="nightpress-line", daemon=True
        )
        self._thread.start()
        self._flying: set[concurrent.futures.Future[Any]] = set()

    async def get(
        self, url: str, headers: dict[str, str], most: int = 0, silence: float | None = None
    ) -> tuple[int, str]:
        """Status and body of a plain GET. most: bytes of the body, if more than a reply's;
        silence: seconds without a byte after which it raises Silent."""
        try:
            response = await self._async.get(
                url, headers=headers, extensions={MOST: most}, timeout=silence
            )
        except httpx2.TimeoutException:
            raise Silent(f"the server was silent for {silence:g} s") from None
        return response.status_code, response.text

    def run(self, call: Coroutine[Any, Any, Result], seconds: float) -> Result:
        """The result of `call`, or TimeoutError after `seconds`, whatever the server does, or
        GivenUp when the line is closed meanwhile; an interrupt of the waiting thread cancels the
        request too."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(call, seconds), self._loop)
        self._flying.add(future)
        try:
            return future.result(seconds + GRACE)
        except concurrent.futures.CancelledError:
            raise GivenUp("abandoned while the call was in flight") from None
        finally:
            self._flying.discard(future)
            future.cancel()

    def close(self) -> None:
        """Let go; a call that is in flight is given up."""
        for future in list(self._flying):
            future.cancel()
        asyncio.run_coroutine_threadsafe(self._let_go(), self._loop).result(GRACE)
        self._sync.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GRACE)
        if not self._thread.is_alive():
            self._loop.close()

    async def _let_go(self) -> None:
        """Close the connections when the requests that were given up have ended."""
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=GRACE / 2)
        await self._async.aclose()


def issuer(address: str) -> str:
    """Whose certificate the service shows, by the name of its issuer; "" if that cannot be had."""
    from cryptography import x509

    url = urlsplit(address)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent
    try:
        with (
            socket.create_connection((url.hostname or "", url.port or 443), SHAKE) as plain,
            context.wrap_socket(plain, server_hostname=url.hostname) as secure,
        ):
            shown = secure.getpeercert(binary_form=True) or b""
        return x509.load_der_x509_certificate(shown).issuer.rfc4514_string()
    except (OSError, ValueError):
        return ""
