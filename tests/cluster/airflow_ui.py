"""The Airflow UI as a person uses it, in a real Chromium."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Error, Page, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# As root, without a graphics card, and with no word to anybody but Airflow.
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SECONDS = 60
_ATTEMPTS = 5
expect.set_options(timeout=_SECONDS * 1000)


@contextmanager
def open_page(url: str) -> Iterator[Page]:
    """Open a page in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_OPTIONS))
        context = browser.new_context(
            base_url=url, viewport={"width": 1400, "height": 900}, locale="en-US"
        )
        page = context.new_page()
        page.set_default_timeout(_SECONDS * 1000)
        try:
            yield page
        finally:
            browser.close()


def open_path(page: Page, path: str) -> None:
    """Open a page, again where other tests have just changed the machine's networks."""
    for attempt in range(_ATTEMPTS):
        try:
            page.goto(path)
        except Error as error:
            if "ERR_NETWORK_CHANGED" not in error.message or attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def log_in(page: Page, user: str, password: str) -> None:
    """Log in by the form."""
    open_path(page, "/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Dags", exact=True)).to_be_visible()


def read_docs(page: Page, dag_id: str, picture: Path) -> str:
    """Return what a DAG's documentation says."""
    open_path(page, f"/dags/{dag_id}")
    page.get_by_role("button", name="Dag Docs").click()
    docs = page.locator("[role=dialog][data-state=open]")
    expect(docs.get_by_text("Meltano project")).to_be_visible()
    page.screenshot(path=picture, animations="disabled")
    output = docs.inner_text()
    page.keyboard.press("Escape")
    return output


def trigger(page: Page, dag_id: str, picture: Path) -> str:
    """Trigger a full refresh by the form, which unpauses the DAG, too; return the run's id."""
    open_path(page, f"/dags/{dag_id}")
    page.get_by_role("button", name="Trigger Dag").click()
    form = page.locator("[role=dialog][data-state=open]")
    expect(form.get_by_text("Ignore the saved state and move all records again.")).to_be_visible()
    # The switch itself is drawn over the input.
    form.locator("input[name=element_full_refresh]").dispatch_event("click")
    expect(form.locator("input[name=element_full_refresh]")).to_be_checked()
    page.screenshot(path=picture, animations="disabled")
    form.get_by_role("button", name="Trigger").click()
    page.wait_for_url(re.compile(r"/runs/manual__"))
    return page.url.rpartition("/runs/")[2].partition("/")[0]


def watch(page: Page, picture: Path) -> None:
    """Watch the run until it is green, on the page that triggering led to."""
    badge = page.locator("main, body").get_by_text("Success", exact=True).first
    expect(badge).to_be_visible(timeout=180_000)
    page.screenshot(path=picture, animations="disabled")


def read_log(page: Page, task_id: str, picture: Path) -> str:
    """Return the task's log as the page shows it."""
    page.get_by_role("link", name=task_id).last.click()
    line = page.get_by_text("succeeded:").first
    expect(line).to_be_visible()
    page.screenshot(path=picture, animations="disabled")
    return page.locator("main, body").first.inner_text()


def read_result(page: Page, picture: Path) -> str:
    """Follow the task's button to its result and return what is there."""
    page.get_by_role("link", name="Details", exact=True).click()
    link = page.get_by_role("link", name="Result and state")
    expect(link).to_be_visible()
    # It opens a window of its own.
    open_path(page, link.get_attribute("href") or "")
    # The keys come first, each value then by a request of its own.
    expect(page.get_by_text("succeeded:").first).to_be_visible()
    page.screenshot(path=picture, animations="disabled")
    return page.locator("main, body").first.inner_text()
