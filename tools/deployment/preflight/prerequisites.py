"""What this machine needs before it calls Google: credentials, Terraform, secrets, gcloud."""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import google.auth
import google.auth.exceptions
from google.auth.transport.requests import AuthorizedSession, Request
from pydantic import BaseModel, ValidationError

from tools.deployment.google_apis import LOGIN
from tools.deployment.preflight.findings import Finding, ok, unknown, wrong
from tools.deployment.preflight.requirements import Requirements

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_LEAST_TERRAFORM = (1, 11)
"""As in terraform/versions.tf: write-only arguments came with it."""

_TIMEOUT_SECONDS = 30
"""Longest time for a command and for a new token. Chosen by hand: a smaller value fails where
gcloud starts slowly, a larger one keeps people waiting for a server that does not answer."""

_NEXT = "Without them the project is not checked"


_OTHER_CREDENTIALS = (
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
)
"""Variables that the provider prefers to Application Default Credentials:
https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference."""


@dataclass(frozen=True)
class Login:
    """Application Default Credentials that work."""

    session: AuthorizedSession
    member: str
    """The caller, as IAM names it; a placeholder where the credentials do not say."""


def find_login() -> tuple[Finding, Login | None]:
    """The credentials that Terraform uses, refreshed once.

    Terraform may use others, which the preflight cannot. It then checks nothing as a caller who may
    have other roles.
    """
    check = "credentials"
    others = [name for name in _OTHER_CREDENTIALS if os.environ.get(name)]
    if others:
        text = f"Terraform uses {others[0]}, which the preflight cannot. The project is not checked"
        return unknown(check, text), None
    try:
        credentials, _ = google.auth.default(scopes=_SCOPES)
        credentials.refresh(functools.partial(Request(), timeout=_TIMEOUT_SECONDS))
    except google.auth.exceptions.DefaultCredentialsError as error:
        text = f"there are no Application Default Credentials ({error.args[0]})"
        return wrong(check, f"{text}. Run: {LOGIN}. {_NEXT}"), None
    except google.auth.exceptions.TransportError as error:
        return wrong(check, f"Google's token server cannot be reached: {error}. {_NEXT}"), None
    except google.auth.exceptions.GoogleAuthError as error:
        text = f"the Application Default Credentials cannot be refreshed ({error.args[0]})"
        return wrong(check, f"{text}. Run: {LOGIN}. {_NEXT}"), None
    member = _member(credentials)
    login = Login(AuthorizedSession(credentials), member)
    return ok(check, f"Application Default Credentials work ({member})"), login


def _member(credentials: Any) -> str:
    if address := getattr(credentials, "service_account_email", None):
        return f"serviceAccount:{address}"
    return f"user:{getattr(credentials, 'account', None) or 'YOU@example.com'}"


class _Version(BaseModel):
    terraform_version: str

    @property
    def parts(self) -> tuple[int, ...]:
        release = self.terraform_version.partition("-")[0]
        return tuple(int(part) for part in release.split("."))


def check_terraform() -> Finding:
    """Whether a Terraform that knows the configuration's language is on PATH."""
    check, least = "terraform", ".".join(map(str, _LEAST_TERRAFORM))
    install = "Install it: https://developer.hashicorp.com/terraform/install"
    if shutil.which("terraform") is None:
        return wrong(check, f"terraform is not on PATH; {least} or newer is needed. {install}")
    try:
        done = _run("terraform", "version", "-json")
        version = _Version.model_validate_json(done.stdout)
        new_enough = version.parts >= _LEAST_TERRAFORM
    except (subprocess.TimeoutExpired, ValidationError, ValueError):
        return wrong(check, f"terraform does not say its version. {install}")
    if not new_enough:
        text = f"{version.terraform_version} is too old; {least} or newer is needed. {install}"
        return wrong(check, text)
    return ok(check, f"version {version.terraform_version}")


def check_secrets(required: Requirements) -> Finding:
    """Whether the apply gets a value for each secret. Terraform keeps none of them."""
    variables = [f"TF_VAR_{name.lower()}" for name in required.secrets]
    if required.secrets_given:
        return ok("secrets", f"each has a value: {', '.join(variables)}")
    values = " ".join(f"{name}=…" for name in variables)
    text = "not every secret of this deployment has a value, and each apply needs all of them"
    return wrong("secrets", f"{text}. Set them in front of the command: {values} make deploy …")


def check_gcloud() -> Finding:
    """Whether gcloud has a login of its own. Application Default Credentials are another one."""
    check = "gcloud"
    if shutil.which("gcloud") is None:
        return wrong(
            check,
            "gcloud is not on PATH; building the SAM2 image needs it. Install it: "
            "https://cloud.google.com/sdk/docs/install (or set sam2.image to an existing image)",
        )
    try:
        done = _run("gcloud", "auth", "print-access-token", "--quiet")
    except subprocess.TimeoutExpired:
        return wrong(check, f"gcloud does not answer within {_TIMEOUT_SECONDS} s")
    if done.returncode:
        return wrong(
            check,
            "gcloud has no login that works; building the SAM2 image needs it beside the "
            "Application Default Credentials. Run: gcloud auth login",
        )
    return ok(check, "logged in")


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS
    )
