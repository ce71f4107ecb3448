// Elements as values, and patching: what is on the page changes only where it must, so that the focus, the caret and
// what is being typed survive every update. Texts become text nodes: nothing that people wrote is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";
const MARK = Symbol("mark");

/** An element as a value. Props: `key`, `class`, `style` (custom properties), `on` (handlers by event), `initial` (a
 * field's first value), `made` (called with the new element), and attributes; false, null and undefined leave one out. */
export function h(tag, props, ...children) {
    return { tag, props: props || {}, children: flat(children) };
}

function flat(children) {
    const found = [];
    for (const child of children.flat(Infinity)) {
        if (child === null || child === undefined || child === false || child === true) continue;
        if (typeof child === "object") found.push(child);
        else if (typeof found.at(-1) === "string") found.push(found.pop() + child);
        else found.push(String(child));
    }
    return found;
}

/** Make the children of `parent` what `wanted` says, keeping every element that still fits. */
export function patch(parent, ...wanted) {
    reconcile(parent, flat(wanted), parent.namespaceURI === SVG);
}

function reconcile(parent, wanted, svg) {
    const keyed = new Map();
    const free = [];
    for (const node of parent.childNodes) {
        const key = node[MARK]?.key;
        if (key === undefined) free.push(node);
        else keyed.set(key, node);
    }
    const kept = wanted.map((one) => {
        if (typeof one === "string") return take(free, (node) => node.nodeType === Node.TEXT_NODE);
        const key = one.props.key;
        if (key === undefined) return take(free, (node) => node[MARK]?.kind === kind(one));
        const found = keyed.get(String(key));
        if (found?.[MARK].tag !== one.tag) return null;
        keyed.delete(String(key));
        return found;
    });
    for (const node of [...free, ...keyed.values()]) node.remove();
    let cursor = parent.firstChild;
    wanted.forEach((one, index) => {
        const node = kept[index] ? updated(kept[index], one) : created(one, svg);
        if (node === cursor) cursor = cursor.nextSibling;
        else parent.insertBefore(node, cursor);
        if (!kept[index]) one.props?.made?.(node);
    });
}

/** Without a key, an element stands for another of the same tag and first class. */
function kind(one) {
    return `${one.tag} ${String(one.props.class || "").split(" ")[0]}`;
}

function take(free, fits) {
    const at = free.findIndex(fits);
    return at < 0 ? null : free.splice(at, 1)[0];
}

function created(one, svg) {
    if (typeof one === "string") return document.createTextNode(one);
    const inside = svg || one.tag === "svg";
    const node = inside ? document.createElementNS(SVG, one.tag) : document.createElement(one.tag);
    const key = one.props.key;
    node[MARK] = { tag: one.tag, kind: kind(one), key: key === undefined ? undefined : String(key), props: {}, on: {} };
    updated(node, one);
    if (one.props.initial !== undefined) {
        if (node.type === "checkbox" || node.type === "radio") node.checked = one.props.initial;
        else node.value = one.props.initial;
    }
    return node;
}

function updated(node, one) {
    if (typeof one === "string") {
        if (node.data !== one) node.data = one;
        return node;
    }
    const mark = node[MARK];
    for (const name of new Set([...Object.keys(mark.props), ...Object.keys(one.props)])) {
        if (!PROPS.has(name)) attribute(node, name, mark.props[name], one.props[name]);
    }
    for (const [name, value] of Object.entries(one.props.style || {})) node.style.setProperty(name, value);
    for (const event of Object.keys(one.props.on || {})) {
        if (!(event in mark.on)) node.addEventListener(event, (happened) => mark.on[event]?.(happened));
    }
    mark.on = { ...Object.fromEntries(Object.keys(mark.on).map((event) => [event, null])), ...one.props.on };
    mark.props = one.props;
    if (one.props.own !== true) reconcile(node, one.children, node.namespaceURI === SVG);
    return node;
}

const PROPS = new Set(["key", "style", "on", "initial", "made", "own"]);

function attribute(node, name, before, wanted) {
    if (before === wanted) return;
    if (wanted === false || wanted === null || wanted === undefined) node.removeAttribute(name);
    else node.setAttribute(name, wanted === true ? "" : wanted);
}

/** Classes from words; false and undefined are left out. */
export function classes(...words) {
    return words.filter(Boolean).join(" ");
}

const PATHS = {
    hash: "M6 3 4.5 13M11.5 3 10 13M3 6h11M2.5 10h11",
    thread: "M3 4h10M3 8h7M3 12h4",
    bell: "M8 2.5a4 4 0 0 1 4 4V9l1.2 2H2.8L4 9V6.5a4 4 0 0 1 4-4ZM6.7 13.2h2.6",
    down: "m4 6 4 4 4-4",
    right: "m6 4 4 4-4 4",
    left: "m10 4-4 4 4 4",
    check: "m3.5 8.5 3 3 6-7",
    cross: "m4.5 4.5 7 7M11.5 4.5l-7 7",
    dot: "M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z",
    open: "M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5",
    pull: "M4 5.5v5M4 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM12 10.5V6a2 2 0 0 0-2-2H8M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z",
    merged: "M4.5 5.5v5M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 5.5C5 8 7 8.8 9.5 8.8M11.5 10.3a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z",
    issue: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 8h.01",
    done: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.3 8.3l1.8 1.8 3.4-3.6",
    bolt: "M9 1.8 3.5 9H8l-1 5.2L12.5 7H8l1-5.2Z",
    tag: "M2.5 8.2V2.5h5.7l5.3 5.3-5.7 5.7-5.3-5.3ZM5.5 5.5h.01",
    commit: "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 8h4M10.5 8h4",
    sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
    moon: "M13.2 9.8A5.7 5.7 0 0 1 6.2 2.8a5.7 5.7 0 1 0 7 7Z",
    eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8ZM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
    trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
    box: "M2.5 3.5h11v3h-11zM3.5 6.5V13h9V6.5M6.5 9.2h3",
    send: "m2.5 8 11-5-4 11-2.2-4.8L2.5 8Z",
    slash: "M10.5 2.5 5.5 13.5",
    chat: "M2.5 3.5h11v7.5H8l-3 2.5V11H2.5V3.5Z",
};

/** A small line drawing, which says nothing to a screen reader. */
export function icon(name, more) {
    return h(
        "svg",
        { class: classes("icon", more), viewBox: "0 0 16 16", "aria-hidden": "true" },
        h("path", { d: PATHS[name] }),
    );
}
