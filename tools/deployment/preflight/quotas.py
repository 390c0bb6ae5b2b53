"""Cloud Run's quotas in the region, against what the services can grow to.

They are read with Service Usage, v1beta1 consumerQuotaMetrics; the permission is
serviceusage.quotas.get. New projects have that API enabled, but not the Cloud Quotas API
(https://cloud.google.com/service-usage/docs/enabled-service).

Cloud Run refuses a service if its max_instances times CPU, memory or GPUs is more than the quota.
All services of a region share the quota. If only their sum is more, Terraform can apply, and the
instances beyond the quota do not start
(https://cloud.google.com/run/docs/configuring/max-instances-limits).

Not verified with a real answer: the names and units of the metrics. The page above links to the
console with `run.googleapis.com/cpu_allocation`, `mem_allocation` and `nvidia_l4_gpu_allocation`.
The units (thousandths of a CPU, bytes) and the quota IDs come from error messages, such as
`CpuAllocPerProjectRegion requested: 60000 allowed: 20000` and
`MemAllocPerProjectRegion requested: 257698037760 allowed: 42949672960` for one service
(https://github.com/googlecodelabs/feedback/issues/1856). The ID of the L4s comes from people's
scripts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import Field

from tools.deployment.google_apis import Answer, GoogleApis
from tools.deployment.preflight.findings import Finding, State, ok, unknown, wrong
from tools.deployment.preflight.requirements import Requirements, Service

_FIRST_L4S = 3
"""What Google grants with the first L4 service in a region, as newer copies of
https://cloud.google.com/run/docs/configuring/services/gpu say. People with new billing accounts
report that they did not get it."""

_UNLIMITED = -1


@dataclass(frozen=True)
class _Quota:
    """A quota, and how much of it an instance takes."""

    check: str
    metric: str
    quota_id: str
    unit: float
    """How much of the metric one of the report's units is."""

    shown: str
    taken: Callable[[Service], float]
    """By an instance, in the report's units."""


_QUOTAS = (
    _Quota(
        "quota memory",
        "run.googleapis.com/mem_allocation",
        "MemAllocPerProjectRegion",
        2**30,
        "GiB",
        lambda service: service.memory / 2**30,
    ),
    _Quota(
        "quota CPU",
        "run.googleapis.com/cpu_allocation",
        "CpuAllocPerProjectRegion",
        1000,
        "vCPU",
        lambda service: service.cpu,
    ),
    _Quota(
        "quota L4",
        "run.googleapis.com/nvidia_l4_gpu_allocation_no_zonal_redundancy",
        "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion",
        1,
        "L4 without zonal redundancy",
        lambda service: service.l4_gpus,
    ),
)
_L4 = _QUOTAS[-1]


class _Bucket(Answer):
    effective_limit: int = 0  # JSON leaves out zeros
    dimensions: dict[str, str] = Field(default_factory=dict)


class _Limit(Answer):
    unit: str
    quota_buckets: list[_Bucket] = Field(default_factory=list)


class _Metric(Answer):
    metric: str
    consumer_quota_limits: list[_Limit] = Field(default_factory=list)


class _Metrics(Answer):
    """https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services.consumerQuotaMetrics"""

    metrics: list[_Metric] = Field(default_factory=list)
    next_page_token: str = ""


def check_region(required: Requirements) -> Finding:
    """Whether the region has L4s."""
    regions = ", ".join(required.l4_regions)
    if required.region in required.l4_regions:
        return ok("region", f"{required.region} has L4s")
    return Finding(
        "region",
        State.WARNING,
        f"{required.region} had no L4s when this was written. Choose another: -var region=… "
        f"({regions}), or do without sam2.gpu: real SAM2 runs on CPUs too",
    )


def check_quotas(apis: GoogleApis, required: Requirements) -> Iterator[Finding]:
    """Whether the quotas are enough.

    Raises:
        ApiError: The quotas cannot be read.
    """
    metrics = _metrics(apis, required.project_id)
    for quota in _QUOTAS:
        if quota is not _L4 or required.uses_l4:
            yield _checked(quota, _limit(metrics, quota.metric, required.region), required)


def _metrics(apis: GoogleApis, project_id: str) -> list[_Metric]:
    path = f"v1beta1/projects/{project_id}/services/run.googleapis.com/consumerQuotaMetrics"
    metrics: list[_Metric] = []
    token: str | None = ""
    while token is not None:
        query = {"pageToken": token} if token else {}
        page = apis.get("serviceusage", path, _Metrics, query)
        metrics += page.metrics
        token = page.next_page_token or None
    return metrics


def _limit(metrics: list[_Metric], name: str, region: str) -> int | None:
    """The limit of the region, or else the one of all regions; None if there is none."""
    limits = [
        {bucket.dimensions.get("region"): bucket.effective_limit for bucket in limit.quota_buckets}
        for metric in metrics
        if metric.metric == name
        for limit in metric.consumer_quota_limits
        if "{region}" in limit.unit
    ]
    return next((limit.get(region, limit.get(None)) for limit in limits), None)


def _checked(quota: _Quota, limit: int | None, required: Requirements) -> Finding:
    growth = {
        name: service.instances * quota.taken(service)
        for name, service in required.services.items()
    }
    largest = max(growth, key=lambda name: growth[name])
    most, total = growth[largest], sum(growth.values())
    if limit is None and quota is not _L4:
        return unknown(quota.check, f"Service Usage does not report {quota.metric}")
    allowed = (limit or 0) / quota.unit
    offer = f"{allowed:g} {quota.shown} in {required.region}"
    more = (
        "gcloud beta quotas preferences create --service=run.googleapis.com "
        f"--quota-id={quota.quota_id} --preferred-value={total * quota.unit:.0f} "
        f"--dimensions=region={required.region} --project={required.project_id}"
    )
    remedy = f"Lower max_instances, or ask for more: {more}"
    if limit == _UNLIMITED:
        return ok(quota.check, f"{total:g} {quota.shown}; there is no limit")
    if total <= allowed:
        return ok(quota.check, f"the services grow to {total:g} of {offer}")
    if quota is _L4 and not limit and most <= _FIRST_L4S:
        return unknown(
            quota.check,
            f"{offer} now. Google grants {_FIRST_L4S} with the first service, but not to every new "
            f"billing account. If the apply is refused, ask for more: {more}",
        )
    if most > allowed:
        return wrong(quota.check, f"{largest} grows to {most:g} of {offer}. {remedy}")
    text = f"the services together grow to {total:g} of {offer}: some instances would not start"
    return Finding(quota.check, State.WARNING, f"{text}. {remedy}")
