"""What holds on every screen: axe-core finds nothing, in light and in dark; nothing
runs off a narrow window, no control goes missing there, and nothing moves by itself."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.console.conftest import shot

Scheme = Literal["light", "dark"]
# The dark theme changes colours alone (test_screens.py).
RULES: dict[Scheme, dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": {"type": "tag", "values": ["cat.color"]}},
}
# WCAG 1.4.10 asks for 320 pixels; 640 is a window of 1280 at 200 %.
NARROW = (640, 320)
# A table wider than its window scrolls in its own frame (`.wide`), as 1.4.10 allows.
CONTROLS = """() => [...document.querySelectorAll(
    'a, button, input, select, summary, textarea'
  )].filter(one => one.checkVisibility() && !one.matches('.skip')).map(one => {
    const { left, right } = one.getBoundingClientRect();
    const isInside = left >= -1 && right <= innerWidth + 1;
    return [one.outerHTML.slice(0, 120), isInside || one.closest('.wide') !== null];
  })
"""
MOVING = """() => [...document.querySelectorAll('*')].filter(one => {
    const { transitionDuration, animationName } = getComputedStyle(one);
    return parseFloat(transitionDuration) > 0 || animationName !== 'none';
  }).length
"""


def looked_at(page: Page, name: str) -> None:
    """Judge a page, and write what it shows."""
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"resultTypes": ["violations"]} | rules)
        assert found.violations_count == 0, (
            f"{name}, {scheme}: {found.generate_report()}"
        )
        shot(page, f"{name}-{scheme}")
    assert page.evaluate(MOVING) == 0, f"something moves on {name}"
    assert runs_off(page) <= 0, f"{name} is wider than its window"
    _fits_narrow(page, name)


def _fits_narrow(page: Page, name: str) -> None:
    size = page.viewport_size
    assert size is not None
    controls = [control for control, _ in page.evaluate(CONTROLS)]
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 640})
        assert runs_off(page) <= 0, f"{name} is wider than {width} pixels"
        seen = page.evaluate(CONTROLS)
        assert [control for control, _ in seen] == controls, f"{name} at {width}"
        cut = [control for control, is_inside in seen if not is_inside]
        assert not cut, f"{name} at {width} pixels cuts {cut}"
    page.set_viewport_size(size)


def runs_off(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
