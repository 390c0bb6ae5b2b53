"""A page of another site, in a real browser, against everything that `make up` starts."""

import json
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from tools.support.pipeline import output_names
from tools.support.pushes import authorisation, pushed

SITE = "http://evil.example/"
FUNCTIONS = ("landmarks", "segmentation", "drain")
NAMED = {"bucketId": INPUT_BUCKET, "objectId": "victim.png", "objectGeneration": "1"}


def _form(action: str, kind: str, value: str) -> str:
    """A page that sends itself on; a form as text/plain has the value in its body as it is."""
    return f"""<form method="post" action="{action}" enctype="{kind}">
        <textarea name="x">{value}</textarea></form><script>document.forms[0].submit()</script>"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window that shows nothing yet."""
    with browser.new_context() as context:
        yield context.new_page()


def _sent(page: Page, html: str, sandbox: str = "") -> int:
    """What the browser was answered after it had opened a foreign page."""
    headers = {"Content-Type": "text/html", "Content-Security-Policy": sandbox}
    page.route(SITE, lambda route: route.fulfill(headers=headers, body=html))
    with page.expect_response(lambda answer: answer.url != SITE) as told:
        page.goto(SITE)
    page.unroute(SITE)
    return told.value.status


@pytest.mark.parametrize("sandbox", ["", "sandbox allow-scripts allow-forms"])
def test_its_forms_store_nothing(system: Stack, page: Page, sandbox: str) -> None:
    """From a sandbox the browser sends `Origin: null`."""
    place = f"http://127.0.0.1:{system.storage_port}/upload/storage/v1/b/{INPUT_BUCKET}/o"
    media = f"{place}?uploadType=media&amp;name=evil.html"
    for kind in ("text/plain", "multipart/form-data"):
        assert _sent(page, _form(media, kind, "&lt;script>"), sandbox) == 403
    assert _sent(page, _form(f"{system.page}v1/face-mask-sam2", kind, ""), sandbox) == 403
    assert not system.storage.bucket(INPUT_BUCKET).blob("evil.html").exists()


def test_its_pushes_are_refused_and_leave_nothing(system: Stack, page: Page) -> None:
    before = _records(system)
    for function in FUNCTIONS:
        body = json.dumps(pushed(b"{}", NAMED))
        assert _sent(page, _form(_url(system, function), "text/plain", body)) == 415
    assert output_names(system, "victim.png") == set()
    assert _records(system) == before


def test_pushes_without_the_brokers_token_and_under_other_names_are_refused(system: Stack) -> None:
    for function in FUNCTIONS:
        url = _url(system, function)
        other = authorisation(system, _url(system, "sam2"))
        assert _pushed(url) == _pushed(url, **other) == 401
        own = authorisation(system, url)
        assert _pushed(url, **own, Host="evil.example") == 403
    assert output_names(system, "victim.png") == set()
    assert _pushed(url, **own) == 200, "so it was the token that was missing"


@pytest.mark.parametrize("part", ["metadata", "storage", "iam-proxy", "sam2", "api"])
def test_nothing_answers_to_the_name_of_another_site(system: Stack, part: str) -> None:
    answer = requests.get(_url(system, part), headers={"Host": "evil.example"}, timeout=10)
    assert (answer.status_code, "127.0.0.1" in answer.text) == (403, True)


def _pushed(url: str, **headers: str) -> int:
    body = pushed(b"{}", NAMED)
    return requests.post(url, json=body, headers=headers, timeout=60).status_code


def _url(system: Stack, part: str) -> str:
    return f"http://127.0.0.1:{system.processes.port(part)}/"


def _records(system: Stack) -> set[str]:
    return {blob.name for blob in system.storage.list_blobs(OUTPUT_BUCKET, prefix=".toonmask/")}
