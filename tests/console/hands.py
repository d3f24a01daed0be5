"""How somebody works a page: by pointing, or by the keyboard alone."""

from typing import Protocol

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 150  # of the Tab key on a page
# Of what has the focus: is it outlined, and in the window? Chips outline their label.
FOCUS_IS_SEEN = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return true;
  const shown = focused.matches('.chip input') ? focused.nextElementSibling : focused;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const { top, bottom, left, right } = shown.getBoundingClientRect();
  return focused.matches(':focus-visible')
    && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
    && top < innerHeight && bottom > 0 && left < innerWidth && right > 0;
}"""
# Tab stops once in a group of radio buttons: arrows go on from there.
HAS_FOCUS = """one => one === document.activeElement
  || (one.type === 'radio' && one.name === document.activeElement.name)"""


class Hand(Protocol):
    def press(self, what: Locator) -> None: ...
    def write(self, what: Locator, text: str) -> None: ...
    def choose(self, what: Locator, option: str) -> None: ...
    def tick(self, what: Locator) -> None: ...


class Pointer:
    def __init__(self, _: Page) -> None:
        pass

    def press(self, what: Locator) -> None:
        what.click()

    def write(self, what: Locator, text: str) -> None:
        what.fill(text)

    def choose(self, what: Locator, option: str) -> None:
        what.select_option(label=option)

    def tick(self, what: Locator) -> None:
        what.check()


class Keyboard:
    """Each stop on the way is seen to have the focus."""

    def __init__(self, page: Page) -> None:
        self._page, self._keys = page, page.keyboard

    def press(self, what: Locator) -> None:
        self._reach(what)
        self._keys.press("Enter")

    def write(self, what: Locator, text: str) -> None:
        self._reach(what)
        self._keys.type(text)

    def choose(self, what: Locator, option: str) -> None:
        self._reach(what)
        self._keys.type(option)
        expect(what.locator("option:checked")).to_have_text(option)

    def tick(self, what: Locator) -> None:
        self._reach(what)
        is_radio = what.get_attribute("type") == "radio"
        for _ in range(MOST_STOPS):
            self._keys.press("ArrowRight" if is_radio else "Space")
            if what.is_checked():
                return
        raise AssertionError(f"{what} can't be ticked")

    def _reach(self, what: Locator) -> None:
        expect(what).to_be_visible()
        for _ in range(MOST_STOPS):
            if what.evaluate(HAS_FOCUS):
                return
            self._keys.press("Tab")
            assert self._page.evaluate(FOCUS_IS_SEEN), self._focused()
        raise AssertionError(f"{what} can't be reached")

    def _focused(self) -> str:
        outer: str = self._page.evaluate("document.activeElement.outerHTML")
        return f"the focus isn't seen on {outer[:200]}"
