"""Bucket names are global: another project can have one already."""

from pydantic import Field

from tools.deployment.google_apis import Answer, ApiError, GoogleApis
from tools.deployment.preflight.findings import Finding, ok, unknown, wrong


class _Bucket(Answer):
    """https://cloud.google.com/storage/docs/json_api/v1/buckets"""

    project_number: str


class _Named(Answer):
    name: str


class _Buckets(Answer):
    items: list[_Named] = Field(default_factory=list)


def check_bucket(
    apis: GoogleApis, name: str, project_id: str, number: str | None
) -> tuple[Finding, bool]:
    """Whether the name is free or the project's own, and whether it is the project's own.

    `number` is the project's, None if unknown.

    Raises:
        ApiError: The bucket cannot be looked up.
    """
    check = f"bucket {name}"
    taken = "Choose another prefix: DEPLOYMENT=… (make) or -var prefix=… (terraform)"
    try:
        query = {"fields": "projectNumber"}
        bucket = apis.get("storage", f"storage/v1/b/{name}", _Bucket, query)
    except ApiError as error:
        if error.status == 404:
            return ok(check, "the name is free"), False
        if error.status != 403:
            raise
        if _is_of(apis, project_id, name):
            return ok(check, "it is this project's, and your login may not see more of it"), True
        return wrong(check, f"the name is taken by another project. {taken}"), False
    if number is None:
        return unknown(check, f"it is in the project number {bucket.project_number}"), False
    if bucket.project_number != number:
        text = f"the name is taken by the project {bucket.project_number}. {taken}"
        return wrong(check, text), False
    return ok(check, "it is this project's"), True


def _is_of(apis: GoogleApis, project_id: str, name: str) -> bool:
    query = {"project": project_id, "prefix": name, "fields": "items(name)"}
    listed = apis.get("storage", "storage/v1/b", _Buckets, query)
    return any(bucket.name == name for bucket in listed.items)
