"""How the page is used and seen: by keyboard alone, on a phone, in the dark, by a screen reader, and by an attacker."""

from __future__ import annotations

import re
import signal
from typing import Any

import pytest

from play.page.house import TIMEOUT, House, a_house, a_page, be, planned, reads, tab, types, unfold

pytestmark = pytest.mark.proof

HOSTILE = "<img src=x onerror=alert(1)>**b** [x](javascript:alert(1)) <script>alert(1)</script> @everyone"

# Every control that has no name, and every text that is hard to read against what is behind it.
NAMELESS = """() => {
  const named = (one) => one.getAttribute('aria-label') || one.textContent.trim()
    || [...(one.labels || [])].some((label) => label.textContent.trim());
  const controls = 'button, a[href], input, select, textarea, [role=tab], [role=option], [role=group], [role=log]';
  return [...document.querySelectorAll(controls)].filter((one) => one.checkVisibility() && !named(one))
    .map((one) => one.outerHTML.slice(0, 120));
}"""
FAINT = """() => {
  const channels = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const linear = (one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = color.map((one) => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || !node.checkVisibility({ visibilityProperty: true })) continue;
    if (node.closest('.hidden, :disabled, noscript, .btn.waiting')) continue;
    seen += 1;
    const [one, other] = [light(channels(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.add(`${ratio.toFixed(2)} ${node.className} ${text.slice(0, 40)}`);
  }
  return { seen, faint: [...faint] };
}"""
WIDER = """() => [document.documentElement.scrollWidth - innerWidth,
  document.documentElement.scrollHeight - innerHeight,
  ...[...document.querySelectorAll('.log, .sheet')].map((one) => one.scrollWidth - one.clientWidth)]"""

# A browser that is too busy to draw: what has come stands in the page's state, and is drawn by `held()`.
HOLD = "() => { window.queueMicrotask = (draw) => { window.held = draw; }; }"
ARRIVED = """async (text) => JSON.stringify((await import('/static/live.js')).state.discord).includes(text)"""


def check_readable(page: Any) -> None:
    assert page.evaluate(NAMELESS) == []
    found = page.evaluate(FAINT)
    assert found["seen"] > 10
    assert found["faint"] == []
    assert max(page.evaluate(WIDER)) <= 0


