// Octokit's own day on the twin. Prints what it saw as JSON; tests/outside/test_octokit.py says what must be in it.
import { Octokit } from "@octokit/rest";

const { TWIN: baseUrl, TOKEN, REVIEWER, READER, REPOSITORY } = process.env;
const [owner, repo] = REPOSITORY.split("/");
const here = { owner, repo };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const as = (auth) => new Octokit({ auth, baseUrl, log: silent });
const octokit = as(TOKEN);
const base64 = (text) => Buffer.from(text).toString("base64");

/** The status and message that a request is refused with. */
async function refused(request) {
  try {
    const answer = await request;
    return `not refused: ${answer.status}`;
  } catch (error) {
    return [error.status, error.response?.data?.message ?? ""];
  }
}

async function issues() {
  for (const number of [1, 2, 3, 4, 5]) {
    await octokit.rest.issues.create({ ...here, title: `Issue ${number}`, labels: number % 2 ? ["ready"] : [] });
  }
  await octokit.rest.issues.update({ ...here, issue_number: 4, state: "closed", state_reason: "not_planned" });
  await octokit.rest.issues.addAssignees({ ...here, issue_number: 1, assignees: ["chen", "bo"] });
  const comment = await octokit.rest.issues.createComment({ ...here, issue_number: 1, body: "On it" });
  await octokit.rest.issues.setLabels({ ...here, issue_number: 2, labels: ["later"] });
  const every = await octokit.paginate(octokit.rest.issues.listForRepo, { ...here, state: "all", per_page: 2 });
  const ready = await octokit.rest.issues.listForRepo({ ...here, labels: "ready" });
  const one = await octokit.rest.issues.get({ ...here, issue_number: 1 });
  return {
    every: every.map((issue) => issue.number),
    ready: ready.data.map((issue) => issue.number),
    assignees: one.data.assignees.map((person) => person.login),
    comment: comment.data.body,
    labels: (await octokit.rest.issues.listLabelsForRepo(here)).data.map((label) => label.name),
  };
}

async function branch(name, text) {
  const tip = (await octokit.rest.repos.getBranch({ ...here, branch: "main" })).data.commit;
  const blob = await octokit.rest.git.createBlob({ ...here, content: base64(text), encoding: "base64" });
  const entry = { path: "src/cart.py", mode: "100644", type: "blob", sha: blob.data.sha };
  const tree = await octokit.rest.git.createTree({ ...here, base_tree: tip.commit.tree.sha, tree: [entry] });
  const made = { message: `Work on ${name}`, tree: tree.data.sha, parents: [tip.sha] };
  const { sha } = (await octokit.rest.git.createCommit({ ...here, ...made })).data;
  await octokit.rest.git.createRef({ ...here, ref: `refs/heads/${name}`, sha });
  return sha;
}

async function pulls() {
  const sha = await branch("work", "total = 1\n");
  await branch("rival", "total = 2\n");
  const open = (head) => octokit.rest.pulls.create({ ...here, head, base: "main", title: head, body: "Closes #1" });
  const work = (await open("work")).data.number;
  const rival = (await open("rival")).data.number;
  const again = await refused(open("work"));
  const reviewer = as(REVIEWER);
  const review = { ...here, pull_number: work, event: "APPROVE", body: "Good" };
  const approved = await reviewer.rest.pulls.createReview(review);
  await octokit.rest.repos.createCommitStatus({ ...here, sha, state: "success", context: "ci" });
  const before = (await octokit.rest.pulls.get({ ...here, pull_number: work })).data;
  const moved = await refused(octokit.rest.pulls.merge({ ...here, pull_number: work, sha: "0".repeat(40) }));
  const merge = { ...here, pull_number: work, merge_method: "squash", sha };
  const merged = (await octokit.rest.pulls.merge(merge)).data;
  return {
    again,
    approved: approved.data.state,
    own: await refused(octokit.rest.pulls.createReview({ ...review, pull_number: rival })),
    before: [before.mergeable, before.mergeable_state, before.commits, before.changed_files],
    moved,
    merged: merged.merged,
    issue: (await octokit.rest.issues.get({ ...here, issue_number: 1 })).data.state,
    is_merged: (await octokit.rest.pulls.checkIfMerged({ ...here, pull_number: work })).status,
    conflict: await refused(octokit.rest.pulls.merge({ ...here, pull_number: rival })),
    dirty: (await octokit.rest.pulls.get({ ...here, pull_number: rival })).data.mergeable_state,
    files: (await octokit.rest.pulls.listFiles({ ...here, pull_number: work })).data.map((file) => file.filename),
    status: (await octokit.rest.repos.getCombinedStatusForRef({ ...here, ref: sha })).data.state,
  };
}

async function files() {
  const path = "docs/hällo wörld.md";
  const write = { ...here, path, message: "Say hello", content: base64("Hello\n") };
  const made = await octokit.rest.repos.createOrUpdateFileContents(write);
  const { sha } = made.data.content;
  const blind = await refused(octokit.rest.repos.createOrUpdateFileContents(write));
  const raw = await octokit.rest.repos.getContent({ ...here, path, mediaType: { format: "raw" } });
  const root = await octokit.rest.repos.getContent({ ...here, path: "" });
  await octokit.rest.repos.deleteFile({ ...here, path, message: "Hush", sha });
  return {
    created: made.status,
    blind: blind[0],
    raw: raw.data,
    root: root.data.map((entry) => entry.name),
    gone: await refused(octokit.rest.repos.getContent({ ...here, path })),
    history: (await octokit.paginate(octokit.rest.repos.listCommits, { ...here, path: "docs", per_page: 1 })).map(
      (commit) => commit.commit.message,
    ),
  };
}

async function others() {
  const reader = as(READER);
  const first = await octokit.rest.repos.get(here);
  const again = { ...here, headers: { "if-none-match": first.headers.etag } };
  const unchanged = await refused(octokit.rest.repos.get(again)); // At once: the release's tag is a push, and changes it.
  const release = await octokit.rest.repos.createRelease({ ...here, tag_name: "v1", name: "One", body: "Notes" });
  const query = `query($owner: String!, $repo: String!) {
    repository(owner: $owner, name: $repo) { issues(first: 2, states: [OPEN]) { totalCount nodes { number } } }
  }`;
  const answer = await octokit.graphql(query, here);
  const names = { ...here, ref: "heads/work", sha: first.data.id.toString(16).padStart(40, "0") };
  return {
    nowhere: await refused(octokit.rest.repos.get({ owner, repo: "nowhere" })),
    stranger: await refused(as("ghp_wrong").rest.users.getAuthenticated()),
    reader: await refused(reader.rest.git.deleteRef({ ...here, ref: "heads/work" })),
    unknown: await refused(octokit.rest.git.updateRef(names)),
    unchanged: unchanged[0],
    latest: (await octokit.rest.repos.getLatestRelease(here)).data.id === release.data.id,
    branches: (await octokit.paginate(octokit.rest.repos.listBranches, here)).map((one) => one.name),
    open: answer.repository.issues.totalCount,
    limit: (await octokit.rest.rateLimit.get()).data.resources.core.limit,
    me: (await octokit.rest.users.getAuthenticated()).data.login,
  };
}

console.log(JSON.stringify({ issues: await issues(), pulls: await pulls(), files: await files(), others: await others() }));
