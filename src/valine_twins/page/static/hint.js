// One sentence on what could be done next, for somebody who has never seen any of this.

import { h, icon } from "./dom.js";
import { state, update } from "./live.js";
import { me, repository } from "./people.js";

let hidden = false;

/** The hint, unless it was put away. */
export function hint() {
    if (hidden) return null;
    const text = next();
    if (!text) return null;
    const away = () => {
        hidden = true;
        update();
    };
    return h(
        "div",
        { class: "hint", key: "hint" },
        h("p", null, h("strong", null, "Next: "), text),
        h(
            "button",
            { type: "button", class: "plain", "aria-label": "Put the hints away", on: { click: away } },
            icon("cross"),
        ),
    );
}

function next() {
    const person = me();
    if (!state.discord.commands.length)
        return "no command is registered yet. Run `valine commands push --env FILE` for these twins.";
    if (!state.discord.commands.some((one) => one.name === "plan")) return null; // another program's
    if (!person?.discord) return "choose somebody who is on Discord, at the top, to talk here.";
    const labels = buttons();
    const pulls = repository()?.pull_requests.filter((one) => one.state === "open") || [];
    const mine = buttons(person.name);
    if (mine.some((label) => /^Merge \d/.test(label))) return "confirm the message that only you see.";
    if (labels.includes("Approve"))
        return "take issues out of the plan if you like, then click Approve. Try it as Chen, too, who may not.";
    const under = labels.includes("Cancel"); // on the board of a run, as long as it is not at its end
    if (under && pulls.some((one) => one.draft))
        return "play the developers: unfold a pull request in GitHub and finish it, or use Finish all there.";
    if (labels.includes("Ship") && pulls.some(green)) return "type /ship (or click Ship) and confirm what it shows.";
    if (labels.includes("Ship") && pulls.some((one) => one.checks.length))
        return "nothing can be merged now. The board says who must do what: do it for them, in GitHub.";
    if (pulls.length && labels.includes("Ship")) return "set the checks of the pull requests, then type /ship.";
    if (!repository()?.pull_requests.length) return "type /plan and press Enter: Valine proposes what to work on.";
    if (!pulls.length || !under) return "nothing is under way. Type /plan again: it takes what is open and labelled for it.";
    return null;
}

/** Whether it looks as if it could be shipped: Valine knows better, and says why not. */
function green(pull) {
    return pull.merge_state === "CLEAN" && pull.review_decision !== "CHANGES_REQUESTED" && pull.checks.length > 0;
}

/** The labels of the buttons that can be clicked, in the channel or on what only that person sees. */
function buttons(person) {
    const seen = person ? state.discord.ephemeral[person] || [] : state.discord.channels.flatMap((one) => one.messages);
    const found = [];
    const walk = (parts) => {
        for (const part of parts || []) {
            if (part.type === 2 && !part.disabled) found.push(part.label || "");
            walk(part.components);
        }
    };
    for (const one of seen) walk(one.components);
    return found;
}
