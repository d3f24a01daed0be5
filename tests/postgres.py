"""A PostgreSQL of the tests' own: on loopback, in a folder that goes away."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text

HOST = "127.0.0.1"
OWNER = "frein"  # as in production, no superuser
_DEBIAN = Path("/usr/lib/postgresql")
_QUICK = {  # nothing here need survive a power cut
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_recycle": "off",  # what is erased leaves the log as well
    "max_connections": "100",
    "unix_socket_directories": "",
    "listen_addresses": HOST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    port: int
    password: str
    data: Path

    def url(self, database: str, user: str = OWNER) -> str:
        url = URL.create(
            "postgresql+psycopg", user, self.password, HOST, self.port, database
        )
        return url.render_as_string(hide_password=False)

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[Connection]:
        """The superuser, each statement committed, whom no trigger stops."""
        engine = create_engine(
            self.url(database, "postgres"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            yield connection
        engine.dispose()

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database, dropped on leaving; its URL."""
        name = f"frein_{secrets.token_hex(4)}"
        with self.superuser() as connection:
            connection.execute(text(f"CREATE DATABASE {name} OWNER {OWNER}"))
            yield self.url(name)
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server of Debian's package, as the user `postgres` where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="frein-postgres-"))
    server = Postgres(
        port=_free_port(), password=secrets.token_hex(16), data=folder / "data"
    )
    try:
        _make(folder, server.password)
        options = [f"-c {name}={value}" for name, value in _QUICK.items()]
        _run(
            *("pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-w"),
            *("-o", f"-p {server.port} {' '.join(options)}", "start"),
        )
        try:
            with server.superuser() as connection:
                role = f"CREATE ROLE {OWNER} LOGIN PASSWORD '{server.password}'"
                connection.execute(text(role))
            yield server
        finally:
            _run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _make(folder: Path, password: str) -> None:
    (folder / "password").write_text(password, encoding="ascii")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        shutil.chown(folder / "password", "postgres")
    _run(
        *("initdb", "-D", str(folder / "data"), "-U", "postgres", "--no-sync"),
        *("-E", "UTF8", "--locale", "C.UTF-8", "-A", "password"),
        *("--pwfile", str(folder / "password")),
    )


def _run(program: str, *arguments: str) -> None:
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [*as_postgres, str(_folder_of_programs() / program), *arguments]
    with tempfile.TemporaryFile("w+") as said:  # a pipe would wait for the server
        ended = subprocess.run(
            command, stdout=said, stderr=said, cwd="/", check=False, timeout=120
        )
        said.seek(0)
        if ended.returncode:
            raise RuntimeError(f"{program} failed:\n{said.read()}")


def _folder_of_programs() -> Path:
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=_version)
    if not found:
        raise RuntimeError("PostgreSQL is missing: run tests/setup.sh")
    return found[-1].parent


def _version(initdb: Path) -> int:
    return int(initdb.parts[-3])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port
