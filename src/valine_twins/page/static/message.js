// A message as Discord shows it: who, when, what it answers, its components, whom it notified, its thread.
// https://docs.discord.com/developers/components/reference

import { classes, h, icon } from "./dom.js";
import { act, state, update } from "./live.js";
import { inline, link, markdown } from "./markdown.js";
import { me, named, hue } from "./people.js";
import { menu } from "./menu.js";
import { ago, clock } from "./times.js";

const LOADING = 1 << 7;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const FOLLOWS = 7 * 60 * 1000; // within so many milliseconds a message belongs to the one before

/** A message, below `before` if that was the same author's. */
export function message(one, before) {
    const asked = state.discord.interactions.find((found) => found.id === one.interaction);
    const follows =
        !asked &&
        !one.seen_by &&
        before &&
        !before.seen_by &&
        before.author.id === one.author.id &&
        new Date(one.created) - new Date(before.created) < FOLLOWS;
    const mine = notifies(one);
    const kinds = [follows && "follows", one.seen_by && "ephemeral", mine && "notifies"];
    return h(
        "article",
        {
            key: one.id,
            class: classes("message", ...kinds),
            "data-id": one.id,
            "aria-label": `${one.author.name}, ${clock(new Date(one.created))}`,
        },
        asked && asked.kind === "command" && answered(asked),
        follows
            ? h("time", { class: "when side", datetime: one.created }, clock(new Date(one.created), "t"))
            : avatar(one.author.name, one.author.bot),
        h(
            "div",
            { class: "said" },
            !follows && head(one),
            one.flags & LOADING ? thinking(one.author.name) : body(one),
            failed(one),
            notified(one),
            one.seen_by && h("p", { class: "only" }, icon("eye"), "Only you can see this"),
            one.thread && threaded(one.thread),
        ),
        remove(one),
    );
}

/** Cards get deleted, and come back: whoever may manage messages can try it. */
function remove(one) {
    const gone = () => act("discord", "delete_message", { message: one.id, by: me()?.name });
    const name = `Delete the message of ${one.author.name}, ${clock(new Date(one.created))}`;
    return h(
        "button",
        {
            type: "button",
            class: "plain remove",
            "aria-label": name,
            title: "Delete this message",
            on: { click: gone },
        },
        icon("trash"),
    );
}

function answered(asked) {
    return h(
        "p",
        { class: "answers" },
        h("span", { class: "elbow", "aria-hidden": "true" }),
        h("span", { class: "dot", style: { "--hue": hue(asked.by) } }),
        h("strong", null, asked.by),
        " used ",
        h("span", { class: "slash" }, `/${asked.name}`),
    );
}

function head(one) {
    return h(
        "p",
        { class: "head" },
        h(
            "span",
            { class: "name", style: { "--hue": hue(one.author.name) }, "data-bot": one.author.bot },
            one.author.name,
        ),
        one.author.bot && h("span", { class: "app" }, "APP"),
        h(
            "time",
            { class: "when", datetime: one.created, title: clock(new Date(one.created)) },
            clock(new Date(one.created), "t"),
        ),
    );
}

/** The round picture that stands for somebody. */
export function avatar(name, bot, more) {
    const picture = bot ? icon("check", "bot") : h("span", null, name.charAt(0).toUpperCase());
    return h(
        "span",
        { class: classes("avatar", bot && "of-bot", more), style: { "--hue": hue(name) }, "aria-hidden": "true" },
        picture,
    );
}

function body(one) {
    const content = one.content && h("div", { class: "content" }, markdown(one.content), edited(one));
    const parts =
        one.components.length > 0 &&
        h(
            "div",
            { class: "parts" },
            one.components.map((part) => component(part, one)),
        );
    return [content, parts, !one.content && edited(one)];
}

function edited(one) {
    return one.edited && h("span", { class: "edited", title: ago(new Date(one.edited)) }, "(edited)");
}

function thinking(name) {
    return h(
        "p",
        { class: "thinking" },
        h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
        `${name} is thinking…`,
    );
}

