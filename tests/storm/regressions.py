"""What the storm found, each as the smallest story that showed it. A test plays them all; they stay for good."""

from __future__ import annotations

from typing import NamedTuple

from storm.choices import Story


class Found(NamedTuple):
    """A seed and its story (None: all that the seed decides), and what was wrong."""

    seed: int
    profile: str
    story: Story | None
    wrong: str


FOUND: tuple[Found, ...] = (
    Found(
        46,
        "past",
        None,
        "a bot that was shut out took the 404 on everything for a label that is off and a branch that is deleted",
    ),
    Found(
        182,
        "day",
        {"spell 1": "token refused 568 749", "surprise 3": "679.6 11 comment cancel close"},
        "a comment's command was set aside for good because the token was refused just then",
    ),
    Found(
        207,
        "day",
        {"discord POST /channels/~4/messages #1": "frozen", "github POST /git/commits #1": "frozen"},
        "a process that stood still for longer than Discord remembers a nonce posted a second board",
    ),
    Found(
        1193,
        "frozen-open",
        {"github POST /issues/1/comments #1": "frozen"},
        "a process that stood still between its look and its comment wrote a second one",
    ),
    Found(
        2587,
        "day",
        {
            "github GET /issues/1 #1": "frozen",
            "github GET /git/ref/heads/valine/r1/1-issue-number-1 #2": "frozen",
        },
        "a process that stood still until the first pull request was merged opened a second one",
    ),
    Found(
        146,
        "past",
        {"spell 1": "queue down 17 1106", "past 1": "2 23 backup restored"},
        "after a restored backup a plan was approved anew, and the comment of the first approval not found",
    ),
    Found(
        8312,
        "open",
        {
            "surprise 1": "399.7 20 retarget",
            "github GET /git/ref/heads/valine/r1/1-issue-number-1 #1": "limit without headers",
            "github GET /issues/1 #1": "frozen",
            "commit record #8": "crash after",
            "commit r1 EffectSucceeded message:board #7": "crash before",
        },
        "a pull request whose base somebody changed before Valine had heard of it was not found, and opened again",
    ),
    Found(
        12305,
        "spells-open",
        {"spell 1": "store down 1 163", "spell 2": "store down 0 392", "spell 3": "clock jump 7 981"},
        "a process whose clock was a quarter of an hour ahead asked for comments of the future, and wrote one twice",
    ),
    Found(
        19013,
        "open",
        {
            "commit r1 PlanApproved #1": "frozen",
            "discord POST /channels/~5/messages #2": "secondary limit",
            "github GET /pulls/3 #1": "time-out before",
            "discord POST /channels/~5/messages #3": "time-out before",
        },
        "a process that had stood still began a slice of work in a partition that another one had long taken over",
    ),
    Found(
        500189,
        "past",
        None,
        "a bot that was let in again between two questions took a developer's comment for an outsider's",
    ),
    Found(
        600154,
        "hands-day",
        {"surprise 2": "12.2 23 plan again", "surprise 3": "10.0 27 comment cancel"},
        "the storm itself: it held an adopted pull request against the cancelled run that had opened it",
    ),
    Found(
        700010,
        "frozen-open",
        {
            "discord POST /channels/~5/messages #1": "frozen",
            "github POST /git/commits #1": "frozen",
            "discord PATCH /webhooks/~2/~37/messages/@original #1": "frozen",
            "discord GET /applications/@me #1": "frozen",
        },
        "the storm itself: it judged before a process that stood still had taken back what it doubled",
    ),
    Found(
        8115,
        "frozen-open",
        None,
        "a process that had stood still put an older card over a newer one, and nobody put it right",
    ),
    Found(
        22688,
        "frozen-open",
        None,
        "what was noted last of a card was taken for what was written last, though another process had written it, too",
    ),
    Found(
        33025,
        "pushy",
        {
            "surprise 5": "11.2 3 force-push",
            "surprise 6": "3.9 0 push",
            "surprise 12": "19.6 3 push",
        },
        "the storm itself: it took a rebase whose last commit changes nothing for an empty merge",
    ),
    Found(
        1009027,
        "past",
        None,
        "a process that had stood still put the label on an issue that it had been taken off since",
    ),
    Found(
        2002355,
        "frozen-hands",
        {
            "surprise 2": "94.7 22 delete board",
            "github GET /git/ref/heads/valine/r1/1-issue-number-1 #1": "5xx after",
            "discord PATCH /channels/~4/messages/~12 #3": "frozen",
        },
        "a process that had stood still missed a board that another had put up anew since, and put up one more",
    ),
    Found(
        2004848,
        "frozen-hands",
        {
            "surprise 1": "107.1 26 plan again",
            "surprise 4": "26.3 32 comment drop",
            "github POST /git/refs #1": "frozen",
        },
        "the storm itself: one of its people closed the dropped issue that another run had taken up, and one opened it",
    ),
    Found(
        2010969,
        "frozen-hands",
        {
            "surprise 2": "20.5 28 comment cancel close",
            "surprise 4": "27.0 22 merge by hand",
            "commit r1 EffectSucceeded comment:1:started #1": "slow",
            "github POST /graphql #3": "frozen",
        },
        "the storm itself: a run that was cancelled before its first look cannot know of a merge by hand",
    ),
    Found(
        41420,
        "past",
        {
            "spell 1": "github down 5 69",
            "past 1": "11 76 backup restored",
            "past 2": "86 30 backup restored",
        },
        "after a restored backup the card showed what came after the backup: approved, and without its buttons",
    ),
    Found(
        52216,
        "past",
        {
            "spell 1": "clock jump 50 628",
            "kept out": "bot token refused 42 705",
            "past 1": "83 27 pull request of that name",
            "past 2": "36 18 pull request of that name",
            "github GET /git/ref/heads/valine/r1/1-issue-number-1 #1": "crash after",
            "discord POST /channels/~9/messages #8": "nonsense",
        },
        "a message was not found again, and sent twice, because our clock had run ten minutes ahead of Discord's",
    ),
    Found(
        1016193,
        "past",
        {"kept out": "bot token refused 17 1047", "past 2": "0 59 backup restored"},
        "the storm itself: its people did the same work again that a run before the backup had merged, and so none",
    ),
    Found(
        1018949,
        "frozen-hands",
        {
            "github GET /issues/1/comments #1": "frozen",
            "github POST /graphql #3": "frozen",
            "github GET /issues/1/comments #2": "slow",
        },
        "the storm itself: a comment written between another process's look and write is taken back a moment later",
    ),
    Found(
        1021292,
        "frozen-hands",
        {
            "github GET /issues/1/comments #2": "frozen",
            "commit r1 WorldObserved #3": "frozen",
            "github GET /pulls/2 #2": "slow",
        },
        "a process that had stood still noted what it had seen before another's look, as if it were newer",
    ),
    Found(
        1022696,
        "past",
        {
            "spell 1": "store down 3 1196",
            "past 2": "10 114 branch of that name",
            "commit r1 PlanRequested #1": "crash after",
        },
        "the storm itself: it counted every tick while a wake-up waited out its minutes after an outage of the store",
    ),
    Found(
        3000082,
        "everything",
        {
            "busy hour": "482",
            "past 2": "78 94 backup restored",
            "discord POST /channels/~4/messages #2": "crash after",
        },
        "the storm itself: after a restored backup it counted writes that no store knows of any more",
    ),
    Found(
        3000777,
        "everything",
        None,
        "our clock was nine seconds slow, and a typed approval was taken for one of the plan shown after it",
    ),
    Found(
        3000717,
        "everything",
        {
            "kept out": "bot token refused 27 1152",
            "surprise 1": "12.3 13 delete channel",
            "past 2": "3 11 backup restored",
            "github POST /graphql #1": "slow",
        },
        "the storm itself: where a channel was deleted it judged before a message elsewhere had been tried again",
    ),
    Found(
        1026179,
        "frozen-hands",
        {
            "surprise 1": "19.7 16 delete card",
            "surprise 2": "29.7 52 close issue",
            "commit r1 EffectSucceeded thread #1": "frozen",
            "commit r1 EffectSucceeded message:milestone.expired #1": "frozen",
        },
        "the thread of a card that was deleted took the place of the thread of the card put up since",
    ),
    Found(
        1029694,
        "frozen-hands",
        {
            "surprise 3": "330.2 34 archive thread",
            "discord POST /channels/~5/messages #3": "lost answer",
            "discord POST /channels/~5/messages #4": "frozen",
            "github GET /issues/2 #3": "frozen",
            "discord GET /channels/~5/messages #2": "frozen",
            "github GET /issues/2 #5": "frozen",
        },
        "what was doubled stayed, since nothing can be deleted in an archived thread and nobody heard that",
    ),
    Found(
        85498,
        "day",
        {
            "spell 1": "clock jump 23 851",
            "surprise 1": "453.1 51 merge by hand",
            "surprise 2": "38.4 34 comment cancel",
            "webhook pull_request #6": "late",
        },
        "the storm itself: it took the time of a look by a clock that ran ahead for the true one",
    ),
    Found(
        1039056,
        "everything",
        {
            "spell 1": "limits without headers 19 626",
            "surprise 1": "27.9 34 cancel and close",
            "past 1": "9 5 backup restored",
        },
        "a pull request of which a restored backup did not know was not closed with its run",
    ),
    Found(
        100467,
        "past",
        None,
        "of two messages the one that was taken away was noted, as it was noted last",
    ),
    Found(
        106663,
        "frozen-hands",
        {
            "surprise 3": "33.9 47 close issue",
            "discord PATCH /webhooks/~2/~3/messages/@original #1": "frozen",
            "github POST /pulls #1": "frozen",
            "github GET /pulls #2": "frozen",
            "commit r1 EffectSucceeded message:milestone.shipped.1 #1": "frozen",
        },
        "a second pull request, opened too late and closed again, took the place of the merged one",
    ),
    Found(
        1042367,
        "everything",
        {
            "spell 1": "clock jump 199 369",
            "spell 2": "bot shut out 11 374",
            "surprise 1": "31.0 58 edit issue",
            "past 1": "60 44 backup restored",
            "past 2": "0 92 pull request of that name",
            "discord POST /channels/~6/messages #1": "slow",
            "discord POST /channels/~6/messages/~8/threads #1": "crash after",
            "github POST /graphql #7": "lost answer",
            "github POST /graphql #14": "lost answer",
            "take #29": "answer lost after",
        },
        "a typed /approve counted for a plan that was shown after it, by a process whose clock was slow",
    ),
    Found(
        1044032,
        "past",
        {
            "spell 1": "clock jump 36 1131",
            "past 2": "79 70 branch of that name",
            "discord POST /channels/~6/messages #10": "crash after",
        },
        "a message was sent again unlooked for, as a process whose clock was fast had wanted it, it seemed, just now",
    ),
    Found(
        401451,
        "frozen-hands",
        {
            "surprise 3": "159.9 18 delete card",
            "surprise 4": "9.5 37 base moves",
            "github POST /graphql #1": "5xx after",
            "discord POST /channels/~6/messages #1": "frozen",
            "discord POST /channels/~6/messages/~9/threads #1": "frozen",
        },
        "a card that was deleted was put up again unlooked for, beside one that a process had put up too late",
    ),
    Found(
        409096,
        "ship",
        {
            "spell 1": "token refused 139 1181",
            "surprise 1": "4.2 17 comment retry",
            "github POST /issues/4/comments #1": "frozen",
            "commit r1 EffectSucceeded message:milestone.completed #1": "crash before",
        },
        "the storm itself: a token that is refused, too, keeps a process from taking back what it doubled",
    ),
    Found(
        20012,
        "release-beside",
        {
            "surprise 2": "63.3 19 comment drop",
            "release 1": "3.0 20",
            "commit r1 PlanRequested #1": "crash before",
            "discord POST /channels/~20/messages #2": "crash after",
            "github GET /issues/1 #1": "crash before",
        },
        "a page that was needed again was posted twice: the first time its answer was lost, and then it was not needed",
    ),
)
