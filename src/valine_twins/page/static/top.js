// The bar at the top: what this is, who one is, whether the simulation lives, and how the page looks.

import { classes, h, icon, patch } from "./dom.js";
import { act, dismiss, standing as notices, state, update } from "./live.js";
import { avatar } from "./message.js";
import { me, people, standing } from "./people.js";

let choosing = false;

document.addEventListener("pointerdown", (event) => {
    if (!choosing || event.target.closest(".who")) return;
    choosing = false;
    update();
});

/** Draw the bar. */
export function drawTop(bar) {
    const person = me();
    patch(
        bar,
        h(
            "h1",
            null,
            h("img", { src: "/static/icon.svg", alt: "", width: "22", height: "22" }),
            "Valine",
            h("span", { class: "tag" }, "a day by hand"),
        ),
        h(
            "p",
            { class: classes("live", !state.connected && "off"), role: "status" },
            h("i", { "aria-hidden": "true" }),
            h("span", null, state.connected ? "live" : "no connection"),
        ),
        h(
            "div",
            { class: "who", on: { keydown: (event) => event.key === "Escape" && toggle(false), focusout: left } },
            person && chooser(person),
        ),
        h(
            "button",
            {
                type: "button",
                class: "plain theme",
                "aria-label": `Use the ${dark() ? "light" : "dark"} theme`,
                on: { click: turn },
            },
            icon(dark() ? "sun" : "moon"),
        ),
    );
}

function left(event) {
    if (!choosing || !event.relatedTarget || event.currentTarget.contains(event.relatedTarget)) return;
    choosing = false;
    update();
}

function toggle(open) {
    choosing = open;
    update();
    setTimeout(() => (open ? document.querySelector(".who [aria-current]") : document.getElementById("who"))?.focus());
}

function chooser(person) {
    return [
        h(
            "button",
            {
                id: "who",
                type: "button",
                class: "who-top",
                "aria-expanded": choosing ? "true" : "false",
                "aria-controls": "who-list",
                on: { click: () => toggle(!choosing) },
            },
            h("span", { class: "who-word" }, "You are"),
            avatar(person.name, false, "small"),
            h("strong", null, person.name),
            h("span", { class: "who-role" }, standing(person)),
            icon("down"),
        ),
        choosing &&
            h(
                "div",
                { id: "who-list", class: "who-list", role: "group", "aria-label": "Be somebody" },
                people().map((one) => choice(one, person)),
                roles(person),
            ),
    ];
}

function choice(one, person) {
    const be = () => {
        state.me = one.name;
        toggle(false);
    };
    return h(
        "button",
        {
            key: one.name,
            type: "button",
            class: "who-one",
            "aria-current": one.name === person.name ? "true" : false,
            on: { click: be },
        },
        avatar(one.name, false, "small"),
        h(
            "span",
            null,
            h("strong", null, one.name),
            h("small", null, `${standing(one)}${one.access ? ` · ${one.access} on GitHub` : ""}`),
        ),
        one.name === person.name && icon("check"),
    );
}

/** Roles are given and taken while one plays: permission is looked at when it is needed. */
function roles(person) {
    if (!person.discord) return null;
    const all = state.discord.guild.roles.filter((one) => one.name !== "@everyone" && !one.managed);
    const change = (role) => (event) => {
        const names = person.roles.map((one) => one.name).filter((name) => name !== role.name);
        act("discord", "set_roles", {
            member: person.name,
            roles: event.target.checked ? [...names, role.name] : names,
        });
    };
    return h(
        "fieldset",
        { class: "roles", key: `roles-${person.name}` },
        h("legend", null, `${person.name}'s roles on Discord`),
        all.map((role) =>
            h(
                "label",
                { key: role.id },
                h("input", {
                    type: "checkbox",
                    initial: person.roles.some((one) => one.id === role.id),
                    on: { change: change(role) },
                }),
                role.name,
            ),
        ),
    );
}

function dark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function turn() {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
        localStorage.setItem("theme", theme);
    } catch {
        // A browser that keeps nothing shows the theme until the page is left.
    }
    update();
}

/** Draw what is to be said in the corner. */
export function drawNotices(corner) {
    patch(
        corner,
        notices().map((one) =>
            h(
                "div",
                { key: one.id, class: classes("notice", one.kind) },
                icon(one.kind === "bad" ? "cross" : "check"),
                h("p", null, one.text),
                h(
                    "button",
                    { type: "button", class: "plain", "aria-label": "Dismiss", on: { click: () => dismiss(one.id) } },
                    icon("cross"),
                ),
            ),
        ),
    );
}

/** Draw the switch between the panes of a narrow window. */
export function drawSwitch(nav) {
    const go = (pane) => () => {
        state.pane = pane;
        update();
    };
    patch(
        nav,
        [
            ["chat", "Discord", "chat"],
            ["repository", "GitHub", "pull"],
        ].map(([id, title, sign]) =>
            h(
                "button",
                { key: id, type: "button", "aria-current": state.pane === id ? "page" : false, on: { click: go(id) } },
                icon(sign),
                title,
            ),
        ),
    );
}
