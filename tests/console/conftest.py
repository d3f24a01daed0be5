"""The console in Debian's Chromium, against the service in a thread of this process."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from governance.people.roles import Role
from serving.app.application import create_app
from serving.auth.accounts import NewAccount, open_account
from serving.auth.dependencies import COOKIE
from serving.auth.passwords import hashed
from serving.auth.sessions import SESSION_LENGTH, begin_session
from serving.demo.client import HOST, free_port
from serving.repositories.persons import find_person, set_password
from serving.runtime.service import Service
from tests.budgets import PROFILE, Profile
from tests.serving.conftest import (  # noqa: F401 - fixtures
    defaults,
    judgement,
    migrated,
    pipeline,
    service,
    sqlite_store,
)

PASSWORD = "le cheval de Nantes"
SCREENS = Path("build/screens")
LAUNCH: dict[str, Any] = {
    "executable_path": "/usr/bin/chromium-headless-shell",
    "args": ["--no-sandbox"],
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
# Milliseconds: a page that never comes fails its test, a busy machine doesn't.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
SIZES = {"desktop": DESKTOP, "phone": PHONE}
# What a page does is the same at both, and how it looks is in test_screens.py.
SIZES_TRIED = tuple(SIZES) if PROFILE is Profile.FULL else ("desktop",)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("sqlite_store")


@dataclass(frozen=True)
class Console:
    """The console as somebody opens it; `shot` writes what they see."""

    address: str
    service: Service

    def sign_in(self, page: Page, login: str = "commercial") -> None:
        """Begin a session in the page's browser, and open the home page with it."""
        store = self.service.store
        with store.reading() as session:
            person = find_person(session, login)
        assert person is not None
        begun = begin_session(store, person, self.service.clock())
        page.context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": begun.cookie,
                    "url": self.address,
                    "expires": time.time() + SESSION_LENGTH.total_seconds(),
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )
        page.goto(f"{self.address}/console/")


@cache
def password_hash() -> str:
    """Of PASSWORD: a hash is meant to take long."""
    return hashed(PASSWORD)


@pytest.fixture
def console(service: Service) -> Iterator[Console]:  # noqa: F811 - a fixture
    """The service on a loopback port, and a person of each role."""
    for role in Role:
        wish = NewAccount(
            login=role.value,
            name="Awa Diallo" if role is Role.SALES else f"Une {role.value}",
            role=role,
            team="Nord",
        )
        person = open_account(service.store, wish, service.clock())
        with service.store.writing() as session:
            set_password(session, person.id, password_hash())
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(service), host=HOST, port=port, log_config=None)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield Console(f"http://{HOST}:{port}", service)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(**LAUNCH)
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; what a page does against its own policy fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(**options: Any) -> Page:
        context = browser.new_context(
            locale="fr-FR", reduced_motion="reduce", **(DESKTOP | options)
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: _note(said.type, said.text, faults))
        page.on("request", lambda one: _note_if_away(one.url, faults))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def _note(kind: str, text: str, faults: list[str]) -> None:
    is_answer = text.startswith("Failed to load resource")  # a 404 that is tested
    if kind in {"error", "warning"} and not is_answer:
        faults.append(text)


def _note_if_away(url: str, faults: list[str]) -> None:
    if not url.startswith(f"http://{HOST}:"):
        faults.append(f"asks {url}")


def shot(page: Page, name: str) -> None:
    """Write what the page shows, where somebody asked for it: to be looked at."""
    if "FREIN_SCREENS" not in os.environ:
        return
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
