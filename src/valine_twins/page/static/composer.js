// The message box: plain words, or a slash command with its options, completed while it is typed.
// Keys: Up and Down move in the suggestions, Tab takes the marked (or first) one, Enter takes the marked one or sends.

import { classes, h, icon } from "./dom.js";
import { act, notice, state, update } from "./live.js";
import { here, me } from "./people.js";

const box = { text: "", marked: -1, closed: false, asked: null, askedFor: "", sending: false };
let timer = 0;

/** The message box of a place, for somebody. */
export function composer(open, person) {
    const may = Boolean(person?.discord && open && !(open.archived && open.locked));
    const found = may ? suggestions() : [];
    const shown = found.length > 0 && !box.closed;
    box.marked = Math.min(box.marked, found.length - 1);
    const placeholder = may
        ? `Message ${open.parent ? open.name : `#${open.name}`} as ${person.name}, or type /`
        : person
          ? `${person.name} cannot write here`
          : "";
    return h(
        "form",
        {
            class: "compose",
            on: {
                submit: (event) => {
                    event.preventDefault();
                    send();
                },
            },
        },
        shown &&
            h(
                "div",
                { key: "suggest", class: "suggest", id: "suggestions", role: "listbox", "aria-label": "Suggestions" },
                h("p", { class: "suggest-head", "aria-hidden": "true" }, found.head),
                found.map((one, index) => option(one, index)),
            ),
        h(
            "div",
            { key: "box", class: "box" },
            h("label", { class: "hidden", for: "composer" }, placeholder),
            h("input", {
                id: "composer",
                type: "text",
                autocomplete: "off",
                spellcheck: "false",
                enterkeyhint: "send",
                placeholder,
                disabled: !may,
                maxlength: "2000",
                role: "combobox",
                "aria-expanded": shown ? "true" : "false",
                "aria-controls": "suggestions",
                "aria-autocomplete": "list",
                "aria-activedescendant": shown && box.marked >= 0 ? `suggestion-${box.marked}` : false,
                on: { input: (event) => type(event.target.value), keydown: press },
            }),
            h("button", { type: "submit", class: "plain sends", "aria-label": "Send", disabled: !may }, icon("send")),
        ),
    );
}

function option(one, index) {
    const pick = (event) => {
        event.preventDefault();
        take(one);
    };
    return h(
        "div",
        {
            key: one.insert,
            id: `suggestion-${index}`,
            role: "option",
            class: classes("suggestion", index === box.marked && "marked"),
            "aria-selected": index === box.marked ? "true" : "false",
            on: { mousedown: pick },
        },
        h("span", { class: "suggestion-name" }, one.name),
        h("span", { class: "suggestion-about" }, one.about),
    );
}

function type(text) {
    box.text = text;
    box.closed = false;
    box.marked = /^\/\w*$/.test(text) ? 0 : -1;
    ask();
    update();
}

function press(event) {
    const found = box.closed ? [] : suggestions();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
        box.marked = (box.marked + step + found.length + (box.marked < 0 && step < 0 ? 1 : 0)) % found.length;
    } else if (event.key === "Escape" && found.length) {
        box.closed = true;
    } else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && found.length) {
        const one = found[event.key === "Tab" ? Math.max(box.marked, 0) : box.marked];
        if (!one || (event.key === "Enter" && box.text === one.insert.trimEnd())) return;
        take(one);
    } else return;
    event.preventDefault();
    update();
}

function take(one) {
    write(one.insert);
    type(one.insert);
    box.marked = -1;
    document.getElementById("composer")?.focus();
}

function write(text) {
    box.text = text;
    const field = document.getElementById("composer");
    if (field) field.value = text;
}

// What is being typed ------------------------------------------------------------------------------------------------

/** The command, what is filled in, and the option that the caret is in. */
function parsed() {
    const [, name, rest] = /^\/([\w-]*)(?:\s(.*))?$/s.exec(box.text) || [];
    if (name === undefined) return null;
    const command = state.discord.commands.find((one) => one.name === name) || null;
    const values = {};
    let typing = null;
    let loose = rest?.trim() || "";
    const known = (command?.options || []).map((one) => one.name);
    if (rest !== undefined && known.length) {
        const split = new RegExp(`(?:^|\\s)(${known.join("|")}):`, "g");
        const starts = [...rest.matchAll(split)];
        if (starts.length) loose = rest.slice(0, starts[0].index).trim();
        starts.forEach((start, index) => {
            const end = starts[index + 1]?.index ?? rest.length;
            const value = rest.slice(start.index + start[0].length, end);
            values[start[1]] = value.trim();
            if (index === starts.length - 1 && !/\s$/.test(value)) typing = { name: start[1], text: value.trim() };
        });
    }
    const left = rest === undefined ? "" : rest.slice(rest.search(/\S*$/));
    return { name, command, values, loose, typing, left, begun: rest !== undefined };
}