function notifies(one) {
    const person = me()?.discord;
    return (
        Boolean(person) &&
        (one.notified.everyone ||
            one.notified.users.includes(person.id) ||
            one.notified.roles.some((id) => person.roles.includes(id)))
    );
}

function notified(one) {
    const names = [...one.notified.users, ...one.notified.roles].map((id) => named(id) || "somebody");
    if (one.notified.everyone) names.unshift("everybody");
    return names.length > 0 && h("p", { class: "notified" }, icon("bell"), `Notified ${names.join(", ")}`);
}

/** What this person reads of an act on that message which came to nothing. */
function failed(one) {
    const latest = state.discord.interactions
        .filter((asked) => asked.message === one.id && asked.by === me()?.name)
        .at(-1);
    return latest?.state === "failed" && h("p", { class: "failed", role: "alert" }, latest.shown);
}

function threaded(thread) {
    const last = thread.messages.at(-1);
    const count = thread.messages.length;
    const text = (last?.content || "").split("\n")[0];
    return h(
        "button",
        { class: "thread", type: "button", on: { click: () => go(thread.id) } },
        h(
            "span",
            { class: "thread-name" },
            icon("thread"),
            thread.name,
            h("span", { class: "thread-count" }, `${count} ${count === 1 ? "message" : "messages"}`, icon("right")),
        ),
        last && h("span", { class: "thread-last" }, inline(text)),
    );
}

/** Open a channel or thread. */
export function go(id) {
    state.place = id;
    state.pane = "chat";
    update();
    setTimeout(() => document.getElementById("composer")?.focus());
}

// Components ----------------------------------------------------------------------------------------------------------

function component(part, one) {
    switch (part.type) {
        case 1:
            return h(
                "div",
                { key: part.id, class: "row" },
                part.components.map((inner) => control(inner, one)),
            );
        case 9:
            return h(
                "div",
                { key: part.id, class: "section" },
                h(
                    "div",
                    null,
                    part.components.map((inner) => component(inner, one)),
                ),
                control(part.accessory, one),
            );
        case 10:
            return h("div", { key: part.id, class: "text" }, markdown(part.content));
        case 14:
            return part.divider
                ? h("hr", { key: part.id, class: part.spacing === 2 && "wide" })
                : h("div", { key: part.id, class: "space" });
        case 17: {
            const color = part.accent_color === null ? null : `#${part.accent_color.toString(16).padStart(6, "0")}`;
            const style = color ? { "--accent": color } : {};
            return h(
                "div",
                { key: part.id, class: classes("container", color && "accented"), style },
                part.components.map((inner) => component(inner, one)),
            );
        }
        case 12:
        case 13:
            return h("p", { key: part.id, class: "picture" }, "A picture, which this page does not show.");
        default:
            return null;
    }
}

function control(part, one) {
    if (part.type === 2) return button(part, one);
    if (part.type === 3) return menu(part, one, waits(part, one));
    if (part.type === 11) return h("span", { key: part.id, class: "thumb" }, part.description || "picture");
    return h(
        "p",
        { key: part.id, class: "picture" },
        "A select of people, roles or channels, which this page does not offer.",
    );
}

function button(part, one) {
    const label = [part.emoji?.name && h("span", { class: "emoji" }, part.emoji.name), part.label];
    if (part.style === 5) return h("span", { key: part.id, class: "btn link" }, link(part.url, [label, icon("open")]));
    const waiting = waits(part, one);
    const click = () => act("discord", "click", { by: me()?.name, custom_id: part.custom_id, message: one.id });
    return h(
        "button",
        {
            key: part.id,
            type: "button",
            class: classes("btn", STYLES[part.style], waiting && "waiting"),
            disabled: part.disabled === true,
            "aria-busy": waiting && "true",
            on: { click: () => !waiting && click() },
        },
        waiting ? h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")) : null,
        h("span", { class: "label" }, label),
    );
}

function waits(part, one) {
    return state.discord.interactions.some(
        (asked) =>
            asked.state === "waiting" &&
            asked.message === one.id &&
            asked.name === part.custom_id &&
            asked.by === me()?.name,
    );
}
