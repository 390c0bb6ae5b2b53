"""A metadata server like that of a Google Cloud machine. It issues identity tokens.

It has the paths that google-auth uses: https://cloud.google.com/compute/docs/metadata/overview. It
signs tokens with its own key; /certs publishes the public key.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from google.auth import crypt, jwt

from local.certificate import write_key
from local.serving import server

ISSUER = "https://accounts.google.com"
ACCOUNT = "functions@toonmask-local.iam.gserviceaccount.com"
_TOKEN_SECONDS = 3600
"""Lifetime of a token: an hour, as Google's."""

_KEY_BITS = 2048
"""Size of the RSA key, as Google's."""

_ACCESS = {"access_token": "local", "expires_in": _TOKEN_SECONDS, "token_type": "Bearer"}  # nosec B105
"""Not a secret: no local server checks access tokens."""
_SUBJECT = "100000000000000000000"


class Issuer:
    """Signs identity tokens with its own key.

    With a file, the key is kept over restarts, so tokens that clients have stay valid.
    """

    def __init__(self, file: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._key = _load_key(file) or rsa.generate_private_key(65537, _KEY_BITS)
        self._key_id = "local"
        if file:
            write_key(self._key, file)

    def certs(self) -> dict[str, str]:
        """Returns the public key, PEM, by its ID."""
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {self._key_id: public.decode()}

    def token(self, audience: str, seconds: int = _TOKEN_SECONDS) -> str:
        """Returns a token for the audience. With negative `seconds` it has already expired."""
        now = int(self._clock())
        claims = {
            "aud": audience,
            "azp": _SUBJECT,
            "email": ACCOUNT,
            "email_verified": True,
            "exp": now + seconds,
            "iat": now + min(seconds, 0) - 1,
            "iss": ISSUER,
            "sub": _SUBJECT,
        }
        return jwt.encode(crypt.RSASigner(self._key, self._key_id), claims).decode()


def _load_key(file: Path | None) -> rsa.RSAPrivateKey | None:
    if file is None or not file.exists():
        return None
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def create_app(project: str, issuer: Issuer) -> Flask:
    """Returns the server for one project. Its only service account is ACCOUNT."""
    app = Flask(__name__)
    fixed: dict[str, ResponseReturnValue] = {
        "project/project-id": project,
        "universe/universe-domain": "googleapis.com",
        "instance/service-accounts/default/": {"aliases": ["default"], "email": ACCOUNT},
        "instance/service-accounts/default/email": ACCOUNT,
        "instance/service-accounts/default/token": _ACCESS,
    }

    @app.get("/")
    def root() -> ResponseReturnValue:
        return "computeMetadata/"

    @app.get("/certs")
    def certs() -> ResponseReturnValue:
        # Clients also cache Google's certificates for some hours.
        headers = {"Cache-Control": f"public, max-age={_TOKEN_SECONDS}"}
        return dict(issuer.certs()), headers

    @app.get("/computeMetadata/v1/<path:key>")
    def metadata(key: str) -> ResponseReturnValue:
        if request.headers.get("Metadata-Flavor") != "Google":
            return "Missing Metadata-Flavor:Google header.", 403
        key = key.replace(f"/{ACCOUNT}/", "/default/")
        if key == "instance/service-accounts/default/identity":
            audience = request.args.get("audience")
            return issuer.token(audience) if audience else ("audience is missing", 400)
        return fixed.get(key, (f"no metadata {key}", 404))

    @app.after_request
    def add_flavor(response: Response) -> Response:
        response.headers["Metadata-Flavor"] = "Google"
        return response

    return app


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--key", type=Path, help="file that keeps the key over restarts")
    arguments = parser.parse_args()
    server(create_app(arguments.project, Issuer(arguments.key)), arguments.port).safe_start()


if __name__ == "__main__":
    main()
