// Issues and pull requests as rows that unfold: what they are, what was said about them, what can be done.

import { classes, h, icon } from "./dom.js";
import { issueDeeds } from "./issuedeeds.js";
import { unfolded } from "./links.js";
import { update } from "./live.js";
import { markdown } from "./markdown.js";
import { hue } from "./people.js";
import { pullDeeds } from "./pulldeeds.js";
import { clock } from "./times.js";

function row(one, kind, sign, head, rest, deeds) {
    const open = unfolded.has(one.number);
    const toggle = () => {
        if (open) unfolded.delete(one.number);
        else unfolded.add(one.number);
        update();
    };
    const id = `item-${one.number}`;
    return h(
        "li",
        { key: one.number, id, class: classes("item", open && "unfolded") },
        h(
            "button",
            {
                type: "button",
                class: "item-top",
                "aria-expanded": open ? "true" : "false",
                "aria-controls": `${id}-more`,
                on: { click: toggle },
            },
            h("span", { class: classes("state", kind) }, icon(sign), h("span", { class: "hidden" }, `${kind}: `)),
            h(
                "span",
                { class: "item-text" },
                h("span", { class: "item-title" }, one.title, " ", h("span", { class: "number" }, `#${one.number}`)),
                h("span", { class: "item-about" }, head),
            ),
            h("span", { class: "item-side" }, rest),
            icon("down", "fold"),
        ),
        open && h("div", { class: "item-more", id: `${id}-more` }, deeds),
    );
}

/** A pull request. */
export function pullRow(pull, one) {
    const kind = pull.state === "open" ? (pull.draft ? "draft" : "open") : pull.state;
    const head = [h("span", { class: "branch" }, pull.head), pull.base !== one.default_branch && ` → ${pull.base}`];
    const side = [mergeable(pull), review(pull), checks(pull), faces(pull)];
    return row(
        pull,
        kind,
        pull.state === "merged" ? "merged" : pull.state === "closed" ? "cross" : "pull",
        head,
        side,
        [
            h("p", { class: "facts" }, facts(pull, kind)),
            labels(pull),
            pull.body &&
                h(
                    "details",
                    { class: "body" },
                    h("summary", null, "Description"),
                    h("div", { class: "text" }, markdown(pull.body)),
                ),
            comments(pull, one),
            pullDeeds(pull, one),
        ],
    );
}

function facts(pull, kind) {
    if (kind === "merged") return `Merged by ${pull.merged_by} as ${pull.merge_commit.slice(0, 10)}.`;
    if (kind === "closed") return "Closed without merging.";
    const wanted = pull.review_decision === "CHANGES_REQUESTED";
    const words = {
        CLEAN: wanted
            ? "A reviewer wants changes, but no rule of the branch forbids merging."
            : "Nothing stands in the way of merging.",
        UNSTABLE: "It can be merged, but a check is not green.",
        DIRTY: `It conflicts with ${pull.base}${pull.conflicts.length ? ` in ${pull.conflicts.join(", ")}` : ""}.`,
        BLOCKED: "The rules of the branch forbid merging now.",
        BEHIND: `It must be brought up to date with ${pull.base} first.`,
        DRAFT: "It is a draft: nobody is asked to look at it yet.",
        UNKNOWN: "GitHub is still computing whether it can be merged.",
    };
    return words[pull.merge_state] || pull.merge_state;
}

function mergeable(pull) {
    return pull.state === "open" && pull.merge_state === "DIRTY" && h("span", { class: "chip bad" }, "conflict");
}

function review(pull) {
    if (pull.state !== "open") return null;
    if (pull.review_decision === "APPROVED") return h("span", { class: "chip good" }, "approved");
    return pull.review_decision === "CHANGES_REQUESTED" && h("span", { class: "chip bad" }, "changes wanted");
}

const GOOD = new Set(["success", "neutral", "skipped"]);

function checks(pull) {
    if (pull.state !== "open") return null;
    return pull.checks.map((one) => {
        const kind = one.status !== "completed" ? "wait" : GOOD.has(one.conclusion) ? "good" : "bad";
        const words = one.status === "completed" ? one.conclusion : one.status.replaceAll("_", " ");
        return h(
            "span",
            { key: one.name, class: classes("chip", kind), title: `${one.name}: ${words}` },
            icon({ wait: "dot", good: "check", bad: "cross" }[kind]),
            one.name,
            h("span", { class: "hidden" }, `: ${words}`),
        );
    });
}

function faces(one) {
    return (
        one.assignees.length > 0 &&
        h(
            "span",
            { class: "faces", title: `Assigned to ${one.assignees.join(", ")}` },
            h("span", { class: "hidden" }, `assigned to ${one.assignees.join(", ")}`),
            one.assignees.map((login) =>
                h(
                    "span",
                    { class: "face", "aria-hidden": "true", style: { "--hue": hue(login) } },
                    login.charAt(0).toUpperCase(),
                ),
            ),
        )
    );
}

function labels(one) {
    return (
        one.labels.length > 0 &&
        h(
            "p",
            { class: "labels" },
            one.labels.map((label) => h("span", { class: "label-chip", style: { "--hue": hue(label) } }, label)),
        )
    );
}

/** An issue. */
export function issueRow(issue, one) {
    const kind = issue.state === "open" ? "open" : issue.state_reason === "not_planned" ? "closed" : "done";
    const blocked = issue.blocked_by.map(([, number]) => `#${number}`).join(", ");
    const head = [
        `by ${issue.author}`,
        blocked && ` · waits for ${blocked}`,
        issue.comments > 0 && ` · ${issue.comments} comment${issue.comments > 1 ? "s" : ""}`,
    ];
    return row(
        issue,
        kind,
        issue.state === "open" ? "issue" : "done",
        head,
        [
            issue.labels.map((label) =>
                h("span", { key: label, class: "label-chip", style: { "--hue": hue(label) } }, label),
            ),
            faces(issue),
        ],
        [
            issue.body
                ? h("div", { class: "text" }, markdown(issue.body))
                : h("p", { class: "facts" }, "No description."),
            comments(issue, one),
            issueDeeds(issue, one),
        ],
    );
}

function comments(item, one) {
    const found = one.comments.filter((comment) => comment.number === item.number);
    return (
        found.length > 0 &&
        h(
            "ul",
            { class: "comments", "aria-label": "Comments" },
            found.map((comment) =>
                h(
                    "li",
                    { key: comment.id },
                    h(
                        "p",
                        { class: "comment-head" },
                        h("strong", null, comment.author),
                        " ",
                        h("time", { datetime: comment.at }, clock(new Date(comment.at), "t")),
                    ),
                    h("div", { class: "text" }, markdown(visible(comment.body))),
                ),
            ),
        )
    );
}

/** GitHub shows no HTML comments. */
export function visible(text) {
    return text.replace(/<!--[^]*?-->/g, "").trim();
}
