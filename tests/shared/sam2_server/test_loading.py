import threading

import pytest

from shared.sam2_server.loading import Loading


def test_it_loads_once_in_the_background_and_says_when_it_is_done() -> None:
    go, calls = threading.Event(), []

    def load() -> str:
        calls.append(1)
        assert go.wait(timeout=20)
        return "a model"

    loading = Loading(load)
    assert not calls, "not before somebody asks"
    assert not loading.is_done()
    go.set()
    assert loading.wait() == "a model"
    assert loading.is_done()
    assert len(calls) == 1


def test_what_fails_to_load_says_so_to_everyone() -> None:
    def load() -> str:
        raise FileNotFoundError("no checkpoint")

    loading = Loading(load)
    for question in (loading.wait, loading.wait, loading.is_done):
        with pytest.raises(FileNotFoundError, match="no checkpoint"):
            question()
