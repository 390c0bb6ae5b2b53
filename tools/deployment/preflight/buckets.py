"""Bucket names are global: another project can have one already."""

from tools.deployment.preflight.findings import Finding, ok, unknown, wrong
from tools.deployment.preflight.google_apis import Answer, ApiError, GoogleApis

_MAY_SEE = "storage.buckets.get"


class _Bucket(Answer):
    """https://cloud.google.com/storage/docs/json_api/v1/buckets"""

    project_number: str


def check_bucket(
    apis: GoogleApis, name: str, project_number: str | None, held: frozenset[str] | None
) -> Finding:
    """Whether the name is free or the project's own.

    Args:
        apis: Google's APIs.
        name: The bucket.
        project_number: The project's; None if it is not known.
        held: The caller's permissions on the project; None if they are not known.

    Raises:
        ApiError: The bucket cannot be looked up.
    """
    check = f"bucket {name}"
    taken = "Choose another prefix: make deploy TF='-var prefix=…'"
    try:
        query = {"fields": "projectNumber"}
        bucket = apis.get("storage", f"storage/v1/b/{name}", _Bucket, query)
    except ApiError as error:
        if error.status == 404:
            return ok(check, "the name is free")
        if error.status != 403:
            raise
        if held is None or _MAY_SEE not in held:
            return unknown(check, f"it exists, and your login may not see whose it is ({_MAY_SEE})")
        return wrong(check, f"the name is taken by another project. {taken}")
    if project_number is None:
        return unknown(check, f"it is in the project number {bucket.project_number}")
    if bucket.project_number != project_number:
        return wrong(check, f"the name is taken by the project {bucket.project_number}. {taken}")
    return ok(check, "it is this project's")
