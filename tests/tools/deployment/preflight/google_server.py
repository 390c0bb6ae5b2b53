"""A local server that answers as the APIs of Google do that the preflight calls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from local.processes import free_ports
from tools.support.servers import serving

PROJECT = "my-project"
NUMBER = "123456789012"
REGION = "us-central1"
TOKEN = "a-token"

MEMORY = "run.googleapis.com/mem_allocation"
CPU = "run.googleapis.com/cpu_allocation"
L4 = "run.googleapis.com/nvidia_l4_gpu_allocation_no_zonal_redundancy"
_UNITS = {MEMORY: "1/min/{project}/{region}", CPU: "1/min/{project}/{region}"}


@dataclass
class Google:
    """A project in which everything is right; tests change what they are about."""

    url: str = ""
    state: str = "ACTIVE"
    billing: bool = True
    denied: set[str] = field(default_factory=set)
    """Permissions that the caller lacks."""

    disabled: set[str] = field(default_factory=set)
    """APIs that are not enabled in the project."""

    quotas: dict[str, int] = field(
        default_factory=lambda: {MEMORY: 100 * 2**30, CPU: 200_000, L4: 3}
    )
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Rules by constraint; what is not named allows everything."""

    buckets: dict[str, str] = field(default_factory=dict)
    """Numbers of the buckets' projects."""

    hidden: set[str] = field(default_factory=set)
    """Buckets that the caller may not see."""

    failing: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Answers of an API instead of its own, by the first part of its host name."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Authorization of each call."""

    @property
    def root(self) -> str:
        """What GoogleApis takes as its root."""
        return self.url + "/{service}"

    def disable(self, *services: str) -> None:
        """Lets APIs answer as those do that the caller's quota project has not enabled."""
        for service in services:
            info = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "SERVICE_DISABLED",
                "domain": "googleapis.com",
                "metadata": {
                    "service": f"{service}.googleapis.com",
                    "consumer": f"projects/{NUMBER}",
                },
            }
            self.failing[service] = error(403, f"{service} has not been used before.", info)

    def app(self) -> Flask:
        """The APIs, each under the first part of its host name."""
        app = Flask(__name__)
        app.before_request(self._remember)
        app.add_url_rule("/token", view_func=_token, methods=["POST"])
        app.add_url_rule(
            "/<service>/<path:resource>:testIamPermissions",
            view_func=self._permissions,
            methods=["POST"],
        )
        quotas = "services/run.googleapis.com/consumerQuotaMetrics"
        views: dict[str, Callable[..., Response]] = {
            "/cloudresourcemanager/v3/projects/<project>": self._project,
            "/cloudbilling/v1/projects/<project>/billingInfo": self._billing,
            "/serviceusage/v1/projects/<project>/services:batchGet": self._services,
            f"/serviceusage/v1beta1/projects/<project>/{quotas}": self._quotas,
            "/orgpolicy/v2/projects/<_>/policies/<constraint>:getEffectivePolicy": self._policy,
            "/storage/storage/v1/b": self._buckets,
            "/storage/storage/v1/b/<name>": self._bucket,
        }
        for rule, view in views.items():
            app.add_url_rule(rule, view_func=view)
        return app

    def _remember(self) -> Response | None:
        authorization = request.headers.get("Authorization", "")
        self.calls.append((request.method, request.path, authorization))
        failure = self.failing.get(request.path.split("/")[1])
        return _answer(failure) if failure else None

    def _project(self, project: str) -> Response:
        if project != PROJECT:
            return _answer(error(403, "The caller does not have permission"))
        return jsonify(name=f"projects/{NUMBER}", projectId=PROJECT, state=self.state)

    def _billing(self, project: str) -> Response:
        name = f"projects/{project}/billingInfo"
        return jsonify(name=name, **({"billingEnabled": True} if self.billing else {}))

    def _permissions(self, service: str, resource: str) -> Response:
        del service, resource
        asked = request.get_json()["permissions"]
        assert len(asked) <= 100
        held = [permission for permission in asked if permission not in self.denied]
        return jsonify({"permissions": held} if held else {})

    def _services(self, project: str) -> Response:
        names = request.args.getlist("names")
        assert 0 < len(names) <= 30
        assert all(name.startswith(f"projects/{project}/services/") for name in names)
        return jsonify(services=[self._service(name) for name in names])

    def _quotas(self, project: str) -> Response:
        del project
        first = "pageToken" not in request.args
        shown = [metric for metric in self.quotas if (metric == MEMORY) == first]
        page = {"metrics": [_metric(metric, self.quotas[metric]) for metric in shown]}
        return jsonify(page | ({"nextPageToken": "2"} if first else {}))

    def _policy(self, _: str, constraint: str) -> Response:
        rules = self.policies.get(constraint, [{"allowAll": True}])
        return jsonify(name=f"projects/{NUMBER}/policies/{constraint}", spec={"rules": rules})

    def _bucket(self, name: str) -> Response:
        if name not in self.buckets:
            return _answer(error(404, "The specified bucket does not exist."))
        if name in self.hidden:
            return _answer(error(403, "The caller does not have storage.buckets.get access"))
        return jsonify(projectNumber=self.buckets[name])

    def _buckets(self) -> Response:
        if "storage.buckets.list" in self.denied:
            return _answer(error(403, "The caller does not have storage.buckets.list access"))
        assert request.args["project"] == PROJECT
        names = [
            {"name": name}
            for name, number in self.buckets.items()
            if number == NUMBER and name.startswith(request.args["prefix"])
        ]
        return jsonify({"items": names} if names else {})

    def _service(self, name: str) -> dict[str, str]:
        disabled = name.rpartition("/")[2] in self.disabled
        return {"name": name, "state": "DISABLED" if disabled else "ENABLED"}


def error(code: int, message: str, *details: object) -> tuple[int, dict[str, Any]]:
    """A status and a body as Google writes them."""
    return code, {"error": {"code": code, "message": message, "details": details}}


def _token() -> Response:
    return jsonify(access_token=TOKEN, expires_in=3600, token_type="Bearer")


def _answer(status_and_body: tuple[int, dict[str, Any]]) -> Response:
    status, body = status_and_body
    response = jsonify(body)
    response.status_code = status
    return response


def _metric(metric: str, limit: int) -> dict[str, Any]:
    """As the documentation shows them: int64 as text, the default first, then the regions."""
    return {
        "metric": metric,
        "consumerQuotaLimits": [
            {
                "metric": metric,
                "unit": _UNITS.get(metric, "1/{project}/{region}"),
                "quotaBuckets": [
                    {"effectiveLimit": "1", "defaultLimit": "1"},
                    {"effectiveLimit": str(limit), "dimensions": {"region": REGION}},
                ],
            }
        ],
    }


@contextmanager
def running() -> Iterator[Google]:
    """The server on a free port of 127.0.0.1."""
    (port,) = free_ports(1)
    google = Google(f"http://127.0.0.1:{port}")
    with serving(google.app(), port):
        yield google
