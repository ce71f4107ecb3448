"""A whole day, by nothing but what a person can do on the page: type, click, choose, push, check, review, ship."""

from __future__ import annotations

from typing import Any

import pytest

from play.page.house import TIMEOUT, House, a_page, be, planned, reads, tab, types, unfold

pytestmark = pytest.mark.proof
# Notes that a button was waiting, however short it was to be seen.
WAITED = """() => new MutationObserver(() => { window.waited ||= !!document.querySelector(".btn.waiting"); })
  .observe(document.body, { subtree: true, childList: true, attributes: true })"""


def plan_with_autocomplete(page: Any) -> None:
    box = page.locator("#composer")
    box.press_sequentially("/pl")
    page.locator("#suggestions").get_by_role("option", name="/plan").wait_for()
    page.keyboard.press("Enter")
    assert box.input_value() == "/plan "
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert box.input_value() == "/plan label:"
    box.press_sequentially("read")
    page.locator(".suggestion", has_text="read").wait_for()
    box.press_sequentially("y")
    page.locator(".suggestion-name", has_text="ready").wait_for()
    page.keyboard.press("Tab")
    assert box.input_value() == "/plan label:ready "
    page.keyboard.press("Enter")
    reads(page, "Plan r1: 7 issues into main").locator(".thread-last").wait_for()


def take_out(page: Any, issue: str) -> None:
    page.get_by_role("button", name="Take issues out of the plan").click()
    page.locator(".option", has_text=issue).click()
    page.get_by_role("button", name="Choose 1").click()
    reads(page, "Plan r1: 6 issues into main")


def finish(page: Any, number: int, conclusion: str = "Success") -> None:
    row = unfold(page, number)
    row.get_by_role("button", name="Push a commit").click()
    row.get_by_role("button", name=conclusion).click()
    row.locator(".chip", has_text="test").wait_for()
    row.get_by_role("button", name="Ready for review").click()
    row.get_by_role("button", name="Back to draft").wait_for()


def counts(page: Any, selector: str, number: int) -> None:
    """Wait until there are so many."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_have_count(number, timeout=TIMEOUT)


def ship(page: Any) -> None:
    types(page, "/ship")
    confirm = page.locator(".message.ephemeral .btn.success").last
    confirm.wait_for()
    confirm.click()


def test_a_whole_day_by_clicks(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        plan_with_autocomplete(page)
        take_out(page, "#5")

        be(page, "Chen")
        page.get_by_role("button", name="Approve").click()
        refusal = reads(page, "you need the permission")
        assert "Only you can see this" in refusal.inner_text()

        be(page, "Ben")
        assert page.locator(".message", has_text="you need the permission").count() == 0
        page.get_by_role("button", name="Approve").click()
        reads(page, "Approved by Ben")
        page.locator("#item-13").wait_for()
        be(page, "Ana")
        types(page, "/approve run:r1 ")
        reads(page, "already approved r1")

        reads(page, "Run r1 · tracking")
        for number in range(8, 14):
            finish(page, number, "Failure" if number == 9 else "Success")
        be(page, "Ben")
        unfold(page, 8).get_by_role("button", name="Approve").click()
        page.locator("#item-8 .chip", has_text="approved").wait_for()
        row = unfold(page, 12)
        row.get_by_role("button", name="Push a conflict").click()
        row.locator(".chip.bad", has_text="conflict").wait_for()
        row.get_by_role("button", name="Success").click()

        be(page, "Ana")
        reads(page, "checks failed")
        ship(page)
        page.locator("#item-8 .state.merged").wait_for()
        page.locator("#item-13 .state.merged").wait_for()
        assert page.locator(".state.merged").count() == 3  # 9 failed, 10 waits for it, 12 is in conflict

        row = unfold(page, 9)
        row.get_by_role("button", name="Push a commit").click()
        row.get_by_role("button", name="Success").click()
        row = unfold(page, 12)
        row.get_by_role("button", name="Resolve the conflict").click()
        row.locator(".chip.bad").wait_for(state="detached")
        row.get_by_role("button", name="Success").click()
        reads(page, "3 ready")
        ship(page)

        reads(page, "Run r1 · completed")
        counts(page, ".state.merged", 6)
        tab(page, "Releases")
        counts(page, ".release", 2)  # the last thing that a run does: its branches are gone
        page.locator(".release", has_text="Crash when the tank is empty").wait_for()
        tab(page, "Commits")
        counts(page, ".commits li", 8)  # the first, six merges, and the one that made the conflict
        page.locator(".entry", has_text="Run r1").click()
        reads(page, "Notified Ben")
        assert house.scene("discord")["problems"] == []


def test_a_fault_is_thrown_shown_and_recovered_from(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        tab(page, "Faults")
        page.get_by_role("button", name="A 502, though it was done").click()
        page.locator(".thrown li", has_text="GitHub").wait_for()
        tab(page, "Pull requests")
        planned(page)
        page.get_by_role("button", name="Approve").click()

        page.locator("#item-14").wait_for()

        assert page.locator(".item").count() == 7
        assert page.get_by_role("tab", name="Faults").inner_text().strip() == "Faults"
        heads = [pull["head"] for pull in house.scene("github")["repositories"]["acme/rocket"]["pull_requests"]]
        assert len(heads) == len(set(heads)) == 7


def test_a_lost_click_says_that_it_failed_and_can_be_clicked_again(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        planned(page)
        house.act("discord", "throw_fault", kind="webhook_dropped")
        page.evaluate(WAITED)
        page.get_by_role("button", name="Approve").click()
        page.locator(".failed", has_text="This interaction failed").wait_for()
        assert page.evaluate("() => window.waited")

        page.get_by_role("button", name="Approve").click()

        reads(page, "Approved by Ana")
        assert page.locator(".failed").count() == 0
