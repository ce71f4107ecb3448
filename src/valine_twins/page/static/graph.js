// The commits of all branches as lanes: newest first, a line to each parent, a mark where a branch stands.

import { classes, h, icon } from "./dom.js";
import { ago } from "./times.js";

const ROW = 44;
const LANE = 16;
const MOST = 120;

/** The graph of a repository. */
export function graph(one) {
    const rows = laned(ordered(one.commits).slice(0, MOST), one);
    if (!rows.length) return h("p", { class: "alone" }, "There are no commits.");
    const lanes = Math.max(...rows.map((row) => row.width));
    const width = lanes * LANE + 12;
    const heads = Object.entries(one.branches);
    const tags = Object.entries(one.tags);
    return h(
        "div",
        { class: "graph", style: { "--lanes": `${width}px` } },
        h(
            "svg",
            {
                class: "lanes",
                width,
                height: rows.length * ROW,
                viewBox: `0 0 ${width} ${rows.length * ROW}`,
                "aria-hidden": "true",
            },
            rows.map((row, index) => lines(row, index, rows)),
            rows.map((row, index) =>
                h("circle", {
                    key: row.commit.sha,
                    class: `lane-${row.lane % 6}`,
                    cx: x(row.lane),
                    cy: y(index),
                    r: row.commit.parents.length > 1 ? 3.5 : 4.5,
                }),
            ),
        ),
        h(
            "ol",
            { class: "commits", "aria-label": "Commits, newest first" },
            rows.map(({ commit }) =>
                h(
                    "li",
                    { key: commit.sha, id: `commit-${commit.sha.slice(0, 10)}`, tabindex: "-1" },
                    h(
                        "span",
                        { class: "commit-top" },
                        heads
                            .filter(([, sha]) => sha === commit.sha)
                            .map(([name]) =>
                                h(
                                    "span",
                                    { key: name, class: classes("ref", name === one.default_branch && "base") },
                                    icon("pull"),
                                    h("span", null, name),
                                ),
                            ),
                        tags
                            .filter(([, sha]) => sha === commit.sha)
                            .map(([name]) =>
                                h("span", { key: `t${name}`, class: "ref tagged" }, icon("tag"), h("span", null, name)),
                            ),
                        h("span", { class: "commit-message", title: commit.message }, commit.message),
                    ),
                    h(
                        "span",
                        { class: "commit-about" },
                        `${commit.author} · ${ago(new Date(commit.at))} · `,
                        h("code", null, commit.sha.slice(0, 7)),
                    ),
                ),
            ),
        ),
    );
}

function x(lane) {
    return lane * LANE + 12;
}

function y(index) {
    return index * ROW + ROW / 2;
}

/** Children before parents, and the newer first where both may come. */
function ordered(commits) {
    const known = new Map(commits.map((one) => [one.sha, one]));
    const left = new Map(commits.map((one) => [one.sha, 0]));
    for (const one of commits)
        for (const parent of one.parents) if (left.has(parent)) left.set(parent, left.get(parent) + 1);
    const free = commits.filter((one) => !left.get(one.sha));
    const found = [];
    while (free.length) {
        free.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
        const one = free.shift();
        found.push(one);
        for (const parent of one.parents) {
            if (!left.has(parent)) continue;
            left.set(parent, left.get(parent) - 1);
            if (!left.get(parent)) free.push(known.get(parent));
        }
    }
    return found;
}

/** A lane for each commit. The base branch keeps the first. */
function laned(commits, one) {
    const waiting = [one.branches[one.default_branch] || null]; // of each lane, the commit that it leads to
    return commits.map((commit) => {
        let lane = waiting.indexOf(commit.sha);
        if (lane < 0) {
            lane = waiting.indexOf(null, 1);
            if (lane < 1) lane = Math.max(1, waiting.length);
            waiting[lane] = commit.sha;
        }
        waiting.forEach((sha, index) => {
            if (sha === commit.sha) waiting[index] = null;
        });
        commit.parents.forEach((parent, index) => {
            if (index > 0 && waiting.includes(parent)) return;
            const place = index === 0 ? lane : waiting.indexOf(null, 1) > 0 ? waiting.indexOf(null, 1) : waiting.length;
            waiting[place] = parent;
        });
        while (waiting.length > 1 && waiting.at(-1) === null) waiting.pop();
        return { commit, lane, width: Math.max(waiting.length, lane + 1) };
    });
}

function lines(row, index, rows) {
    return row.commit.parents.map((parent) => {
        const at = rows.findIndex((other) => other.commit.sha === parent);
        const end = at < 0 ? rows.length : at;
        const target = at < 0 ? row.lane : rows[at].lane;
        const lane = Math.max(row.lane, target);
        const from = `M${x(row.lane)} ${y(index)}`;
        const turn =
            row.lane === target
                ? ""
                : lane === row.lane
                  ? `V${y(end) - ROW / 2}C${x(lane)} ${y(end) - 6} ${x(target)} ${y(end) - ROW / 2 + 4} ${x(target)} ${y(end)}`
                  : `C${x(row.lane)} ${y(index) + ROW / 2} ${x(target)} ${y(index) + 6} ${x(target)} ${y(index) + ROW / 2}`;
        return h("path", {
            key: `${row.commit.sha}-${parent}`,
            class: `lane-${lane % 6}`,
            d: `${from}${turn}${lane === row.lane && turn ? "" : `V${y(end)}`}`,
        });
    });
}