def test_everything_has_a_name_and_can_be_read_in_any_light_and_on_a_phone(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        planned(page)
        page.locator(".select-top").click()
        check_readable(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Approve").click()
        reads(page, "Run r1 · tracking")
    house.act("github", "set_check", name="test", number=8, status="completed", conclusion="failure")
    house.act("github", "set_check", name="test", number=9, status="completed", conclusion="success")
    house.act("github", "set_check", name="test", number=10, status="in_progress")
    house.act("github", "throw_fault", kind="latency", times=5)

    for width, height in ((1440, 900), (390, 844)):
        for scheme in ("light", "dark"):
            size = {"width": width, "height": height}
            with a_page(browser, house, viewport=size, color_scheme=scheme) as page:
                check_readable(page)
                check_repository(page)


def check_repository(page: Any) -> None:
    if page.locator("#switch").is_visible():
        page.locator("#switch button", has_text="GitHub").click()
    for name, number in (("Pull requests", 8), ("Issues", 1), ("Commits", 0), ("Releases", 0), ("Faults", 0)):
        tab(page, name)
        if number:
            unfold(page, number)
        for more in page.locator("#sheet summary").all():
            more.click()
        check_readable(page)
    page.locator("#who").click()
    check_readable(page)


def test_a_command_and_a_click_by_keyboard_alone(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        focused = "document.activeElement"
        page.keyboard.press("Tab")
        assert page.evaluate(f"() => {focused}.textContent") == "Skip to the message box"
        page.keyboard.press("Enter")
        page.keyboard.type("/pl")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        reads(page, "Plan r1")
        assert page.evaluate(f"() => {focused}.id") == "composer"  # the updates did not take the focus away

        for _ in range(30):
            page.keyboard.press("Shift+Tab")
            if page.evaluate(f"() => {focused}.textContent") == "Approve":
                break
        page.keyboard.press("Enter")

        reads(page, "Approved by Ana")


def test_the_list_of_people_closes_when_one_goes_elsewhere(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        page.locator("#who").click()
        page.locator(".start h3").click()
        page.locator("#who-list").wait_for(state="detached")

        page.locator("#who").click()
        page.get_by_role("group", name="Ana's roles").get_by_label("lead").focus()
        page.keyboard.press("Tab")
        page.locator("#who-list").wait_for(state="detached")
        assert page.evaluate("() => document.activeElement.ariaLabel") == "Use the dark theme"


def test_the_choice_in_a_select_by_keyboard_alone(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        planned(page)
        page.locator(".select-top").focus()
        page.keyboard.press("Enter")
        page.locator(".option input:focus").wait_for()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.get_by_role("button", name="Choose 2").focus()
        page.keyboard.press("Enter")

        reads(page, "revision 2")
        reads(page, "Taken out: 2 issues")


def test_what_one_asked_for_comes_into_sight_however_far_up_one_reads(house: House, browser: Any) -> None:
    up = "() => { document.querySelector('.log').scrollTop = 0; }"
    with a_page(browser, house) as page:
        for words in range(40):
            house.act("discord", "say", by="Ben", content=f"words {words}")
        reads(page, "words 39")
        planned(page)

        page.evaluate(up)
        house.act("discord", "say", by="Ben", content="an interruption")
        reads(page, "an interruption")
        assert page.evaluate("() => document.querySelector('.log').scrollTop") == 0  # that was nobody's answer

        types(page, "/status")
        expect_in_sight(page, "only you can see this")

        page.evaluate(up)
        page.get_by_role("button", name="Approve").evaluate("(one) => one.click()")
        expect_in_sight(page, "You approved r1")


def test_an_answer_comes_into_sight_whatever_is_said_in_the_same_moment(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        planned(page)
        page.evaluate(HOLD)

        page.get_by_role("button", name="Approve").evaluate("(one) => one.click()")
        page.wait_for_function(ARRIVED, arg="You approved r1")
        for words in range(40):
            house.act("discord", "say", by="Ben", content=f"words {words}")
        page.wait_for_function(ARRIVED, arg="words 39")
        page.evaluate("() => held()")

        expect_in_sight(page, "You approved r1")


def expect_in_sight(page: Any, text: str) -> None:
    from playwright.sync_api import expect

    answer = page.locator(".message.ephemeral", has_text=re.compile(text, re.IGNORECASE)).last
    expect(answer).to_be_in_viewport(timeout=TIMEOUT)


def test_the_hint_speaks_of_what_is_so(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        planned(page)
        page.get_by_role("button", name="Approve").click()
        page.locator(".hint", has_text="play the developers").wait_for()
        page.locator("#item-14").wait_for()
        page.get_by_role("button", name="Finish all").click()
        page.locator(".hint", has_text="type /ship").wait_for()

        for number in range(8, 15):
            house.act("github", "review", number=number, by="dora", verdict="request_changes")

        page.locator(".hint", has_text="nothing can be merged now").wait_for()
        assert "A reviewer wants changes, but no rule" in unfold(page, 8).inner_text()

        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Cancel, keep them open").click()
        page.locator(".hint", has_text="nothing is under way. Type /plan").wait_for()


def test_what_is_being_typed_survives_what_happens_meanwhile(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        page.locator("#composer").press_sequentially("half a sent")
        page.keyboard.press("ArrowLeft")
        house.act("discord", "say", by="Ben", content="an interruption")
        reads(page, "an interruption")
        page.keyboard.type("!")

        assert page.locator("#composer").input_value() == "half a sen!t"
        assert page.evaluate("() => document.activeElement.id") == "composer"


def test_what_people_write_is_never_read_as_html(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        house.act("github", "create_issue", title=HOSTILE, body=HOSTILE, labels=["ready", "<i>p9</i>"], by="ana")
        house.act("github", "comment", number=1, body=HOSTILE, by="ana")
        house.act("github", "push", branch="<b>bold</b>", files={"a": "1"}, message=HOSTILE, by="ana")
        house.act("discord", "say", by="Ben", content=HOSTILE)
        reads(page, "<img src=x onerror=alert(1)>")
        types(page, "/plan")
        reads(page, "Plan r1: 8 issues into main")
        tab(page, "Issues")
        unfold(page, 8)
        unfold(page, 1)
        page.locator(".item-title", has_text="<script>").wait_for()
        tab(page, "Commits")
        page.locator(".commit-message", has_text="<script>").wait_for()

        assert page.locator("img").count() == 1  # the page's own sign
        assert page.locator("main script, main i[onerror], a[href^='javascript']").count() == 0
        notified = [one["notified"] for one in house.scene("discord")["channels"][0]["messages"]]
        assert not any(one["everyone"] for one in notified)


def test_a_refused_act_is_a_sentence_that_is_read_out(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        page.locator("#composer").fill("/unheard of")
        page.keyboard.press("Enter")

        page.locator("#notices[aria-live] .notice.bad", has_text="There is no command /unheard").wait_for()


def test_words_after_a_command_are_its_first_option_and_never_passed_over(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        types(page, "/plan p0")
        reads(page, "Plan r1: 1 issue into main")
        types(page, "/status r7")
        reads(page, "r7")

        page.locator("#composer").fill("/plan labl:p0")
        page.keyboard.press("Enter")

        page.locator("#notices .notice.bad", has_text="it takes label: and limit:. Nothing was sent.").wait_for()


def test_roles_are_given_and_count_at_once(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        planned(page)
        be(page, "Chen")
        page.get_by_role("button", name="Approve").click()
        reads(page, "you need the permission")
        page.locator("#who").click()
        page.get_by_role("group", name="Chen's roles").get_by_label("lead").check()
        page.locator(".who-role", has_text="lead").wait_for()
        page.keyboard.press("Escape")

        page.get_by_role("button", name="Approve").click()

        reads(page, "Approved by Chen")


def test_the_theme_is_kept_and_a_link_opens_what_it_names(house: House, browser: Any) -> None:
    with a_page(browser, house, color_scheme="light") as page:
        planned(page)
        page.get_by_role("button", name="Use the dark theme").click()
        page.reload(wait_until="commit")
        page.locator(":root[data-theme=dark] #composer:enabled").wait_for()

        page.locator(".message a", has_text="#4").first.click()

        page.locator("#item-4.unfolded").wait_for()
        assert page.get_by_role("tab", name="Issues").get_attribute("aria-selected") == "true"


def test_a_deleted_card_comes_back_and_an_archived_thread_is_opened_again(house: House, browser: Any) -> None:
    with a_page(browser, house) as page:
        assert page.get_by_role("tab", name="Issues").get_attribute("aria-selected") == "true"
        planned(page)
        card = page.locator(".message", has_text="Plan r1")
        card.hover()
        card.get_by_role("button", name="Delete the message").click()
        page.locator(".notice.bad", has_text="Ana may not delete others' messages").wait_for()
        page.locator(".entry", has_text="Run r1").click()
        page.get_by_role("button", name="Archive the thread").click()
        page.get_by_role("button", name="Open the thread again").click()
        page.get_by_role("button", name="Back to shipping").click()

        be(page, "olga")
        card.hover()
        card.get_by_role("button", name="Delete the message").click()
        card.wait_for(state="detached")
        be(page, "Ana")
        types(page, "/approve run:r1 ")

        page.locator("#item-14").wait_for()  # the pull requests came to the fore by themselves
        reads(page, "Plan r1")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_ends_at_once_and_quietly_though_somebody_watches(browser: Any, how: signal.Signals, code: int) -> None:
    gone = "ERR_CONNECTION_REFUSED"  # where the end takes seconds, the page calls again meanwhile, as it should
    with a_house() as house, a_page(browser, house, expected=gone) as page:
        planned(page)
        page.evaluate("() => { window.quiet = true; }")

        ended = house.stop(how)

        assert ended == (code, "")
        page.locator(".live.off", has_text="no connection").wait_for()
        page.context.close()
