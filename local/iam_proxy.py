"""What stands before a private Cloud Run service: no call passes without a valid identity token.

As https://cloud.google.com/run/docs/authenticating/service-to-service: 403 without a token, 401
for one that is malformed, expired, signed by a stranger, or made out to another audience.
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
_SECONDS = 300


def refusal(authorization: str, audience: str, certs: Mapping[str, str]) -> tuple[int, str] | None:
    """Status and reason, unless the header holds a token made out to `audience`."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return 403, "The request was not authenticated."
    try:
        claims = jwt.decode(token, certs=certs, audience=audience)
    except (GoogleAuthError, ValueError) as error:
        return 401, f"The access token could not be verified: {error}"
    return None if claims["iss"] == ISSUER else (401, "Unknown issuer.")


def create_app(target: str, audience: str, certs_url: str) -> Flask:
    """A reverse proxy to `target` for bearers of tokens made out to `audience`."""
    app = Flask(__name__)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def forward(path: str) -> ResponseReturnValue:
        certs = requests.get(certs_url, timeout=5).json()
        refused = refusal(request.headers.get("Authorization", ""), audience, certs)
        if refused:
            status, why = refused
            return why, status
        headers = {key: value for key, value in request.headers if key.lower() != "host"}
        try:
            answer = requests.request(
                request.method,
                f"{target}/{path}",
                params=request.args.to_dict(),
                data=request.get_data(),
                headers=headers,
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            return f"The service is not available: {error}", 503
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
        return Response(answer.content, answer.status_code, kept)

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
