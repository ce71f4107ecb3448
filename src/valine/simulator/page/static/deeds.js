// What one can do on GitHub as the person one is: to issues, to pull requests, to branches.

import { h, icon } from "./dom.js";
import { act, notice, state, update } from "./live.js";
import { me } from "./people.js";

const CHECK = { name: "test", workflow: "ci" };
const NOTES = "notes.md";
let pushes = 0;

function login() {
  return me()?.login || null;
}

async function github(action, given) {
  return act("github", action, given);
}

/** A button that does something, if one has an account there. */
function deed(label, does, kind = "plain-btn", sign = null) {
  return h("button", { key: label, type: "button", class: `gh ${kind}`, disabled: !login(), on: { click: does } }, sign && icon(sign), label);
}

function group(name, ...inside) {
  return h("div", { class: "deeds", role: "group", "aria-label": name }, h("span", { class: "deeds-name", "aria-hidden": "true" }, name), h("div", { class: "deeds-row" }, inside));
}

function nobody() {
  return !login() && h("p", { class: "facts" }, `${me()?.name || "Nobody"} has no account on GitHub here: be somebody else to act.`);
}

/** What can be done with a pull request. */
export function pullDeeds(pull, one) {
  const by = login();
  if (pull.state === "merged") return [nobody(), comment(pull)];
  if (pull.state === "closed") {
    return [nobody(), group("Pull request", deed("Reopen", () => github("reopen_pull_request", { number: pull.number, by })), !(pull.head in one.branches) && deed("Restore its branch", () => github("restore_branch", { number: pull.number, by }))), comment(pull)];
  }
  const check = (conclusion) => github("set_check", { ...CHECK, number: pull.number, ...(conclusion ? { status: "completed", conclusion } : { status: "in_progress" }) });
  const judge = (verdict) => github("review", { number: pull.number, by, verdict });
  return [
    nobody(),
    group("Commits", deed("Push a commit", () => pushOne(pull), "plain-btn", "commit"), pull.merge_state !== "DIRTY" && deed("Push a conflict", () => clash(pull)), pull.conflicts.length > 0 && deed("Resolve the conflict", () => resolve(pull), "primary-btn")),
    group("Checks", deed("Success", () => check("success"), "plain-btn", "check"), deed("Failure", () => check("failure"), "plain-btn", "cross"), deed("Pending", () => check(null), "plain-btn", "dot")),
    group("Review", deed("Approve", () => judge("approve")), deed("Request changes", () => judge("request_changes"))),
    group(
      "Pull request",
      pull.draft ? deed("Ready for review", () => github("ready_for_review", { number: pull.number, by }), "primary-btn") : deed("Back to draft", () => github("convert_to_draft", { number: pull.number, by })),
      !pull.draft && deed("Merge by hand", () => github("merge", { number: pull.number, method: "squash", by }), "plain-btn", "merged"),
      deed("Close", () => github("close_pull_request", { number: pull.number, by }), "danger-btn"),
    ),
    comment(pull),
  ];
}

async function push(pull, by = login()) {
  pushes += 1;
  const path = `work/${pull.number}-${pushes}.md`;
  return github("push", { branch: pull.head, files: { [path]: `# ${pull.title}\n\nStep ${pushes}.\n` }, message: `Work on ${pull.title}`, by });
}

async function pushOne(pull) {
  if (await push(pull)) notice(`${login()} pushed a commit to ${pull.head}.`);
}

/** A conflict takes two: one version of the file here, and another on the base. */
async function clash(pull) {
  pushes += 1;
  const file = (text) => ({ [NOTES]: `${text} (${pushes})\n` });
  const here = await github("push", { branch: pull.head, files: file(`Written for #${pull.number}`), message: `Notes for #${pull.number}`, by: login() });
  const there = here && (await github("push", { branch: pull.base, files: file(`Written on ${pull.base}`), message: `Notes on ${pull.base}`, by: login() }));
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
      const checked = pushed && (await github("set_check", { ...CHECK, number: pull.number, status: "completed", conclusion: "success" }));
      if (!checked || !(await github("ready_for_review", { number: pull.number, by }))) return;
    }
    notice(`${drafts.length} pull request${drafts.length > 1 ? "s are" : " is"} finished, each by whoever has it.`);
  };
  return h("div", { class: "bulk", key: "bulk" }, h("p", null, `${drafts.length} draft${drafts.length > 1 ? "s wait" : " waits"} for work. Open one to act on it, or let everybody finish at once: a commit, a green check, ready for review.`), deed("Finish all", finish, "primary-btn"));
}

// Issues -------------------------------------------------------------------------------------------------------------

/** What can be done with an issue. */
export function issueDeeds(issue, one) {
  const by = login();
  const number = issue.number;
  const reopen = issue.state !== "open";
  return [
    nobody(),
    group("Labels", issue.labels.map((label) => deed(`Take off ${label}`, () => github("remove_label", { number, label, by }))), pick("Put on a label", one.labels.filter((label) => !issue.labels.includes(label)), (label) => github("add_label", { number, label, by }))),
    group("Assignees", issue.assignees.map((who) => deed(`Take off ${who}`, () => github("unassign", { number, login: who, by }))), pick("Assign somebody", Object.keys(one.members).filter((who) => !issue.assignees.includes(who)), (who) => github("assign", { number, login: who, by }))),
    group("Issue", reopen ? deed("Reopen", () => github("reopen_issue", { number, by })) : [deed("Close as completed", () => github("close_issue", { number, by })), deed("Close as not planned", () => github("close_issue", { number, reason: "not_planned", by }))]),
    comment(issue),
  ];
}

function pick(label, choices, does) {
  const change = (event) => {
    const { value } = event.target;
    event.target.value = "";
    if (value) does(value);
  };
  return h("select", { key: label, class: "gh", "aria-label": label, disabled: !login() || !choices.length, on: { change } }, h("option", { value: "" }, `${label}…`), choices.map((one) => h("option", { key: one, value: one }, one)));
}

function comment(item) {
  const submit = async (event) => {
    event.preventDefault();
    const field = event.target.elements.body;
    if (!field.value.trim()) return;
    if (await github("comment", { number: item.number, body: field.value, by: login() })) field.value = "";
  };
  const label = `Comment on #${item.number}`;
  return h("form", { class: "inline-form", key: "comment", on: { submit } }, h("input", { type: "text", name: "body", class: "gh", "aria-label": label, placeholder: "Comment, such as /valine status", autocomplete: "off", disabled: !login() }), h("button", { type: "submit", class: "gh plain-btn", disabled: !login() }, "Comment"));
}

/** The form for a new issue. */
export function newIssue(one) {
  const submit = async (event) => {
    event.preventDefault();
    const { title, body, labels } = event.target.elements;
    if (!title.value.trim()) return;
    const given = { title: title.value, body: body.value, labels: labels.value.split(",").map((label) => label.trim()).filter(Boolean), by: login() };
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
      h("label", null, "Title", h("input", { class: "gh", name: "title", type: "text", required: true, maxlength: "256", autocomplete: "off" })),
      h("label", null, "Description", h("textarea", { class: "gh", name: "body", rows: "3", placeholder: "Depends on #1." })),
      h("label", null, "Labels, with commas", h("input", { class: "gh", name: "labels", type: "text", initial: "ready", autocomplete: "off" })),
      h("button", { type: "submit", class: "gh primary-btn", disabled: !login() }, "Open the issue"),
    ),
  );
}
