"""What this machine needs: credentials, Terraform, gcloud."""

import json
from pathlib import Path

import pytest

from tests.tools.deployment.preflight.google_server import TOKEN, Google
from tests.tools.deployment.preflight.service_account import ROBOT, write_key
from tools.deployment.preflight.findings import State
from tools.deployment.preflight.prerequisites import check_gcloud, check_terraform, find_login

LOGIN = "gcloud auth application-default login"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _put(programs: Path, name: str, script: str) -> None:
    program = programs / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


# ---- credentials ----


def test_credentials_that_work(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = write_key(tmp_path, google.url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    finding, login = find_login()
    assert finding.state is State.OK
    assert login
    assert login.member == f"serviceAccount:{ROBOT}"
    assert login.session.credentials.token == TOKEN


def test_credentials_that_the_token_server_refuses(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = write_key(tmp_path, google.url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    google.failing["token"] = (400, {"error": "invalid_grant", "error_description": "Expired."})
    finding, login = find_login()
    assert login is None
    assert finding.state is State.WRONG
    assert "invalid_grant" in finding.text
    assert LOGIN in finding.text


def test_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    finding, login = find_login()
    assert login is None
    assert finding.state is State.WRONG
    assert "none.json" in finding.text
    assert LOGIN in finding.text


def test_a_user_is_named_where_the_credentials_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token server of users is Google's, so the refresh fails here."""
    user = {"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}
    file = tmp_path / "user.json"
    file.write_text(json.dumps(user))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setattr("google.oauth2.credentials.Credentials.refresh", lambda *_: None)
    _, login = find_login()
    assert login
    assert login.member == "user:YOU@example.com"


# ---- programs ----


@pytest.mark.parametrize(
    ("version", "state"),
    [("1.10.5", State.WRONG), ("1.11.0", State.OK), ("1.12.0-beta1", State.OK), ("2.0", State.OK)],
)
def test_terraforms_version(programs: Path, version: str, state: State) -> None:
    _put(programs, "terraform", f"echo '{json.dumps({'terraform_version': version})}'")
    finding = check_terraform()
    assert finding.state is state
    assert version in finding.text


@pytest.mark.parametrize(
    ("script", "text"),
    [(None, "terraform is not on PATH; 1.11"), ("echo no", "terraform does not say its version")],
)
def test_a_terraform_that_is_none(programs: Path, script: str | None, text: str) -> None:
    if script:
        _put(programs, "terraform", script)
    finding = check_terraform()
    assert finding.state is State.WRONG
    assert text in finding.text
    assert "https://developer.hashicorp.com/terraform/install" in finding.text


@pytest.mark.parametrize(
    ("script", "state", "text"),
    [
        ('test "$1 $2" = "auth print-access-token"', State.OK, "logged in"),
        ("exit 1", State.WRONG, "Run: gcloud auth login"),
        (None, State.WRONG, "gcloud is not on PATH"),
    ],
)
def test_gclouds_own_login(programs: Path, script: str | None, state: State, text: str) -> None:
    if script:
        _put(programs, "gcloud", script)
    finding = check_gcloud()
    assert finding.state is state
    assert text in finding.text


@pytest.mark.parametrize(
    "name",
    ["GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"],
)
def test_other_credentials_of_terraform_are_not_judged_by_those_here(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    finding, login = find_login()
    assert (finding.state, login) == (State.UNKNOWN, None)
    assert name in finding.text
