"""The sandbox returns an image or an error for any file, in limited time and memory."""

import io
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cache

import psutil
import pytest
from PIL import Image

from shared.decoding.job import SPARE
from shared.decoding.sandbox import Sandbox
from shared.schemas.errors import Cancelled, ReasonCode, Rejected, Transient
from tools.hostile.bombs import BOMBS, odd_tags, tiles
from tools.hostile.costs import cost, valid
from tools.hostile.pictures import encoded
from tools.support.examples import EXAMPLES

FACE = (EXAMPLES / "micah_01.png").read_bytes()
MAX_PIXELS = 50_000_000


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(MAX_PIXELS)


@pytest.fixture
def server(sandbox: Sandbox) -> psutil.Process:
    """The fork server of this process."""
    sandbox.decode(FACE)
    (found,) = _servers()
    _until(lambda: not found.children())
    return found


def _servers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [one for one in children if "shared.decoding.fork_server" in one.cmdline()]


def _kill(server: psutil.Process) -> None:
    server.kill()
    _until(lambda: server.status() == psutil.STATUS_ZOMBIE)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_each_file_has_a_process_that_ends_with_it(
    sandbox: Sandbox, server: psutil.Process
) -> None:
    with sandbox.opened(FACE) as file:
        (process,) = server.children()
        assert file.decode().shape == (512, 512, 3)
    _until(lambda: not process.is_running())


def test_what_is_decoded_outlives_its_process(sandbox: Sandbox) -> None:
    image = sandbox.decode(FACE)
    again = sandbox.decode(FACE)
    assert (image == again).all()
    image[0, 0] = 7  # it is the caller's own
    assert (sandbox.decode(FACE) == again).all()


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_refused_with_a_sentence(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(Rejected) as caught:
        sandbox.decode(BOMBS[name]())
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (signal.SIGXCPU, Rejected),
        (signal.SIGSEGV, Rejected),
        (signal.SIGABRT, Rejected),
        (signal.SIGKILL, Transient),  # by a system without memory: another time it may work
    ],
)
def test_the_file_is_blamed_for_an_end_that_it_can_have_caused(
    sandbox: Sandbox, server: psutil.Process, number: signal.Signals, kind: type[Exception]
) -> None:
    with sandbox.opened(FACE) as file:
        (process,) = server.children()
        process.send_signal(number)
        with pytest.raises(kind):
            file.decode()
    assert sandbox.decode(FACE).size


def test_where_nothing_comes_for_long_it_is_the_machines_fault(
    sandbox: Sandbox, server: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.decoding.sandbox._WALL_SECONDS", 0.3)
    monkeypatch.setattr("shared.decoding.sandbox._WALL_OVER_PROCESSOR", 0)
    with sandbox.opened(FACE) as file:
        (process,) = server.children()
        process.suspend()
        with pytest.raises(Transient, match="not decoded within"):
            file.decode()
    _until(lambda: not process.is_running())


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bound on Linux alone")
def test_where_the_machine_gives_less_memory_it_is_the_machines_fault(
    sandbox: Sandbox, server: psutil.Process
) -> None:
    large = encoded(Image.new("RGB", (4000, 4000), "red"), "PNG")
    with sandbox.opened(large) as file:
        (process,) = server.children()
        given = process.memory_info().vms + 2**20
        resource.prlimit(process.pid, resource.RLIMIT_AS, (given, given))
        with pytest.raises(Transient, match="no memory"):
            file.decode()


def test_after_the_death_of_the_fork_server_there_is_another(
    sandbox: Sandbox, server: psutil.Process
) -> None:
    _kill(server)
    assert sandbox.decode(FACE).size
    assert [one.pid for one in _servers()] != [server.pid]


def test_the_fork_server_ends_with_its_owner_and_takes_what_it_forked_along() -> None:
    reading, writing = os.pipe()
    owner = os.fork()
    if owner == 0:
        with Sandbox(MAX_PIXELS).opened(FACE):
            (server,) = _servers()
            os.write(writing, f"{server.pid} {server.children()[0].pid}".encode())
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(owner, 0)
    processes = os.read(reading, 64).decode().split()
    _until(lambda: not any(psutil.pid_exists(int(process)) for process in processes))


def test_a_file_that_nobody_waits_for_any_more_is_not_decoded_further(
    sandbox: Sandbox, server: psutil.Process
) -> None:
    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        sandbox.decode(BOMBS["png of 3,000,000 chunks"](), check)
    _until(lambda: not server.children())


def test_odd_tags_leave_no_lines_in_the_logs(
    server: psutil.Process, capfd: pytest.CaptureFixture[str]
) -> None:
    _kill(server)
    Sandbox(MAX_PIXELS).decode(odd_tags(500))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [(100_001, 1), (1, 100_001)])
