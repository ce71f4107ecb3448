// What the twins show, as it changes, and the one way to act in them.

const listeners = new Set();

/** What there is to see, and who looks. `update()` after a change. */
export const state = {
    discord: null,
    github: null,
    connected: false,
    me: null,
    place: null,
    sent: false, // something was sent just now: what comes of it stands at the bottom of the talk
    pane: "chat",
    tab: null, // until one is chosen: issues, and pull requests once there are any
};

let scheduled = false;

/** Let the page follow the state, soon. */
export function update() {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
        scheduled = false;
        for (const listener of listeners) listener();
    });
}

/** Call `listener` after every change. */
export function onUpdate(listener) {
    listeners.add(listener);
}

/** Follow the twins. A lost connection is said, and made again. */
export function follow() {
    const stream = new EventSource("/events");
    for (const platform of ["discord", "github"]) {
        stream.addEventListener(platform, (event) => {
            state[platform] = JSON.parse(event.data);
            state.connected = true;
            update();
        });
    }
    stream.addEventListener("error", () => {
        state.connected = false;
        update();
        if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
    });
}

/** Do something. What it gives back; null if it could not be done, which is then said. */
export async function act(platform, action, given) {
    const told = Object.fromEntries(
        Object.entries(given || {}).filter(([, value]) => value !== undefined && value !== null),
    );
    try {
        const answer = await fetch("/act", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ platform, action, arguments: told }),
        });
        const said = await answer.json();
        if (answer.ok) return said.value ?? true;
        notice(sentence(said.error), "bad");
    } catch {
        notice("The simulation does not answer: it has stopped, or is starting again. Nothing was done.", "bad");
    }
    return null;
}

function sentence(text) {
    const first = text.replace(/^(\w+): /, "").trim();
    return first.charAt(0).toUpperCase() + first.slice(1) + (/[.!?]$/.test(first) ? "" : ".");
}

const notices = [];
let counted = 0;

/** Say something in the corner, and to a screen reader, for a while. */
export function notice(text, kind = "good") {
    const made = { id: (counted += 1), text, kind };
    notices.push(made);
    while (notices.length > 3) notices.shift();
    update();
    setTimeout(() => dismiss(made.id), kind === "bad" ? 12000 : 5000);
}

/** Take a notice away. */
export function dismiss(id) {
    const at = notices.findIndex((one) => one.id === id);
    if (at >= 0) notices.splice(at, 1);
    update();
}

/** The notices that stand now. */
export function standing() {
    return notices;
}
