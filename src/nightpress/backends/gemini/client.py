"""The SDK's client for Google's two APIs, on the httpx clients of our line."""

from __future__ import annotations

import httpx2
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from nightpress.backends.gemini.route import Route

# The SDK's own default for the Developer API is /v1 by now, where half of what we send is unknown.
API_VERSION = {"developer": "v1beta", "vertex": "v1beta1"}


def client(route: Route, asynchronous: httpx2.AsyncClient, sync: httpx2.Client) -> genai.Client:
    options = types.HttpOptions(
        api_version=API_VERSION[route.api],
        base_url=route.base_url or None,
        timeout=int(route.deadline * 1_000),
        httpx_async_client=asynchronous,
        httpx_client=sync,
    )
    if route.api == "developer":
        return genai.Client(vertexai=False, api_key=route.key, http_options=options)
    return genai.Client(
        vertexai=True,
        project=route.project,
        location=route.location,
        # A local server never gets the machine's real credentials.
        credentials=Credentials(token=route.token) if route.local else None,  # type: ignore[no-untyped-call]
        http_options=options,
    )