def test_a_side_has_a_bound(sandbox: Sandbox, size: tuple[int, int]) -> None:
    with pytest.raises(Rejected, match="at most 100,000") as caught:
        sandbox.decode(encoded(Image.new("1", size), "PNG"))
    assert caught.value.code is ReasonCode.TOO_MANY_PIXELS


def test_secrets_of_the_function_are_not_there(
    monkeypatch: pytest.MonkeyPatch, server: psutil.Process, sandbox: Sandbox
) -> None:
    _kill(server)
    monkeypatch.setenv("SAM2_API_KEY", "a secret")
    sandbox.decode(FACE)
    (fresh,) = _servers()
    assert "SAM2_API_KEY" not in fresh.environ()


def test_many_threads_decode_at_once(sandbox: Sandbox) -> None:
    expected = sandbox.decode(FACE)
    wrong: list[bool] = []

    def work() -> None:
        wrong.extend((sandbox.decode(FACE) != expected).any() for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [False] * 40


def test_descriptors_are_given_back(sandbox: Sandbox) -> None:
    def count() -> int:
        return psutil.Process().num_fds()

    for _ in range(3):
        sandbox.decode(FACE)
    before = count()
    for _ in range(20):
        sandbox.decode(FACE)
        with pytest.raises(Rejected):
            sandbox.decode(b"no image")
    assert count() <= before + 2


def test_a_picture_smaller_than_its_tile_has_a_thumbnail(sandbox: Sandbox) -> None:
    assert sandbox.thumbnail(tiles(100, 100, (256, 256)), 64, over_white=True)


def test_a_thumbnail_fits_into_its_square(sandbox: Sandbox) -> None:
    half = Image.new("RGBA", (400, 200), (0, 0, 255, 255))
    half.paste((0, 0, 0, 0), (200, 0, 400, 200))
    file = encoded(half, "PNG")
    for over_white, right in ((True, (255, 255, 255, 255)), (False, (0, 0, 0, 0))):
        webp = sandbox.thumbnail(file, 64, over_white=over_white)
        small = Image.open(io.BytesIO(webp)).convert("RGBA")
        assert (small.size, small.getpixel((60, 16))) == ((64, 32), right)
        assert small.getpixel((3, 16)) == pytest.approx((0, 0, 255, 255), abs=5)


COSTLIEST = (
    "PNG, RGBA of 16 bits", "JPEG, progressive CMYK", "WebP, lossless", "WebP, animated",
    "AVIF, transparent", "GIF", "BMP", "TIFF, RGBA of 16 bits", "TIFF, floating point",
)  # fmt: skip


@cache
def _valid() -> dict[str, Callable[[], bytes]]:
    return dict(valid(1500))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bound on Linux alone")
@pytest.mark.parametrize("name", COSTLIEST)
def test_a_valid_image_takes_less_than_it_is_allowed(name: str) -> None:
    found = cost(_valid()[name]())
    assert found.end == "decoded"
    assert found.memory < SPARE + found.allowed_memory
    assert found.seconds < found.allowed_seconds
