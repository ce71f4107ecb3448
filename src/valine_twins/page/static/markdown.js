// Discord's markdown as elements: a safe subset, since every piece of text ends as a text node.
// https://docs.discord.com/developers/reference#message-formatting

import { h } from "./dom.js";
import { follow } from "./links.js";
import { me, named, people } from "./people.js";
import { ago, clock } from "./times.js";

const HIDDEN = 0xe000; // an escaped character waits here, out of reach of the rules, until they are done
const INLINE = new RegExp(
    [
        "(?<code>`+)(?<coded>[^`\\n]+?)\\k<code>",
        "\\[(?<label>[^\\]\\n]+)\\]\\(<?(?<address>https?://[^)>\\s]+)>?\\)",
        "<(?<bare>https?://[^>\\s]+)>",
        "(?<plain>https?://[^\\s<>)]+)",
        "<(?<kind>@!?|@&|#)(?<id>\\d+)>",
        "<t:(?<time>-?\\d{1,11})(?::(?<style>[tTdDfFsSR]))?>",
        "<a?:(?<emoji>\\w+):\\d+>",
        "(?<everyone>@(?:everyone|here)\\b)",
        "\\*\\*(?<bold>(?=\\S).+?)(?<=\\S)\\*\\*",
        "__(?<under>(?=\\S).+?)(?<=\\S)__",
        "~~(?<struck>(?=\\S).+?)(?<=\\S)~~",
        "\\|\\|(?<spoiler>.+?)\\|\\|",
        "(?<![\\w*])\\*(?<italic>(?=\\S)[^*\\n]+?)(?<=\\S)\\*(?![\\w*])",
        "(?<!\\w)_(?<slanted>(?=\\S)[^_\\n]+?)(?<=\\S)_(?!\\w)",
    ].join("|"),
    "g",
);

/** A text as blocks: paragraphs, headings, lists, quotes, small print, code. */
export function markdown(text) {
    const lines = hidden(text).split("\n");
    const blocks = [];
    while (lines.length) blocks.push(block(lines));
    return blocks;
}

/** A text as it stands inside a line. */
export function inline(text) {
    return pieces(hidden(text));
}

function hidden(text) {
    const clean = [...text].map((one) => (within(one) ? "\ufffd" : one)).join("");
    return clean.replace(/\\([!-/:-@[-`{-~])/g, (_, one) => String.fromCodePoint(HIDDEN + one.codePointAt(0)));
}

function within(one) {
    const point = one.codePointAt(0);
    return point > HIDDEN && point < HIDDEN + 128;
}

function shown(text) {
    return [...text].map((one) => (within(one) ? String.fromCodePoint(one.codePointAt(0) - HIDDEN) : one)).join("");
}

function block(lines) {
    const line = lines.shift();
    const heading = /^(#{1,3})\s+(.+)/.exec(line);
    if (heading) return h(`h${heading[1].length + 2}`, { class: `md-h md-h${heading[1].length}` }, pieces(heading[2]));
    const small = /^-#\s+(.+)/.exec(line);
    if (small) return h("p", { class: "md-small" }, pieces(small[1]));
    if (/^```/.test(line)) return code(line, lines);
    const quote = /^>\s+(.+)/.exec(line);
    if (quote) return h("blockquote", null, pieces(quote[1]));
    const item = listed(line);
    if (item) return list(item, lines);
    if (!line.trim()) return h("p", { class: "md-gap" }, "\u200b");
    return h("p", null, pieces(line));
}

function listed(line) {
    const found = /^(\s*)(?:([-*])|(\d{1,9})\.)\s+(.+)/.exec(line);
    return found && { depth: found[1].length, number: found[3] ? Number(found[3]) : null, text: found[4] };
}

function list(first, lines) {
    const items = [first];
    while (lines.length && listed(lines[0]) && (listed(lines[0]).number === null) === (first.number === null)) {
        items.push(listed(lines.shift()));
    }
    const rows = items.map((one) => h("li", { class: one.depth ? "deeper" : false }, pieces(one.text)));
    return first.number === null ? h("ul", null, rows) : h("ol", { start: first.number }, rows);
}

function code(line, lines) {
    const inside = line.slice(3).includes("```") ? [line.slice(3).split("```")[0]] : [];
    if (!inside.length) {
        if (line.slice(3) && !/^\w+$/.test(line.slice(3))) inside.push(line.slice(3));
        while (lines.length && !lines[0].includes("```")) inside.push(lines.shift());
        const last = lines.length ? lines.shift().split("```")[0] : "";
        if (last) inside.push(last);
    }
    return h("pre", null, h("code", null, shown(inside.join("\n"))));
}

function pieces(text) {
    const found = [];
    let end = 0;
    for (const match of text.matchAll(INLINE)) {
        found.push(shown(text.slice(end, match.index)), piece(match.groups, match[0]));
        end = match.index + match[0].length;
    }
    return [...found, shown(text.slice(end))];
}

function piece(group, whole) {
    if (group.coded) return h("code", null, shown(group.coded));
    if (group.label) return link(shown(group.address), pieces(group.label));
    if (group.bare || group.plain) return link(shown(group.bare || group.plain), shown(group.bare || group.plain));
    if (group.id) return mention(group.kind, group.id);
    if (group.time) return time(Number(group.time), group.style);
    if (group.emoji) return `:${group.emoji}:`;
    if (group.everyone) return h("span", { class: "mention" }, group.everyone);
    if (group.bold) return h("strong", null, pieces(group.bold));
    if (group.under) return h("u", null, pieces(group.under));
    if (group.struck) return h("s", null, pieces(group.struck));
    if (group.spoiler) return h("span", { class: "spoiler", tabindex: "0" }, pieces(group.spoiler));
    if (group.italic || group.slanted) return h("em", null, pieces(group.italic || group.slanted));
    return shown(whole);
}

/** A link; what it shows of the repository is opened in the page. Only http and https lead anywhere. */
export function link(address, text) {
    if (!/^https?:\/\//i.test(address)) return h("span", null, text);
    const outside = { href: address, target: "_blank", rel: "noopener noreferrer" };
    return h("a", { ...outside, on: { click: (event) => follow(address) && event.preventDefault() } }, text);
}

function mention(kind, id) {
    const name = named(id) || "unknown";
    const mine = me()?.discord?.id === id;
    const person = people().some((one) => one.discord?.id === id);
    const sign = kind.startsWith("@") ? "@" : "#";
    return h("span", { class: `mention${mine ? " mine" : ""}`, "data-person": person }, sign, name.replace(/^@/, ""));
}

function time(seconds, style) {
    const moment = new Date(seconds * 1000);
    const text = style === "R" ? ago(moment) : clock(moment, style);
    return h("time", { datetime: moment.toISOString(), title: clock(moment) }, text);
}
