"""Calls that are sent too slowly, on a real socket."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request

from serving.app.http_protocol import ConnectionLimits, guarded_protocol

HOST = "127.0.0.1"
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
Connect = Callable[[], socket.socket]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens a connection: 0.3 s for a head, 0.6 s for a body, and 8 at most."""
    app = FastAPI()

    @app.post("/")
    async def read(request: Request) -> int:
        return len(await request.body())

    limits = ConnectionLimits(head_seconds=0.3, body_seconds=0.6, most=8)
    server = uvicorn.Server(
        uvicorn.Config(
            app, host=HOST, port=0, log_config=None, http=guarded_protocol(limits)
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    opened: list[socket.socket] = []

    def open_one() -> socket.socket:
        opened.append(socket.create_connection((HOST, port), timeout=10))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()
    server.should_exit = True
    thread.join(10)


def answered(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    parts = []
    while part := connection.recv(4096):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("sent", [b"", b"GET", HEAD, HEAD + b"\r\nab"])
def test_a_call_that_is_half_sent_is_cut(connect: Connect, sent: bytes) -> None:
    connection = connect()
    connection.sendall(sent)
    assert answered(connection).startswith(b"HTTP/1.1 408 ")


def test_a_second_call_that_is_half_sent_is_cut(connect: Connect) -> None:
    connection = connect()
    connection.sendall(HEAD + b"\r\nabcd")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    connection.sendall(b"GET / HT")
    assert b"408" in answered(connection)


def test_a_call_in_pieces_is_answered(connect: Connect) -> None:
    connection = connect()
    for piece in (HEAD[:9], HEAD[9:] + b"\r\n", b"ab", b"cd"):
        connection.sendall(piece)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_many_that_are_half_sent_keep_nobody_out(connect: Connect) -> None:
    for _ in range(20):
        connect().sendall(b"GET / HT")
    connection = connect()
    connection.sendall(HEAD + b"\r\nabcd")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
