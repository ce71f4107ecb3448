// What deeds on GitHub are made of: a button that does one, a group of them, the box for a comment.

import { h, icon } from "./dom.js";
import { act } from "./live.js";
import { me } from "./people.js";

/** The login that one acts as, or null. */
export function login() {
    return me()?.login || null;
}

/** Do something on GitHub. */
export async function github(action, given) {
    return act("github", action, given);
}

/** A button that does something, if one has an account there. */
export function deed(label, does, kind = "plain-btn", sign = null) {
    return h(
        "button",
        { key: label, type: "button", class: `gh ${kind}`, disabled: !login(), on: { click: does } },
        sign && icon(sign),
        label,
    );
}

/** Deeds under a name. */
export function group(name, ...inside) {
    return h(
        "div",
        { class: "deeds", role: "group", "aria-label": name },
        h("span", { class: "deeds-name", "aria-hidden": "true" }, name),
        h("div", { class: "deeds-row" }, inside),
    );
}

/** Why there is nothing to do. */
export function nobody() {
    return (
        !login() &&
        h("p", { class: "facts" }, `${me()?.name || "Nobody"} has no account on GitHub here: be somebody else to act.`)
    );
}

/** The box for a comment. */
export function comment(item) {
    const submit = async (event) => {
        event.preventDefault();
        const field = event.target.elements.body;
        if (!field.value.trim()) return;
        if (await github("comment", { number: item.number, body: field.value, by: login() })) field.value = "";
    };
    const label = `Comment on #${item.number}`;
    return h(
        "form",
        { class: "inline-form", key: "comment", on: { submit } },
        h("input", {
            type: "text",
            name: "body",
            class: "gh",
            "aria-label": label,
            placeholder: "Comment, such as /valine status",
            autocomplete: "off",
            disabled: !login(),
        }),
        h("button", { type: "submit", class: "gh plain-btn", disabled: !login() }, "Comment"),
    );
}
