// Moments in words, in the reader's language. What formats them is made once: making it is what takes time.

const STYLES = {
    t: { timeStyle: "short" },
    T: { timeStyle: "medium" },
    d: { dateStyle: "short" },
    D: { dateStyle: "long" },
    F: { dateStyle: "full", timeStyle: "short" },
    f: { dateStyle: "long", timeStyle: "short" },
};
const made = new Map();
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [
    ["year", 31536000],
    ["month", 2592000],
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
];

/** A moment in one of Discord's styles: t and T are times, d and D dates, f (the default) and F both. */
export function clock(moment, style = "f") {
    if (!made.has(style)) made.set(style, new Intl.DateTimeFormat(undefined, STYLES[style] || STYLES.f));
    return made.get(style).format(moment);
}

/** How long ago, or in how long. */
export function ago(moment) {
    const seconds = Math.round((moment.getTime() - Date.now()) / 1000);
    const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) || UNITS.at(-1);
    return relative.format(Math.trunc(seconds / size), unit);
}
