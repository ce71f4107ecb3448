// The chat: the list of places with who one is, and the place that is open with what was said in it.

import { classes, h, icon, patch } from "./dom.js";
import { act, state } from "./live.js";
import { composer } from "./composer.js";
import { avatar, go, message } from "./message.js";
import { here, me, places } from "./people.js";
import { hint } from "./hint.js";

const read = new Map(); // of each person and place, the newest message seen
let lastPlace = null;
let lastAnswer = "0"; // the newest message seen that only one pair of eyes sees

/** Draw the chat into its pane. */
export function drawChat(pane) {
    if (!state.discord?.guild) {
        patch(pane, h("p", { class: "alone" }, "Waiting for the simulation…"));
        return;
    }
    const open = here();
    const person = me();
    const seen = open ? messages(open, person) : [];
    const list = pane.querySelector(".log");
    const answer = seen.findLast((one) => one.seen_by);
    const answered = answer && BigInt(answer.id) > BigInt(lastAnswer); // below the fold it would look like no answer
    const low = list && list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    const bottom = low || state.sent || answered || lastPlace !== open?.id;
    if (open && visible(pane) && person) read.set(`${person.name}/${open.id}`, seen.at(-1)?.id || "0");
    patch(
        pane,
        h("div", { class: "places" }, sidebar(open, person)),
        h(
            "div",
            { class: "talk" },
            h("header", { class: "talk-head" }, title(open)),
            h(
                "div",
                {
                    class: "log",
                    key: open ? open.id : "none",
                    role: "log",
                    "aria-label": `Messages in ${open?.name}`,
                    tabindex: "0",
                },
                start(open),
                seen.map((one, index) => message(one, seen[index - 1])),
                lost(open, person),
            ),
            hint(),
            composer(open, person),
        ),
    );
    const now = pane.querySelector(".log");
    if (now && bottom) now.scrollTop = now.scrollHeight;
    if (now && answered && lastPlace === open.id) {
        // More may have come in the same moment: then the answer is not at the bottom.
        now.querySelector(`[data-id="${answer.id}"]`).scrollIntoView({ block: "nearest" });
    }
    state.sent = false;
    if (answered) lastAnswer = answer.id;
    lastPlace = open?.id;
}

function visible(pane) {
    return pane.offsetParent !== null;
}

/** What a person sees in a place: what was said, and what only they see, by time. */
function messages(open, person) {
    const own = (state.discord.ephemeral[person?.name] || []).filter((one) => one.channel_id === open.id);
    return [...open.messages, ...own].sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
}

/** Commands that came to nothing: nothing else would tell. */
function lost(open, person) {
    const failed = state.discord.interactions.filter(
        (one) => one.kind === "command" && one.by === person?.name && one.channel === open?.id,
    );
    const latest = failed.at(-1);
    if (latest?.state === "waiting") return h("p", { class: "lost", key: "lost" }, `Sending /${latest.name}…`);
    if (latest?.state !== "failed") return null;
    return h("p", { class: "lost bad", key: "lost", role: "alert" }, `/${latest.name}: `, latest.shown);
}

function title(open) {
    if (!open) return h("h2", null, "No channel");
    if (!open.parent)
        return [
            icon("hash", "sign"),
            h("h2", null, open.name),
            h("span", { class: "topic" }, state.discord.guild.name),
        ];
    return [
        h(
            "button",
            {
                type: "button",
                class: "plain",
                "aria-label": `Back to ${open.parent.name}`,
                on: { click: () => go(open.parent.id) },
            },
            icon("left"),
        ),
        icon("thread", "sign"),
        h("h2", null, open.name),
        h("span", { class: "topic" }, `thread in #${open.parent.name}${open.archived ? ", archived" : ""}`),
        h(
            "button",
            {
                type: "button",
                class: "plain archive",
                "aria-label": open.archived ? "Open the thread again" : "Archive the thread",
                on: { click: () => act("discord", "archive_thread", { thread: open.id, archived: !open.archived }) },
            },
            icon("box"),
        ),
    ];
}

function start(open) {
    if (!open) return null;
    const text = open.parent
        ? `This thread belongs to a message in #${open.parent.name}.`
        : `This is the start of #${open.name}.`;
    return h(
        "div",
        { class: "start", key: "start" },
        h("span", { class: "start-sign" }, icon(open.parent ? "thread" : "hash")),
        h("h3", null, open.parent ? open.name : `Welcome to #${open.name}`),
        h("p", null, text),
    );
}

function sidebar(open, person) {
    const all = places();
    const tops = all.filter((one) => !one.parent);
    return [
        h("h2", { class: "guild" }, state.discord.guild.name),
        h(
            "nav",
            { class: "list", "aria-label": "Channels" },
            tops.map((top) => [
                entry(top, open, person),
                all
                    .filter((one) => one.parent?.id === top.id && !one.archived)
                    .map((thread) => entry(thread, open, person)),
            ]),
        ),
        person &&
            h(
                "div",
                { class: "self" },
                avatar(person.name),
                h(
                    "div",
                    null,
                    h("strong", null, person.name),
                    h(
                        "small",
                        null,
                        person.roles.map((one) => one.name).join(", ") || (person.owner ? "owner" : "no role"),
                    ),
                ),
            ),
    ];
}

function entry(one, open, person) {
    const since = read.get(`${person?.name}/${one.id}`) || "0";
    const fresh = one.messages.filter((said) => BigInt(said.id) > BigInt(since));
    const notified = fresh.filter((said) => said.notified.everyone || said.notified.users.includes(person?.discord?.id)).length;
    const current = open?.id === one.id;
    return h(
        "button",
        {
            key: one.id,
            type: "button",
            class: classes("entry", one.parent && "below", !current && fresh.length > 0 && "fresh"),
            "aria-current": current ? "page" : false,
            on: { click: () => go(one.id) },
        },
        icon(one.parent ? "thread" : "hash"),
        h("span", null, one.name),
        notified > 0 && !current && h("span", { class: "badge", "aria-label": `notified you ${notified} times` }, String(notified)),
    );
}
