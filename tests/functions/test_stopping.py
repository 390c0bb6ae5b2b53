"""SIGTERM, which Cloud Run sends before it stops an instance."""

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import requests
from google.cloud import storage as gcs

from local.processes import free_ports
from local.stack import function_command
from shared.schemas.box import Box
from tests.endpoint import ReceivedRequest, serving
from tests.shared.segmentation_runs import HEIGHT, WIDTH, event, output, result, upload
from tools.support.examples import ROOT
from tools.support.pushes import pushed
from tools.support.shapes import ellipse, prompt_for

PROMPT = prompt_for(ellipse(150, 100, 40, 50), Box(0, 0, WIDTH, HEIGHT))


def _takes(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).status_code == 405
    except requests.RequestException:
        return False


def test_what_is_in_flight_is_finished_and_nothing_new_is_taken(bucket: gcs.Bucket) -> None:
    """SAM2 responds only after the signal. The message is acknowledged, its result complete."""
    signalled = threading.Event()

    def answer(_: ReceivedRequest) -> tuple[int, Any]:
        assert signalled.wait(30)
        return 200, {"masks": [np.ones((PROMPT.crop.height, PROMPT.crop.width), int).tolist()]}

    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/"
    with serving() as sam2, ThreadPoolExecutor() as pool:
        sam2.answer = answer
        settings = {
            "INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name,
            "SAM2_URL": sam2.url, "SAM2_AUTH": "none", "THREADS": "4", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        command = function_command("segmentation", port)
        function = subprocess.Popen(command, env={**os.environ, **settings})
        try:
            deadline = time.monotonic() + 60
            while not _takes(url):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            message = event(bucket, upload(bucket), PROMPT)
            body = pushed(message.data)
            delivery = pool.submit(requests.post, url, json=body, timeout=60)
            sam2.wait_for(1)
            function.send_signal(signal.SIGTERM)
            while _takes(url):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            signalled.set()
            assert delivery.result().status_code == 200
            assert function.wait(timeout=30) == 0
        finally:
            signalled.set()
            function.kill()
    assert result(bucket)["status"] == "segmented"
    with pytest.raises(requests.ConnectionError):
        requests.post(url, json=body, timeout=5)
