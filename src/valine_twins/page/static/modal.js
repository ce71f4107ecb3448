// A modal: the form that the product opens before somebody, in a dialog that keeps the focus.

import { h, patch } from "./dom.js";
import { act, state } from "./live.js";
import { markdown } from "./markdown.js";
import { me } from "./people.js";

let showing = null;

/** Open the form that waits for the person one is, or close what is answered. */
export function drawModal(front) {
    const asked = state.discord?.interactions.find((one) => one.modal && one.by === me()?.name) || null;
    if (asked?.id === showing) return;
    showing = asked?.id || null;
    if (!asked) {
        front.querySelector("dialog")?.close();
        patch(front);
        return;
    }
    patch(
        front,
        h(
            "dialog",
            { key: asked.id, class: "modal", "aria-labelledby": "modal-title", on: { cancel: () => close() } },
            form(asked.modal),
        ),
    );
    front.querySelector("dialog").showModal();
}

function close() {
    act("discord", "close_modal", { by: me()?.name });
}

function form(modal) {
    const submit = (event) => {
        event.preventDefault();
        act("discord", "submit_modal", { by: me()?.name, values: entered(modal, event.target) });
    };
    return h(
        "form",
        { on: { submit } },
        h("h2", { id: "modal-title" }, modal.title),
        modal.components.map((part) => field(part)),
        h(
            "div",
            { class: "modal-end" },
            h("button", { type: "button", class: "btn secondary", on: { click: close } }, "Cancel"),
            h("button", { type: "submit", class: "btn primary" }, "Submit"),
        ),
    );
}

function field(part) {
    if (part.type === 10) return h("div", { class: "text" }, markdown(part.content));
    const inner = part.type === 1 ? part.components[0] : part.component;
    const label = part.label || inner.label || "";
    const about = part.description && h("small", null, part.description);
    const id = `field-${inner.custom_id}`;
    if ([3, 21, 22].includes(inner.type))
        return h("fieldset", { class: "field" }, h("legend", null, label), about, choices(inner));
    if (inner.type === 23)
        return h(
            "label",
            { class: "field check" },
            h("input", { type: "checkbox", name: inner.custom_id, initial: inner.default === true }),
            label,
            about,
        );
    const given = {
        id,
        name: inner.custom_id,
        initial: inner.value || "",
        placeholder: inner.placeholder || false,
        required: inner.required !== false,
        maxlength: inner.max_length || 4000,
        minlength: inner.min_length || false,
    };
    return h(
        "label",
        { class: "field", for: id },
        h("span", null, label),
        about,
        inner.style === 2 ? h("textarea", { ...given, rows: 4 }) : h("input", { ...given, type: "text" }),
    );
}

function choices(inner) {
    const type = inner.type === 21 || (inner.type === 3 && (inner.max_values || 1) === 1) ? "radio" : "checkbox";
    return inner.options.map((option) =>
        h(
            "label",
            { class: "option" },
            h("input", { type, name: inner.custom_id, value: option.value, initial: option.default === true }),
            h("span", null, option.label, option.description && h("small", null, option.description)),
        ),
    );
}

function entered(modal, form) {
    const found = {};
    for (const part of modal.components) {
        const inner = part.type === 1 ? part.components[0] : part.component;
        if (!inner) continue;
        const fields = [...form.elements].filter((one) => one.name === inner.custom_id);
        if (inner.type === 23) found[inner.custom_id] = fields[0].checked;
        else if ([3, 21, 22].includes(inner.type)) {
            const picked = fields.filter((one) => one.checked).map((one) => one.value);
            if (picked.length) found[inner.custom_id] = inner.type === 21 ? picked[0] : picked;
        } else found[inner.custom_id] = fields[0].value;
    }
    return found;
}
