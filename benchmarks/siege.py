"""Siege of the service: who waits, while strangers sign in and send half of a call?

Strangers loop on signing in, others hold calls that they never finish. Meanwhile a key
lists leads, and somebody asks whether the service lives: a connection each time.

    python -m benchmarks.siege --seconds 20 --strangers 16 --halves 500
"""

import multiprocessing
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2

from benchmarks.common.bare_service import bare_service
from benchmarks.common.calls import new_key
from benchmarks.common.command_line import at_least, parser_of, print_json
from serving.app.startup import open_service
from serving.demo.client import HOST, free_port
from serving.repositories.api_keys import Scope
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable

HALF = b"POST /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le"
SECONDS_TO_START = 60
PAUSE = 0.02  # seconds between two calls of those who are measured


def besieged(seconds: float, strangers: int, halves: int) -> dict[str, object]:
    """Latencies in milliseconds, and what the strangers were answered."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite:///{folder}/frein.db"
        stack.enter_context(environment_variable("FREIN_DATABASE_URL", url))
        with open_service(Settings()) as service:
            key = new_key(service.store, "crm", Scope.LEADS)
        port = free_port()
        stack.enter_context(bare_service(port))
        bearer = {"Authorization": f"Bearer {key}"}
        with _under_load(port, strangers, halves) as answers:
            latencies = {
                "GET /v1/leads": _measured(port, "/v1/leads", bearer, seconds),
                "GET /health/live": _measured(port, "/health/live", {}, seconds),
            }
    return {"milliseconds": latencies, "sign_ins": answers}


def _measured(
    port: int, path: str, headers: dict[str, str], seconds: float
) -> dict[str, float]:
    times = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        with closing(HTTPConnection(HOST, port, timeout=30)) as http:
            http.request("GET", path, headers=headers)
            answer = http.getresponse()
            answer.read()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == HTTPStatus.OK, answer.status
        time.sleep(PAUSE)
    times.sort()
    return {
        "n": len(times),
        "p50": round(times[len(times) // 2], 1),
        "p99": round(times[int(len(times) * 0.99)], 1),
        "max": round(times[-1], 1),
    }


@contextmanager
def _under_load(port: int, strangers: int, halves: int) -> Iterator[dict[str, int]]:
    """In a process of its own, which would otherwise delay the one that measures.
    Gives how many sign-ins were answered with each status, known at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    load = context.Process(target=_load, args=(port, strangers, halves, theirs))
    load.start()
    answers: dict[str, int] = {}
    try:
        ours.recv()  # all have begun
        yield answers
        ours.send(None)
        answers |= ours.recv()
    finally:
        load.kill()
        load.join()


def _load(port: int, strangers: int, halves: int, measuring: Connection) -> None:
    stop, told = threading.Event(), Counter[int]()
    load = [
        threading.Thread(target=_sign_in, args=(port, stop, told))
        for _ in range(strangers)
    ]
    load.append(threading.Thread(target=_hold_halves, args=(port, stop, halves)))
    for thread in load:
        thread.start()
    time.sleep(1)
    measuring.send(None)
    measuring.recv()
    stop.set()
    for thread in load:
        thread.join()
    measuring.send({str(status): n for status, n in sorted(told.items())})


def _sign_in(port: int, stop: threading.Event, told: Counter[int]) -> None:
    guess = {"login": "awa", "password": "a password of many"}
    with httpx2.Client(base_url=f"http://{HOST}:{port}", timeout=30) as http:
        while not stop.is_set():
            with suppress(httpx2.TransportError):
                told[http.post("/v1/session", json=guess).status_code] += 1


def _hold_halves(port: int, stop: threading.Event, halves: int) -> None:
    """Keep so many calls half sent: one that is cut is begun again."""
    held: list[socket.socket] = []
    while not stop.is_set():
        held = [connection for connection in held if _is_open(connection)]
        for _ in range(halves - len(held)):
            with suppress(OSError):
                held.append(socket.create_connection((HOST, port), timeout=1))
                held[-1].sendall(HALF)
                held[-1].setblocking(False)
        stop.wait(1)
    for connection in held:
        connection.close()


def _is_open(connection: socket.socket) -> bool:
    try:
        is_open = connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        is_open = False
    if not is_open or connection.recv(1024):
        connection.close()
        return False
    return True


def main() -> None:
    parser = parser_of(Path(__file__).stem, __doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--strangers", type=at_least(0), default=16)
    parser.add_argument("--halves", type=at_least(0), default=500)
    asked = parser.parse_args()
    print_json(besieged(asked.seconds, asked.strangers, asked.halves))


if __name__ == "__main__":
    main()
