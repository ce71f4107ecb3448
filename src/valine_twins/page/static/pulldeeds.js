// What one can do with pull requests and their branches, as the person one is.

import { comment, deed, github, group, login, nobody } from "./deeds.js";
import { h } from "./dom.js";
import { notice } from "./live.js";

const CHECK = { name: "test", workflow: "ci" };
const NOTES = "notes.md";
let pushes = 0;

/** What can be done with a pull request. */
export function pullDeeds(pull, one) {
    const by = login();
    if (pull.state === "merged")
        return [
            nobody(),
            pull.head in one.branches &&
                group(
                    "Branch",
                    deed("Delete the branch", () => github("delete_branch", { branch: pull.head, by })),
                ),
            comment(pull),
        ];
    if (pull.state === "closed") {
        return [
            nobody(),
            group(
                "Pull request",
                deed("Reopen", () => github("reopen_pull_request", { number: pull.number, by })),
                !(pull.head in one.branches) &&
                    deed("Restore its branch", () => github("restore_branch", { number: pull.number, by })),
            ),
            comment(pull),
        ];
    }
    const check = (conclusion) =>
        github("set_check", {
            ...CHECK,
            number: pull.number,
            ...(conclusion ? { status: "completed", conclusion } : { status: "in_progress" }),
        });
    const judge = (verdict) => github("review", { number: pull.number, by, verdict });
    return [
        nobody(),
        group(
            "Commits",
            deed("Push a commit", () => pushOne(pull), "plain-btn", "commit"),
            pull.merge_state !== "DIRTY" && deed("Push a conflict", () => clash(pull)),
            pull.conflicts.length > 0
                ? deed("Resolve the conflict", () => resolve(pull), "primary-btn")
                : deed(`Update from ${pull.base}`, () =>
                      github("merge_branch", { branch: pull.head, other: pull.base, by }),
                  ),
        ),
        group(
            "Checks",
            deed("Success", () => check("success"), "plain-btn", "check"),
            deed("Failure", () => check("failure"), "plain-btn", "cross"),
            deed("Pending", () => check(null), "plain-btn", "dot"),
        ),
        group(
            "Review",
            deed("Approve", () => judge("approve")),
            deed("Request changes", () => judge("request_changes")),
        ),
        group(
            "Pull request",
            pull.draft
                ? deed("Ready for review", () => github("ready_for_review", { number: pull.number, by }), "primary-btn")
                : deed("Back to draft", () => github("convert_to_draft", { number: pull.number, by })),
            !pull.draft &&
                deed(
                    "Merge by hand",
                    () => github("merge", { number: pull.number, method: "squash", by }),
                    "plain-btn",
                    "merged",
                ),
            deed("Close", () => github("close_pull_request", { number: pull.number, by }), "danger-btn"),
        ),
        comment(pull),
    ];
}

async function push(pull, by = login()) {
    pushes += 1;
    const path = `work/${pull.number}-${pushes}.md`;
    return github("push", {
        branch: pull.head,
        files: { [path]: `# ${pull.title}\n\nStep ${pushes}.\n` },
        message: `Work on ${pull.title}`,
        by,
    });
}

async function pushOne(pull) {
    if (await push(pull)) notice(`${login()} pushed a commit to ${pull.head}.`);
}

/** A conflict takes two: one version of the file here, and another on the base. */
async function clash(pull) {
    pushes += 1;
    const file = (text) => ({ [NOTES]: `${text} (${pushes})\n` });
    const here = await github("push", {
        branch: pull.head,
        files: file(`Written for #${pull.number}`),
        message: `Notes for #${pull.number}`,
        by: login(),
    });
    const there =
        here &&
        (await github("push", {
            branch: pull.base,
            files: file(`Written on ${pull.base}`),
            message: `Notes on ${pull.base}`,
            by: login(),
        }));
    if (there) notice(`${NOTES} now differs between ${pull.head} and ${pull.base}: the pull request is in conflict.`);
}

async function resolve(pull) {
    const files = Object.fromEntries(pull.conflicts.map((path) => [path, "Both versions, settled.\n"]));
    const done = await github("resolve", { branch: pull.head, other: pull.base, files, by: login() });
    if (done) notice(`${login()} merged ${pull.base} into ${pull.head} and settled ${pull.conflicts.join(", ")}.`);
}

/** One button for a whole afternoon: every open draft gets a commit, a green check, and is marked ready. */
export function finishAll(one) {
    const drafts = one.pull_requests.filter((pull) => pull.state === "open" && pull.draft);
    if (!drafts.length) return null;
    const finish = async () => {
        for (const pull of drafts) {
            const by = pull.assignees.find((who) => who in one.members) || login();
            const pushed = await push(pull, by);
            const checked =
                pushed &&
                (await github("set_check", {
                    ...CHECK,
                    number: pull.number,
                    status: "completed",
                    conclusion: "success",
                }));
            if (!checked || !(await github("ready_for_review", { number: pull.number, by }))) return;
        }
        notice(`${drafts.length} pull request${drafts.length > 1 ? "s are" : " is"} finished, each by whoever has it.`);
    };
    return h(
        "div",
        { class: "bulk", key: "bulk" },
        h(
            "p",
            null,
            `${drafts.length} draft${drafts.length > 1 ? "s wait" : " waits"} for work. Open one to act on it, or let everybody finish at once: a commit, a green check, ready for review.`,
        ),
        deed("Finish all", finish, "primary-btn"),
    );
}
