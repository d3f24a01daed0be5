"""Client of the demo: starts the service, asks it whom to call, tries the brake."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx2

HOST = "127.0.0.1"
SECONDS_TO_START = 60
RESERVED = "negociation_finale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Answers of the service: the leads to call first, and the refusal."""

    leads: list[dict[str, Any]]
    tried_on: str
    refusal_status: int
    refusal: dict[str, Any]


@contextmanager
def running_service() -> Iterator[str]:
    """The service in a process of its own, on a free loopback port; its address.

    Raises
    ------
    RuntimeError
        If it isn't ready in time; with what it last said.
    """
    port = free_port()
    command = [sys.executable, "-m", "frein", "serve", "--port", str(port)]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as process,
    ):
        try:
            address = f"http://{HOST}:{port}"
            if not _becomes_ready(address, process):
                said.seek(0)
                raise RuntimeError(f"the service doesn't start:\n{said.read()}")
            yield address
        finally:
            process.terminate()


def look(address: str, key: str, *, top: int) -> Look:
    """The `top` leads to call first with their scores, and a reserved move tried."""
    with httpx2.Client(
        base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30
    ) as client:
        listed = _body_of(client, "/v1/leads?limit=500")["leads"]
        ids = [lead["lead_id"] for lead in listed[:top]]
        tried_on = next(lead["lead_id"] for lead in listed if lead["stage"] != RESERVED)
        answer = client.post(f"/v1/leads/{tried_on}/stage-moves", json={"to": RESERVED})
        return Look(
            leads=[_body_of(client, f"/v1/leads/{lead_id}") for lead_id in ids],
            tried_on=tried_on,
            refusal_status=answer.status_code,
            refusal=answer.json(),
        )


def _body_of(client: httpx2.Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _becomes_ready(address: str, process: "subprocess.Popen[bytes]") -> bool:
    for _ in range(SECONDS_TO_START * 10):
        if process.poll() is not None:
            return False
        with suppress(httpx2.TransportError):  # not listening yet
            if httpx2.get(f"{address}/health/ready", timeout=5).status_code == 200:
                return True
        time.sleep(0.1)
    return False
