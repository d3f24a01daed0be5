"""The service without a model, in a process of its own: for what tries the store."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx2
import uvicorn

from serving.app.application import create_app
from serving.app.http_protocol import server_options
from serving.app.scheduler import Ticker
from serving.app.startup import open_service
from serving.demo.client import HOST
from serving.runtime.settings import Settings

SECONDS_TO_START = 60


@contextmanager
def bare_service(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """On the settings of the environment; it is killed on leaving.

    Raises RuntimeError if it doesn't answer in time.
    """
    command = [sys.executable, "-m", "benchmarks.common.bare_service", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_live(port)
            yield process
        finally:
            process.kill()


def _wait_until_live(port: int) -> None:
    until = time.monotonic() + SECONDS_TO_START
    with httpx2.Client(base_url=f"http://{HOST}:{port}", timeout=5) as http:
        while time.monotonic() < until:
            with suppress(httpx2.TransportError):
                if http.get("/health/live").is_success:
                    return
            time.sleep(0.1)
    raise RuntimeError("the service doesn't start")


def serve(port: int) -> None:
    """In this process."""
    settings = Settings()
    with open_service(settings) as service:
        app = create_app(service, Ticker(service))
        uvicorn.run(app, host=HOST, port=port, **server_options(settings))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
