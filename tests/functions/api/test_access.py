"""Access control: API key, origins, host names."""

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.functions.api.service import PATH, client, problem, send

KEY = "a key with spaces, and ünicode"


@pytest.fixture(scope="module")
def api() -> FlaskClient:
    return client(MAX_BYTES="200000", MAX_PIXELS="200000")


def test_all_but_the_page_requires_the_key() -> None:
    api = client(API_KEY=KEY)
    assert "X-API-Key" in problem(send(api), 401, "no-key")
    problem(api.get("/v1/about", headers={"X-API-Key": "wrong"}), 401, "wrong-key")
    problem(api.get("/v1/about", headers={"Authorization": "Basic abc"}), 401, "no-key")
    plain = KEY.encode().decode("latin-1")  # headers are bytes
    for headers in ({"X-API-Key": plain}, {"Authorization": f"Bearer {plain}"}):
        assert api.get("/v1/about", headers=headers).status_code == 200
    for path in ("/", "/healthz", "/openapi.json", "/page/main.js"):
        assert api.get(path).status_code == 200
    operation = api.get("/openapi.json").get_json()["paths"][PATH]["post"]
    assert operation["security"] == [{"key": []}]


def test_scripts_of_other_sites_may_call_only_if_allowed() -> None:
    origin = {"Origin": "https://example.com"}
    allowed = "Access-Control-Allow-Origin"
    assert allowed not in send(client(), b"", headers=origin).headers
    api = client(CORS_ORIGINS="https://example.com,https://b.example", API_KEY=KEY)
    assert send(api, b"", headers=origin).headers[allowed] == "https://example.com"
    refused = send(api, b"", headers={"Origin": "https://evil.example"})
    assert allowed not in refused.headers
    problem(refused, 403, "foreign-origin")
    preflight_headers = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key",
    }
    preflight = api.options(PATH, headers={**origin, **preflight_headers})
    assert preflight.status_code == 200
    assert "x-api-key" in preflight.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize(
    ("host", "origin", "accepted"),
    [
        ("masks.example", "https://masks.example", True),  # a proxy ends TLS
        ("127.0.0.1:8080", "http://127.0.0.1:8080", True),
        ("127.0.0.1:8080", "http://127.0.0.1:9090", False),
        ("masks.example", "https://masks.example.evil.example", False),
        ("masks.example", "https://evil.example", False),
        ("masks.example", "null", False),
        ("masks.example", "", False),
    ],
)
def test_forms_of_other_sites_are_refused(
    api: FlaskClient, host: str, origin: str, accepted: bool
) -> None:
    headers = {"Host": host, "Origin": origin}
    for response in (
        send(api, b"", headers=headers),
        api.post("/v1/uploads", json={"name": "a", "size": 1}, headers=headers),
    ):
        assert (response.status_code != 403) is accepted
        assert accepted or "CORS_ORIGINS" in problem(response, 403, "foreign-origin")
    assert api.get("/healthz", headers=headers).status_code == 200


def test_requests_to_other_hosts_are_refused() -> None:
    api = client(TRUSTED_HOSTS="localhost, 127.0.0.1")
    for path in ("/", "/v1/about", "/healthz"):
        assert api.get(path, headers={"Host": "127.0.0.1:8080"}).status_code == 200
        response = api.get(path, headers={"Host": "evil.example"})
        assert "127.0.0.1, localhost" in problem(response, 403, "foreign-host")


@pytest.mark.parametrize(
    "origin",
    [
        "https://xexample.com.evil.net",
        "https://example.com.evil.net",
        "https://example.com:444",
        "http://example.com",
        "https://exampleXcom",
        "https://example.com\n",
        "null",
    ],
)
def test_similar_origins_are_refused(origin: str) -> None:
    api = client(CORS_ORIGINS="https://EXAMPLE.com,http://[::1]:80")
    preflight_headers = {"Origin": quote(origin, ":/[]"), "Access-Control-Request-Method": "GET"}
    assert (
        "Access-Control-Allow-Origin"
        not in api.options("/v1/about", headers=preflight_headers).headers
    )


@pytest.mark.parametrize("origin", ["https://example.com", "http://[::1]:80"])
def test_allowed_origins_get_cors_headers(origin: str) -> None:
    api = client(CORS_ORIGINS="https://EXAMPLE.com,http://[::1]:80")
    response = api.get("/v1/about", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin


def test_a_star_allows_all_origins() -> None:
    origin = "https://a.example"
    response = client(CORS_ORIGINS="*").get("/v1/about", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] in ("*", origin)


@pytest.mark.parametrize(
    "origins",
    [
        "https://*.example.com",
        "https://example.com/",
        "https://me@example.com",
        "ftp://example.com",
        "example.com",
        "https://example.com|.*",
        "https://example.com:port",
        "*,https://example.com",
        ".*",
    ],
)
def test_invalid_origins_stop_the_start(origins: str) -> None:
    with pytest.raises(SystemExit, match=r"CORS_ORIGINS: .*(as https://example|stands alone)"):
        client(CORS_ORIGINS=origins)
