"""REST routes of reviews. https://docs.github.com/en/rest/pulls/reviews"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.github import documents_code, pulls
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_pulls import PULL, READ, WRITE
from valine_twins.github.world import JSON, Refused

if TYPE_CHECKING:
    from valine_twins.github.state import Pull, Review, ReviewState

REVIEWS = f"{PULL}/reviews"
REVIEW = f"{REVIEWS}/{{review_id}}"
_PAGE = "rest/pulls/reviews#create-a-review-for-a-pull-request"
_STATES: dict[str, ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def _pull(call: Call) -> Pull:
    return pulls.find(call.repo, call.number("pull_number"))


def _review(call: Call, which: Pull) -> Review:
    found = next((one for one in which.reviews if one.id == call.number("review_id")), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _document(call: Call, which: Pull, review: Review) -> JSON:
    """A review as the API shows it: here the states are in upper case, and an empty body is a text."""
    shown = documents_code.review(call.world, call.repo, which, review)
    return {**shown, "state": review.state, "body": review.body}


@route("GET", REVIEWS, READ)
def list_reviews(call: Call) -> Reply:
    """A pull request's reviews, oldest first."""
    which = _pull(call)
    return listed(call, [_document(call, which, one) for one in which.reviews])


@route("POST", REVIEWS, WRITE, role="read")
def create_review(call: Call) -> Reply:
    """Review. What GitHub would keep as pending, or beside lines, is refused: the twin keeps neither."""
    which, event, body = _pull(call), call.text("event"), call.text("body") or ""
    if event is None:
        raise Refused(422, "The offline twin keeps no pending reviews: give an event.", page=_PAGE)
    if event not in _STATES:
        raise Refused(422, f"Invalid request.\n\n{event} is not a member of {list(_STATES)}.", page=_PAGE)
    if call.body.get("comments"):
        raise Refused(422, "The offline twin keeps no comments on lines: say it in the body.", page=_PAGE)
    if event != "APPROVE" and not body:
        raise Refused(422, "Unprocessable Entity", errors=["Pull request review body can't be blank"], page=_PAGE)
    try:
        made = pulls.review(call.world, call.repo, which, call.login, _STATES[event], body)
    except Refused as refusal:
        raise Refused(422, "Unprocessable Entity", errors=[refusal.message], page=_PAGE) from refusal
    return Reply(200, _document(call, which, made))


@route("GET", REVIEW, READ)
def get_review(call: Call) -> Reply:
    """One review."""
    which = _pull(call)
    return Reply(200, _document(call, which, _review(call, which)))


@route("PUT", f"{REVIEW}/dismissals", WRITE)
def dismiss_review(call: Call) -> Reply:
    """Dismiss a review that approved, or asked for changes."""
    call.need("message")
    which = _pull(call)
    review = _review(call, which)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise Refused(
            422, "Unprocessable Entity", errors=[f"Can not dismiss a {review.state.lower()} pull request review"]
        )
    pulls.dismiss(call.world, call.repo, which, review, call.login)
    return Reply(200, _document(call, which, review))
