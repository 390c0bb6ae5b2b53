"""Folders, search in names, the newest first, and counts: within the bounds of a request."""

import random
from base64 import urlsafe_b64encode
from typing import Any, NoReturn
from urllib.parse import urlencode

import pytest
import time_machine
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from google.cloud.storage._http import Connection

from shared.api.buckets import Buckets
from shared.api.newest_uploads import NewestUploads
from shared.api.problems import busy
from shared.api.upload_counts import count
from shared.api.upload_filter import UploadFilter
from shared.api.upload_listing import UploadListing, UploadPage, UploadQuery
from shared.api.upload_scan import Bounds
from shared.gcp.gcs import STATUS_KEY
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import Review, ReviewCode, Status
from shared.schemas.errors import Cancelled
from tests.functions.api.uploads import put_upload, write_result
from tests.shared.segmentation_runs import output

REVIEW = (Review(code=ReviewCode.NEAR_MISSES, message="One more may be a face."),)
NAMES = [
    "a.png",
    "album/",
    "album/2026/one.png",
    "album/2026/two.png",
    "album/cat.png",
    "album/ä/deep/three.png",
    "album-2/x.png",
    "album//y.png",
    "z.png",
]
ALBUM = ["album//", "album/2026/", "album/ä/"], ["album/", "album/cat.png"]


@pytest.fixture
def uploads(bucket: gcs.Bucket) -> dict[str, int]:
    """Generations of uploads, put in another order than that of their names."""
    names = list(NAMES)
    random.Random(1).shuffle(names)
    return {name: put_upload(bucket, name, b"x") for name in names}


def _page(api: FlaskClient, **query: Any) -> dict[str, Any]:
    response = api.get("/v1/uploads", query_string=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def _names(body: dict[str, Any]) -> list[str]:
    return [upload["name"] for upload in body["uploads"]]


def _all(api: FlaskClient, **query: Any) -> tuple[list[str], list[str]]:
    """Returns the names of the folders and of the uploads of all pages."""
    folders, names, page = list[str](), list[str](), ""
    while page is not None:
        body = _page(api, **query, **({"page": page} if page else {}))
        limit = query.get("limit", 60)
        assert len(body["folders"]) + len(body["uploads"]) <= limit
        folders += body["folders"]
        names += _names(body)
        page = body["next"]
    return folders, names


@pytest.mark.usefixtures("uploads")
@pytest.mark.parametrize("limit", [1, 2, 3, 60])
@pytest.mark.parametrize("order", ["name", "newest"])
@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("", (["album-2/", "album/"], ["a.png", "z.png"])),
        ("album/", ALBUM),
        ("album", ALBUM),
        ("album//", ([], ["album//y.png"])),
        ("album/ä/", (["album/ä/deep/"], [])),
        ("nothing/", ([], [])),
    ],
)
def test_a_folder_has_its_uploads_and_sub_folders_each_once(
    api: FlaskClient, folder: str, found: tuple[list[str], list[str]], limit: int, order: str
) -> None:
    folders, names = _all(api, folder=folder, limit=limit, order=order)
    assert (folders, sorted(names)) == found


@pytest.mark.usefixtures("uploads")
@pytest.mark.parametrize("order", ["name", "newest"])
@pytest.mark.parametrize(
    ("query", "folders", "names"),
    [
        ({"contains": "CAT"}, [], ["album/cat.png"]),
        ({"contains": "2026"}, [], ["album/2026/one.png", "album/2026/two.png"]),
        ({"contains": "Ä"}, [], ["album/ä/deep/three.png"]),
        ({"contains": "a\u0308"}, [], ["album/ä/deep/three.png"]),
        ({"contains": "o", "prefix": "album/2"}, [], ["album/2026/one.png", "album/2026/two.png"]),
        ({"contains": "2026", "folder": "album/"}, ["album/2026/"], []),
        ({"contains": "album", "folder": "album/"}, [], []),
        ({"contains": "album", "prefix": "album/"}, [], []),
        ({"prefix": "c", "folder": "album/"}, [], ["album/cat.png"]),
        ({"prefix": "album", "folder": ""}, ["album-2/", "album/"], []),
        ({"contains": "no such name"}, [], []),
    ],
)
def test_a_search_finds_names_in_upper_and_lower_case(
    api: FlaskClient, query: dict[str, str], folders: list[str], names: list[str], order: str
) -> None:
    found = _all(api, **query, order=order, limit=1)
    assert (found[0], sorted(found[1])) == (folders, sorted(names))


def test_the_newest_uploads_come_first(api: FlaskClient, uploads: dict[str, int]) -> None:
    newest = sorted(uploads, key=uploads.__getitem__, reverse=True)
    assert _all(api, order="newest", limit=2)[1] == newest
    assert _page(api, order="newest")["complete"] is True


