// The repository as GitHub shows it: pull requests, issues, commits, releases; and the switches of the faults.

import { classes, h, icon, patch } from "./dom.js";
import { state, update } from "./live.js";
import { faults, thrown } from "./faults.js";
import { graph } from "./graph.js";
import { newIssue } from "./issuedeeds.js";
import { markdown } from "./markdown.js";
import { repository } from "./people.js";
import { finishAll } from "./pulldeeds.js";
import { issueRow, pullRow, visible } from "./rows.js";

const TABS = [
    ["pulls", "Pull requests", "pull", (one) => one.pull_requests.filter((pull) => pull.state === "open").length],
    ["issues", "Issues", "issue", (one) => one.issues.filter((issue) => issue.state === "open").length],
    ["commits", "Commits", "commit", () => 0],
    ["releases", "Releases", "tag", (one) => one.releases.length],
    ["faults", "Faults", "bolt", () => thrown().length],
];

/** The sheet that is open. */
function current(one) {
    return state.tab || (one.pull_requests.length ? "pulls" : "issues");
}

/** Draw the repository into its pane. */
export function drawRepository(pane) {
    const one = repository();
    if (!one) {
        patch(pane, h("p", { class: "alone" }, "Waiting for the simulation…"));
        return;
    }
    const [owner, name] = one.name.split("/");
    patch(
        pane,
        h(
            "header",
            { class: "repo-head" },
            h("h2", null, h("span", null, `${owner} / `), name),
            h("span", { class: "pill" }, one.private ? "Private" : "Public"),
        ),
        h(
            "div",
            { class: "tabs", role: "tablist", "aria-label": "Repository" },
            TABS.map((tab) => button(tab, one)),
        ),
        h(
            "div",
            {
                class: "sheet",
                id: "sheet",
                role: "tabpanel",
                key: current(one),
                tabindex: "-1",
                "aria-labelledby": `tab-${current(one)}`,
            },
            sheet(one),
        ),
    );
}

function button([id, title, sign, count], one) {
    const chosen = current(one) === id;
    const choose = () => {
        state.tab = id;
        update();
    };
    const keys = (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const at = TABS.findIndex((tab) => tab[0] === current(one));
        state.tab = TABS[(at + step + TABS.length) % TABS.length][0];
        update();
        setTimeout(() => document.getElementById(`tab-${state.tab}`)?.focus());
    };
    const many = count(one);
    return h(
        "button",
        {
            id: `tab-${id}`,
            key: id,
            type: "button",
            role: "tab",
            class: classes("tab", id === "faults" && many > 0 && "struck"),
            "aria-selected": chosen ? "true" : "false",
            "aria-controls": "sheet",
            tabindex: chosen ? "0" : "-1",
            on: { click: choose, keydown: keys },
        },
        icon(sign),
        title,
        many > 0 && h("span", { class: "count" }, String(many)),
    );
}

function sheet(one) {
    switch (current(one)) {
        case "pulls":
            return pulls(one);
        case "issues":
            return [
                newIssue(),
                one.issues.length
                    ? h(
                          "ul",
                          { class: "items" },
                          sorted(one.issues).map((issue) => issueRow(issue, one)),
                      )
                    : empty("There are no issues."),
            ];
        case "commits":
            return graph(one);
        case "releases":
            return releases(one);
        default:
            return faults();
    }
}

function sorted(rows) {
    return [...rows].sort((a, b) => (a.state === "open" ? 0 : 1) - (b.state === "open" ? 0 : 1) || b.number - a.number);
}

function empty(text) {
    return h("p", { class: "alone" }, text);
}

function pulls(one) {
    if (!one.pull_requests.length)
        return empty("There are no pull requests yet. Once a plan is approved, Valine opens one for each issue.");
    return [
        finishAll(one),
        h(
            "ul",
            { class: "items" },
            sorted(one.pull_requests).map((pull) => pullRow(pull, one)),
        ),
    ];
}

function releases(one) {
    if (!one.releases.length)
        return empty("There are no releases yet. Valine writes one when a run is shipped, if the policy asks for it.");
    return one.releases.map((release) =>
        h(
            "article",
            { key: release.tag, class: "release" },
            h(
                "h3",
                null,
                icon("tag"),
                release.name || release.tag,
                release.draft && h("span", { class: "pill" }, "draft"),
            ),
            h("p", { class: "facts" }, `${release.tag} · by ${release.author}`),
            h("div", { class: "text" }, markdown(visible(release.body || ""))),
        ),
    );
}
