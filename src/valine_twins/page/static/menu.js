// A select: a button that unfolds its options. One choice is taken at once, several when they are confirmed.

import { classes, h, icon } from "./dom.js";
import { act, update } from "./live.js";
import { me } from "./people.js";

const opened = new Map(); // of each select that is open, the values chosen so far

/** The select, on that message; `waiting` while the answer to the last choice is out. */
export function menu(part, one, waiting) {
    const name = `${one.id}/${part.custom_id}`;
    const chosen = opened.get(name);
    const several = part.max_values > 1;
    const id = `menu-${one.id}-${part.id}`;
    const close = (focus) => {
        opened.delete(name);
        update();
        if (focus) document.getElementById(id)?.focus();
    };
    const send = (values) => {
        close(true);
        act("discord", "select", { by: me()?.name, custom_id: part.custom_id, message: one.id, values });
    };
    const toggle = () => {
        if (chosen) return close(false);
        opened.set(name, new Set(part.options.filter((option) => option.default).map((option) => option.value)));
        update();
        return setTimeout(() => document.querySelector(`#${id}-options :is(input, button)`)?.focus());
    };
    const keys = { keydown: (event) => event.key === "Escape" && close(true) };
    const placeholder = part.placeholder || "Make a selection";
    return h(
        "div",
        { key: part.id, class: classes("select", chosen && "open"), on: keys },
        h(
            "button",
            {
                id,
                type: "button",
                class: "select-top",
                disabled: part.disabled === true || waiting,
                "aria-expanded": chosen ? "true" : "false",
                "aria-controls": `${id}-options`,
                on: { click: toggle },
            },
            h("span", null, waiting ? "One moment…" : placeholder),
            icon("down"),
        ),
        chosen &&
            h(
                "div",
                { id: `${id}-options`, class: "options", role: "group", "aria-label": placeholder },
                part.options.map((option) => (several ? checkbox(part, option, chosen) : single(option, send))),
                several &&
                    h(
                        "button",
                        {
                            type: "button",
                            class: "btn primary done",
                            disabled: chosen.size < part.min_values,
                            on: { click: () => send([...chosen]) },
                        },
                        chosen.size ? `Choose ${chosen.size}` : "Choose",
                    ),
            ),
    );
}

function checkbox(part, option, chosen) {
    const change = (event) => {
        if (event.target.checked && chosen.size < part.max_values) chosen.add(option.value);
        else {
            chosen.delete(option.value);
            event.target.checked = false;
        }
        update();
    };
    return h(
        "label",
        { key: option.value, class: "option" },
        h("input", { type: "checkbox", initial: chosen.has(option.value), on: { change } }),
        words(option),
    );
}

function single(option, send) {
    return h(
        "button",
        { key: option.value, type: "button", class: "option", on: { click: () => send([option.value]) } },
        words(option),
    );
}

function words(option) {
    return h(
        "span",
        null,
        option.emoji?.name && `${option.emoji.name} `,
        option.label,
        option.description && h("small", null, option.description),
    );
}
