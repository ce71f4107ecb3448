// The faults of both twins: what may go wrong on the way, thrown by hand, and those that wait to strike.

import { h, icon } from "./dom.js";
import { act, notice, state } from "./live.js";

const READY = [
    [
        "github",
        "error_after",
        "A 502, though it was done",
        "The next write on GitHub happens, and the answer is an error.",
        { method: "P*", route: "/repos/*", status: 502 },
    ],
    [
        "github",
        "lost_answer",
        "An answer is lost",
        "The next write on GitHub happens, and nobody hears of it.",
        { method: "P*", route: "/repos/*" },
    ],
    [
        "github",
        "webhook_dropped",
        "Three webhooks are lost",
        "GitHub does not deliver them, and never says so.",
        { times: 3 },
    ],
    ["github", "webhook_doubled", "Webhooks come twice", "The next five are delivered two times each.", { times: 5 }],
    [
        "github",
        "secondary_limit",
        "Too fast for GitHub",
        "The next two writes meet the secondary limit, a bare 403.",
        { method: "P*", route: "/repos/*", times: 2 },
    ],
    ["github", "unreachable", "GitHub is down", "No request arrives, until you clear the faults.", { times: -1 }],
    [
        "discord",
        "rate_limited",
        "Discord says 429",
        "The next three requests must wait five seconds.",
        { times: 3, seconds: 5 },
    ],
    [
        "discord",
        "webhook_dropped",
        "A click is lost",
        "The next interaction never arrives: Discord says that it failed.",
        {},
    ],
];

const KINDS = {
    latency: "the answer takes longer",
    error_before: "an error, and nothing was done",
    error_after: "it was done, then an error",
    lost_answer: "it was done, and no answer comes",
    unreachable: "the request never arrives",
    rate_limited: "the ordinary limit",
    secondary_limit: "the secondary limit",
    graphql_limit: "the limit inside a 200 (GitHub)",
    dropped_write: "looks done, and is not",
    webhook_dropped: "a delivery is not made",
    webhook_doubled: "a delivery is made twice",
    webhook_reordered: "a delivery after the next one",
    webhook_late: "a delivery is late",
    read_lag: "GraphQL shows what was (GitHub)",
};

const NAMES = { github: "GitHub", discord: "Discord" };

/** The faults that are switched on, with their platform. */
export function thrown() {
    return ["github", "discord"].flatMap((platform) =>
        (state[platform]?.faults || []).map((fault) => ({ ...fault, platform })),
    );
}

/** The sheet of faults. */
export function faults() {
    const now = thrown();
    return h(
        "div",
        { class: "faults" },
        h(
            "section",
            { "aria-label": "Switched on" },
            h("h3", null, "Switched on"),
            now.length
                ? [
                      h("ul", { class: "thrown" }, now.map(standing)),
                      h("button", { type: "button", class: "gh danger-btn", on: { click: clear } }, "Clear all faults"),
                  ]
                : h("p", { class: "facts" }, "Nothing is wrong: both platforms answer as they should."),
        ),
        h(
            "section",
            { "aria-label": "Throw one" },
            h("h3", null, "Throw one"),
            h("div", { class: "ready" }, READY.map(ready)),
        ),
        h("details", { class: "new" }, h("summary", null, "Another fault"), form()),
    );
}

function standing(one, index) {
    const where = `${one.method === "*" ? "any" : one.method} ${one.route === "*" ? "" : one.route}`.trim();
    return h(
        "li",
        { key: `${one.platform}-${index}` },
        icon("bolt"),
        h("strong", null, NAMES[one.platform]),
        " ",
        KINDS[one.kind],
        h("span", { class: "facts" }, ` · ${where} · ${one.times < 0 ? "until cleared" : `${one.times} more`}`),
    );
}

function ready([platform, kind, title, about, more]) {
    return h(
        "button",
        { key: title, type: "button", class: "throw", on: { click: () => toss(platform, { kind, ...more }, title) } },
        h("strong", null, title),
        h("span", null, about),
    );
}

async function toss(platform, fault, title) {
    if (await act(platform, "throw_fault", fault)) notice(`Switched on at ${NAMES[platform]}: “${title}”.`);
}

async function clear() {
    const done = (await act("github", "clear_faults", {})) && (await act("discord", "clear_faults", {}));
    if (done) notice("All faults are cleared.");
}

function form() {
    const submit = (event) => {
        event.preventDefault();
        const { platform, kind, method, route, times, seconds, status } = event.target.elements;
        const fault = {
            kind: kind.value,
            method: method.value || "*",
            route: route.value || "*",
            times: Number(times.value),
            seconds: Number(seconds.value),
            status: Number(status.value),
        };
        toss(platform.value, fault, KINDS[kind.value]);
    };
    const number = (name, label, initial, least) =>
        h(
            "label",
            null,
            label,
            h("input", {
                class: "gh",
                type: "number",
                name,
                initial,
                min: least,
                step: name === "seconds" ? "any" : "1",
                required: true,
            }),
        );
    return h(
        "form",
        { class: "form", on: { submit } },
        h(
            "label",
            null,
            "At",
            h(
                "select",
                { class: "gh", name: "platform" },
                Object.entries(NAMES).map(([id, name]) => h("option", { value: id }, name)),
            ),
        ),
        h(
            "label",
            null,
            "What",
            h(
                "select",
                { class: "gh", name: "kind" },
                Object.entries(KINDS).map(([kind, about]) => h("option", { value: kind }, `${kind}: ${about}`)),
            ),
        ),
        h("label", null, "Method (a pattern)", h("input", { class: "gh", type: "text", name: "method", initial: "*" })),
        h(
            "label",
            null,
            "Route, event or interaction (a pattern)",
            h("input", { class: "gh", type: "text", name: "route", initial: "*", spellcheck: "false" }),
        ),
        h(
            "div",
            { class: "three" },
            number("times", "Times (-1: until cleared)", "1", "-1"),
            number("seconds", "Seconds", "5", "0"),
            number("status", "Status", "502", "400"),
        ),
        h("button", { type: "submit", class: "gh primary-btn" }, "Throw it"),
    );
}
