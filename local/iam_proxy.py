"""A reverse proxy that checks identity tokens, as Cloud Run does for a private service.

A request without a token gets 403. A token that is malformed, expired, not signed by the issuer, or
for another audience gets 401:
https://cloud.google.com/run/docs/authenticating/service-to-service.
"""

import argparse
from collections.abc import Mapping

import requests
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

from local.metadata import ISSUER
from local.serving import server

_HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
"""Headers that are not forwarded. requests has already decoded the body that they describe."""

_SECONDS = 300
"""Timeout of a forwarded request. Chosen by hand: it must exceed the time for a large batch."""

_CERTS_SECONDS = 5
"""Timeout to fetch certificates. Chosen by hand: they come from this machine."""


def refusal(authorization: str, audience: str, certs: Mapping[str, str]) -> tuple[int, str] | None:
    """Returns status and reason, or None if the header has a valid token for `audience`."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return 403, "The request was not authenticated."
    try:
        claims = jwt.decode(token, certs=certs, audience=audience)
    except (GoogleAuthError, ValueError) as error:
        return 401, f"The access token could not be verified: {error}"
    return None if claims["iss"] == ISSUER else (401, "Unknown issuer.")


def create_app(target: str, audience: str, certs_url: str) -> Flask:
    """Returns a reverse proxy to `target` that requires tokens for `audience`."""
    app = Flask(__name__)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def forward(path: str) -> ResponseReturnValue:
        certs = requests.get(certs_url, timeout=_CERTS_SECONDS).json()
        refused = refusal(request.headers.get("Authorization", ""), audience, certs)
        if refused:
            status, why = refused
            return why, status
        headers = {key: value for key, value in request.headers if key.lower() != "host"}
        try:
            response = requests.request(
                request.method,
                f"{target}/{path}",
                params=request.args.to_dict(),
                data=request.get_data(),
                headers=headers,
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            return f"The service is not available: {error}", 503
        kept = {k: v for k, v in response.headers.items() if k.lower() not in _HOP_BY_HOP}
        return Response(response.content, response.status_code, kept)

    return app


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--certs", required=True)
    arguments = parser.parse_args()
    audience = f"http://127.0.0.1:{arguments.port}"
    app = create_app(arguments.target, audience, arguments.certs)
    server(app, arguments.port).safe_start()


if __name__ == "__main__":
    main()
