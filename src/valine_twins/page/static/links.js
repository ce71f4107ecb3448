// Links to the repository's twin have no site behind them: they open what they name in the page.

import { state, update } from "./live.js";
import { repository } from "./people.js";

/** Issues and pull requests that are unfolded, by number. */
export const unfolded = new Set();

/** Show what an address names, if it is of the repository; whether it was. */
export function follow(address) {
    const found = repository();
    if (!found) return false;
    const tabs = [
        ["pulls", found.pull_requests],
        ["issues", found.issues],
    ];
    for (const [tab, rows] of tabs) {
        const row = rows.find((one) => one.url === address);
        if (row) return open(tab, `item-${row.number}`, row.number);
    }
    const release = /\/releases\/tag\/([^/]+)$/.exec(address);
    if (release) return open("releases");
    const commit = /\/commit\/([0-9a-f]{7,40})$/.exec(address);
    return commit ? open("commits", `commit-${commit[1].slice(0, 10)}`) : false;
}

function open(tab, id, number) {
    state.tab = tab;
    state.pane = "repository";
    if (number !== undefined) unfolded.add(number);
    update();
    setTimeout(() => {
        const row = document.getElementById(id || `tab-${tab}`);
        row?.scrollIntoView({ block: "nearest" });
        (row?.querySelector("summary, button") || row)?.focus({ preventScroll: true });
    });
    return true;
}