function suggestions() {
    const now = parsed();
    const none = Object.assign([], { head: "" });
    if (!now) return none;
    if (!now.begun) {
        const fit = state.discord.commands.filter((one) => one.name.startsWith(now.name));
        return Object.assign(
            fit.map((one) => ({ name: `/${one.name}`, about: one.description, insert: `/${one.name} ` })),
            { head: `Commands of ${state.discord.application.name}` },
        );
    }
    if (!now.command) return none;
    if (now.typing) {
        const about = now.command.options.find((one) => one.name === now.typing.name);
        const answer = state.discord.interactions.find((one) => one.id === box.asked && one.state === "answered");
        const before = box.text.slice(0, box.text.length - now.typing.text.length);
        const choices = about.choices || (answer && box.askedFor === box.text ? answer.choices : []);
        return Object.assign(
            choices.map((one) => ({
                name: one.name,
                about: String(one.value) === one.name ? "" : String(one.value),
                insert: `${before}${one.value} `,
            })),
            { head: `${about.name}: ${about.description}` },
        );
    }
    const open = (now.command.options || []).filter(
        (one) => !(one.name in now.values) && one.name.startsWith(now.left),
    );
    const base = box.text.slice(0, box.text.length - now.left.length);
    const made = open.map((one) => ({
        name: one.name,
        about: `${one.description}${one.required ? "" : " (optional)"}`,
        insert: `${base}${one.name}:`,
    }));
    return Object.assign(made, { head: `Options of /${now.name}` });
}

/** Ask the product for choices, a moment after the last key. */
function ask() {
    clearTimeout(timer);
    const now = parsed();
    const option = now?.typing && now.command.options.find((one) => one.name === now.typing.name);
    if (!option?.autocomplete) return;
    const text = box.text;
    timer = setTimeout(async () => {
        const others = { ...now.values, [option.name]: "" };
        const given = {
            by: me()?.name,
            name: now.name,
            option: option.name,
            text: now.typing.text,
            channel: here()?.id,
            options: filled(now.command, others),
        };
        const sent = await act("discord", "autocomplete", given);
        if (sent && box.text === text) {
            Object.assign(box, { asked: sent.interaction, askedFor: text });
            update();
        }
    }, 150);
}

// Sending ------------------------------------------------------------------------------------------------------------

function filled(command, values) {
    const kinds = Object.fromEntries((command.options || []).map((one) => [one.name, one.type]));
    return Object.fromEntries(
        Object.entries(values)
            .filter(([, value]) => value !== "")
            .map(([name, value]) => [name, typed(kinds[name], value)]),
    );
}

function typed(kind, value) {
    if (kind === 4 || kind === 10) return Number.isFinite(Number(value)) ? Number(value) : value;
    if (kind === 5) return value === "true";
    return value;
}

async function send() {
    const text = box.text.trim();
    const person = me();
    if (!text || box.sending || !person?.discord) return;
    box.sending = true;
    state.sent = true;
    const now = parsed();
    const done = now
        ? await command(now, person)
        : await act("discord", "say", { by: person.name, content: text, channel: here()?.id });
    box.sending = false;
    if (done && box.text.trim() === text) {
        write("");
        type("");
    }
}

async function command(now, person) {
    if (!now.command) {
        notice(`There is no command /${now.name}. Type / to see those that there are.`, "bad");
        return null;
    }
    const values = placed(now);
    if (!values) {
        const names = (now.command.options || []).map((one) => `${one.name}:`).join(" and ") || "nothing";
        notice(`/${now.name} does not take “${now.loose}”: it takes ${names}. Nothing was sent.`, "bad");
        return null;
    }
    return act("discord", "command", {
        by: person.name,
        name: now.name,
        options: filled(now.command, values),
        channel: here()?.id,
    });
}

/** The values; words without a name are the first option's that has none. Null if there is none, or another is named. */
function placed(now) {
    if (!now.loose) return now.values;
    const free = (now.command.options || []).find((one) => !(one.name in now.values));
    return free && !/^[\w-]+:/.test(now.loose) ? { ...now.values, [free.name]: now.loose } : null;
}
