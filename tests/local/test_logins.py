"""Identity tokens without a metadata server: a user's login, and an impersonated account."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue
from google.auth import jwt

from local import metadata
from local.processes import free_ports
from shared.gcp.id_tokens import BearerKey, IdentityToken, NoAuthorisation
from tools.support.servers import serving

AUDIENCE = "https://sam2.example.com"
ROBOT = "robot@a-project.iam.gserviceaccount.com"
LOGIN = {
    "type": "authorized_user",
    "client_id": "a-client.apps.googleusercontent.com",
    "client_secret": "secret",
    "refresh_token": "refresh",
}


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[metadata.Issuer]:
    """Local replacements of Google's token and IAM endpoints."""
    issuer = metadata.Issuer()
    app = Flask(__name__)

    @app.post("/token")
    def token() -> ResponseReturnValue:
        identity = issuer.token(str(LOGIN["client_id"]))
        return {"access_token": "a", "expires_in": 3600, "id_token": identity}

    @app.post(f"/v1/projects/-/serviceAccounts/{ROBOT}:generateIdToken")
    def impersonate() -> ResponseReturnValue:
        assert request.headers["Authorization"] == "Bearer a"
        assert request.get_json()["includeEmail"]
        return {"token": issuer.token(request.get_json()["audience"])}

    port, nobody = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    for variable in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(variable, f"127.0.0.1:{nobody}")
    monkeypatch.setattr("google.auth.compute_engine._metadata.ping", lambda *_, **__: False)
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{url}/token")
    monkeypatch.setattr(
        "google.auth.iam._IAM_IDTOKEN_ENDPOINT",
        f"{url}/v1/projects/-/serviceAccounts/{{}}:generateIdToken",
    )
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "a-project")
    with serving(app, port):
        yield issuer


def _impersonating() -> dict[str, Any]:
    url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{ROBOT}"
    return {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": f"{url}:generateAccessToken",
        "source_credentials": LOGIN,
    }


@pytest.mark.parametrize("by_variable", [True, False], ids=["variable", "gcloud's own place"])
@pytest.mark.parametrize(
    "case",
    [(LOGIN, LOGIN["client_id"]), (_impersonating(), AUDIENCE)],
    ids=["login", "impersonation"],
)
def test_what_gcloud_left_gives_tokens(
    google: metadata.Issuer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    by_variable: bool,
    case: tuple[dict[str, Any], str],
) -> None:
    credentials, audience = case
    file = tmp_path / "application_default_credentials.json"
    file.write_text(json.dumps(credentials))
    if by_variable:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    token = IdentityToken(AUDIENCE)
    header = token.headers().result(60)["Authorization"]
    claims = jwt.decode(header.split()[1], certs=google.certs())
    assert claims["aud"] == audience
    assert token.headers().result(60)["Authorization"] == header, "kept"
    assert audience in token.remedy(401)
    assert token.renew({"Authorization": header})
    assert token.headers().result(60)["Authorization"].startswith("Bearer ")
    assert audience in token.remedy(401)


def test_a_refusal_says_who_lacks_which_role_where(google: metadata.Issuer, tmp_path: Path) -> None:
    del google
    file = tmp_path / "application_default_credentials.json"
    file.write_text(json.dumps(LOGIN))
    token = IdentityToken(AUDIENCE)
    token.headers().result(60)
    sentence = token.remedy(403)
    assert all(part in sentence for part in (metadata.ACCOUNT, "roles/run.invoker", AUDIENCE))
    assert "SAM2_API_KEY" in BearerKey("k").remedy(403)
    assert "SAM2_AUTH" in NoAuthorisation().remedy(401)
