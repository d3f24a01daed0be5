"""axe-core on a page: no violation, in light and in dark; nothing runs off the side."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.console.conftest import shot


def looked_at(page: Page, name: str) -> None:
    """Judge a page in light and dark, and write what it shows."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, (
            f"{name}, {scheme}: {found.generate_report()}"
        )
        shot(page, f"{name}-{scheme}")
    assert runs_off(page) <= 0, f"{name} is wider than its window"


def runs_off(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
