// What one can do with issues, and the form for a new one.

import { comment, deed, github, group, login, nobody } from "./deeds.js";
import { h } from "./dom.js";
import { notice } from "./live.js";

/** What can be done with an issue. */
export function issueDeeds(issue, one) {
    const by = login();
    const number = issue.number;
    const reopen = issue.state !== "open";
    return [
        nobody(),
        group(
            "Labels",
            issue.labels.map((label) => deed(`Take off ${label}`, () => github("remove_label", { number, label, by }))),
            pick(
                "Put on a label",
                one.labels.filter((label) => !issue.labels.includes(label)),
                (label) => github("add_label", { number, label, by }),
            ),
        ),
        group(
            "Assignees",
            issue.assignees.map((who) => deed(`Take off ${who}`, () => github("unassign", { number, login: who, by }))),
            pick(
                "Assign somebody",
                Object.keys(one.members).filter((who) => !issue.assignees.includes(who)),
                (who) => github("assign", { number, login: who, by }),
            ),
        ),
        group(
            "Issue",
            reopen
                ? deed("Reopen", () => github("reopen_issue", { number, by }))
                : [
                      deed("Close as completed", () => github("close_issue", { number, by })),
                      deed("Close as not planned", () => github("close_issue", { number, reason: "not_planned", by })),
                  ],
        ),
        comment(issue),
    ];
}

function pick(label, choices, does) {
    const change = (event) => {
        const { value } = event.target;
        event.target.value = "";
        if (value) does(value);
    };
    return h(
        "select",
        { key: label, class: "gh", "aria-label": label, disabled: !login() || !choices.length, on: { change } },
        h("option", { value: "" }, `${label}…`),
        choices.map((one) => h("option", { key: one, value: one }, one)),
    );
}

/** The form for a new issue. */
export function newIssue() {
    const submit = async (event) => {
        event.preventDefault();
        const { title, body, labels } = event.target.elements;
        if (!title.value.trim()) return;
        const given = {
            title: title.value,
            body: body.value,
            labels: labels.value
                .split(",")
                .map((label) => label.trim())
                .filter(Boolean),
            by: login(),
        };
        const made = await github("create_issue", given);
        if (!made) return;
        notice(`Issue #${made.number} is open.`);
        title.value = "";
        body.value = "";
        title.focus();
    };
    return h(
        "details",
        { class: "new", key: "new" },
        h("summary", null, "New issue"),
        h(
            "form",
            { class: "form", on: { submit } },
            h(
                "label",
                null,
                "Title",
                h("input", {
                    class: "gh",
                    name: "title",
                    type: "text",
                    required: true,
                    maxlength: "256",
                    autocomplete: "off",
                }),
            ),
            h(
                "label",
                null,
                "Description",
                h("textarea", { class: "gh", name: "body", rows: "3", placeholder: "Depends on #1." }),
            ),
            h(
                "label",
                null,
                "Labels, with commas",
                h("input", { class: "gh", name: "labels", type: "text", initial: "ready", autocomplete: "off" }),
            ),
            h("button", { type: "submit", class: "gh primary-btn", disabled: !login() }, "Open the issue"),
        ),
    );
}