def test_uploads_of_the_same_moment_are_in_the_order_of_their_names(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    with time_machine.travel(0, tick=False):
        for name in ("b", "a", "c"):
            put_upload(bucket, name)
    assert _all(api, order="newest", limit=1)[1] == ["a", "b", "c"]


@pytest.mark.parametrize("query", [{}, {"folder": ""}, {"contains": "png"}, {"order": "newest"}])
def test_uploads_that_come_and_go_neither_hide_nor_repeat_others(
    api: FlaskClient, bucket: gcs.Bucket, query: dict[str, str]
) -> None:
    names = [f"{number}.png" for number in range(10, 30)]
    for name in names:
        put_upload(bucket, name)
    chance = random.Random(2)
    found, page, gone = list[str](), "", set[str]()
    while page is not None:
        body = _page(api, **query, limit=3, **({"page": page} if page else {}))
        found += _names(body)
        page = body["next"]
        put_upload(bucket, f"{chance.randrange(10, 30)}-new.png")
        victim = chance.choice(names)
        gone.add(victim)
        if bucket.get_blob(victim):
            bucket.delete_blob(victim)
    assert len(found) == len(set(found))
    assert set(names) - gone <= set(found)


def test_states_are_found_in_every_order(api: FlaskClient, bucket: gcs.Bucket) -> None:
    for number in range(12):
        name = f"{number:02}.png"
        generation = put_upload(bucket, name)
        write_result(bucket, name, generation, Status.EMPTY if number % 4 else Status.FAILED)
    put_upload(bucket, "04.png")
    assert _all(api, state="failed", limit=1)[1] == ["00.png", "08.png"]
    assert _all(api, state="failed", limit=1, order="newest")[1] == ["08.png", "00.png"]
    assert _all(api, state="working", folder="")[1] == ["04.png"]


def test_reviews_are_found_in_every_order_and_counted(api: FlaskClient, bucket: gcs.Bucket) -> None:
    for number in range(8):
        name = f"album/{number:02}.png"
        generation = put_upload(bucket, name)
        review = REVIEW if number % 2 else ()
        write_result(bucket, name, generation, Status.SEGMENTED, review=review)
        if number in (1, 2):
            check = {"name": name, "generation": generation, "revision": 0, "checked": True}
            assert api.post("/v1/uploads/checked", json=check).status_code == 200
    todo = [f"album/{number:02}.png" for number in (3, 5, 7)]
    assert _all(api, review="todo", limit=1)[1] == todo
    assert _all(api, review="todo", limit=1, order="newest")[1] == todo[::-1]
    assert _all(api, review="todo", folder="album", contains="5.P")[1] == [todo[1]]
    assert _all(api, review="checked")[1] == ["album/01.png", "album/02.png"]
    assert _counts(api)["review"] == {"todo": 3, "checked": 2}


def _counts(api: FlaskClient, **query: str) -> dict[str, Any]:
    response = api.get("/v1/uploads/counts", query_string=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def test_uploads_are_counted_by_state(api: FlaskClient, bucket: gcs.Bucket) -> None:
    unreviewed = {"todo": 0, "checked": 0}
    nothing = {
        "working": 0, "segmented": 0, "degraded": 0, "empty": 0, "rejected": 0, "failed": 0,
    }  # fmt: skip
    assert _counts(api) == {"states": nothing, "review": unreviewed, "complete": True}
    for status in Status:
        name = f"album/{status.value}.png"
        write_result(bucket, name, put_upload(bucket, name), status)
    write_result(
        bucket, "album/deep/b.png", put_upload(bucket, "album/deep/b.png"), Status.EMPTY,
        review=REVIEW,
    )  # fmt: skip
    put_upload(bucket, "album/new.png")
    put_upload(bucket, "album/../up.png")
    put_upload(bucket, "other.png")
    album = {**dict.fromkeys(nothing, 1), "empty": 2, "rejected": 2}
    review = {"todo": 1, "checked": 0}
    assert _counts(api, prefix="album/") == {"states": album, "review": review, "complete": True}
    direct = {**dict.fromkeys(nothing, 1)}
    assert _counts(api, folder="album/") == {
        "states": direct,
        "review": unreviewed,
        "complete": True,
    }
    assert _counts(api, contains="NEW")["states"] == {**nothing, "working": 1}


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all requests to Cloud Storage."""
    original, paths = Connection.api_request, list[str]()

    def recording(self: Connection, *args: Any, **kwargs: Any) -> Any:
        paths.append(kwargs["path"])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Connection, "api_request", recording)
    return paths


def test_counting_is_linear_whatever_the_names(
    bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch, listings: list[str]
) -> None:
    """`a` comes before all `a-…`, its result behind all of theirs; others' lie in between."""
    monkeypatch.setattr("shared.api.upload_listing._MOST_RESULTS", 20)
    monkeypatch.setattr("shared.api.upload_listing._LEAST_PER_LISTING", 5)
    names = ["a", *(f"a-{number:03}" for number in range(59)), "a" * 1001]
    for name in names:
        _put_result(bucket, name, put_upload(bucket, name, b"x"))
    for number in range(50):
        _put_result(bucket, f"a-030{number:02}", 1)
    listings.clear()
    counted = count(_bounded(bucket, Bounds(batch=20)), UploadFilter())
    assert (counted.states[Status.EMPTY], counted.complete) == (len(names), True)
    assert len(listings) < 20


def _put_result(bucket: gcs.Bucket, name: str, generation: int) -> None:
    """Writes only what a listing reads of a result."""
    blob = output(bucket).blob(object_names.folder(name) + object_names.RESULT)
    provenance = Provenance(generation, "0123456789ab").metadata
    blob.metadata = {**provenance, STATUS_KEY: Status.EMPTY.value}
    blob.upload_from_string(b"{}")


def _bounded(bucket: gcs.Bucket, bounds: Bounds) -> UploadListing:
    return UploadListing(Buckets(bucket.name, output(bucket).name), bounds)


BOUNDS = [Bounds(objects=4, seconds=60, batch=4), Bounds(objects=10**6, seconds=0, batch=4)]


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_request_says_that_it_reached_its_bounds(bucket: gcs.Bucket, bounds: Bounds) -> None:
    for number in range(10):
        put_upload(bucket, f"{number}.png")
    listing = _bounded(bucket, bounds)
    page = NewestUploads(listing).page(UploadQuery(order="newest"))
    assert [upload.name for upload in page.uploads] == ["3.png", "2.png", "1.png", "0.png"]
    assert (page.complete, page.next) == (False, None)
    counted = count(listing, UploadFilter())
    assert (sum(counted.states.values()), counted.complete) == (4, False)
    assert count(listing, UploadFilter(prefix="9")).complete


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_search_by_name_continues_behind_its_bounds(bucket: gcs.Bucket, bounds: Bounds) -> None:
    for number in range(10):
        put_upload(bucket, f"{number}.png")
    listing = _bounded(bucket, bounds)
    pages: list[UploadPage] = []
    while not pages or pages[-1].next:
        pages.append(
            listing.page(UploadQuery(contains="9", page=pages[-1].next if pages else None))
        )
    assert [len(page.uploads) for page in pages] == [0, 0, 1]
    assert [page.complete for page in pages] == [False, False, True]


def test_a_scan_ends_when_its_client_has_disconnected(bucket: gcs.Bucket) -> None:
    put_upload(bucket, "a.png")
    put_upload(bucket, "b.png")
    listing = _bounded(bucket, Bounds(batch=1))

    def check() -> None:
        raise Cancelled("gone")

    with pytest.raises(Cancelled):
        count(listing, UploadFilter(), check)


@pytest.mark.parametrize("order", ["name", "newest"])
@pytest.mark.parametrize(
    "content", ["", "{}", "null", "[[[[", '{"after": 1}', '{"age": "x", "name": "y"}', "\ud800"]
)
def test_an_invalid_page_token_is_refused(api: FlaskClient, order: str, content: str) -> None:
    token = urlsafe_b64encode(content.encode(errors="surrogatepass") or b"?").decode()
    for page in (token, token[:-1], "ä", "="):
        response = api.get("/v1/uploads", query_string={"page": page, "order": order})
        assert (response.status_code, response.get_json()["code"]) == (404, "no-such-page")


def test_a_token_of_another_order_is_refused(api: FlaskClient, bucket: gcs.Bucket) -> None:
    for name in ("a.png", "b.png"):
        put_upload(bucket, name)
    token = _page(api, limit=1)["next"]
    response = api.get(f"/v1/uploads?{urlencode({'page': token, 'order': 'newest'})}")
    assert response.status_code == 404


def test_only_some_searches_run_at_a_time(
    api: FlaskClient, bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page without a search has no such limit."""
    put_upload(bucket, "a.png")
    monkeypatch.setattr("shared.api.concurrency_limit.ConcurrencyLimit.acquired", _full)
    for path in ("?order=newest", "?contains=a", "?state=empty", "/counts"):
        response = api.get(f"/v1/uploads{path}")
        assert (response.status_code, response.get_json()["code"]) == (429, "busy")
    assert api.get("/v1/uploads?folder=").status_code == 200


def _full(*_: object) -> NoReturn:
    raise busy("Full.", 1)
