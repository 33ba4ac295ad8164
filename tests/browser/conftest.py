"""A real Chromium, and everything that it says about a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    # Not for the session: while Playwright is open this thread has a running event loop, and no
    # test after it could have one of its own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


class Witness:
    """Remembers what a page logged, threw and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.messages: list[str] = []
        self.errors: list[str] = []
        self.addresses: list[str] = []
        page.on("console", lambda message: self.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.addresses.append(request.url))

    def hosts(self) -> set[str]:
        """Every host that the page asked anything of."""
        return {
            urlsplit(address).netloc
            for address in self.addresses
            if not address.startswith(("data:", "blob:"))
        }

    def complaints(self) -> list[str]:
        """What the browser itself says is wrong: policy violations, failed loads, exceptions."""
        said = [text for text in self.messages if text.startswith(("error", "warning"))]
        return said + self.errors


OpenPage = Callable[..., Witness]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open an address in a browser profile of its own; options are those of Playwright."""
    contexts = []

    def open_(url: str, **options: Any) -> Witness:
        context = browser.new_context(**options)
        contexts.append(context)
        witness = Witness(context.new_page())
        witness.page.goto(url)
        return witness

    yield open_
    for context in contexts:
        context.close()
