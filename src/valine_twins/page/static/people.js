// Whom one can be: everybody with an account on Discord, on GitHub, or both under one name.

import { state } from "./live.js";

const known = { discord: null, github: null, people: [] }; // what was worked out of which scenes

/** Everybody: {name, discord (the member, or null), login (or null), roles, owner, access (on GitHub)}. */
export function people() {
    if (known.discord !== state.discord || known.github !== state.github) {
        Object.assign(known, { discord: state.discord, github: state.github, people: everybody() });
    }
    return known.people;
}

function everybody() {
    const found = new Map();
    for (const member of state.discord?.guild?.members || []) {
        if (member.bot) continue;
        const roles = member.roles.map((id) => role(id)).filter(Boolean);
        const owner = member.id === state.discord.guild.owner;
        found.set(member.name.toLowerCase(), {
            name: member.name,
            discord: member,
            login: null,
            roles,
            owner,
            access: null,
        });
    }
    const members = repository()?.members || {};
    for (const [login, access] of Object.entries(members)) {
        if (login.endsWith("[bot]") || login.endsWith("-bot")) continue;
        const member = found.get(login.toLowerCase());
        if (member) Object.assign(member, { login, access });
        else
            found.set(login.toLowerCase(), {
                name: capital(login),
                discord: null,
                login,
                roles: [],
                owner: false,
                access,
            });
    }
    return [...found.values()].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}

function rank(person) {
    return person.owner ? 3 : !person.discord ? 4 : person.roles.length ? 0 : person.login ? 1 : 2;
}

/** Who one is now. */
export function me() {
    const all = people();
    return all.find((one) => one.name === state.me) || all[0] || null;
}

/** The first repository, with its name. */
export function repository() {
    const [first] = Object.entries(state.github?.repositories || {});
    return first ? { name: first[0], ...first[1] } : null;
}

/** A role by its id; not the one that all have. */
export function role(id) {
    return state.discord.guild.roles.find((one) => one.id === id && one.name !== "@everyone") || null;
}

/** What somebody is, in a few words. */
export function standing(person) {
    const words = person.roles.map((one) => one.name);
    if (person.owner) words.unshift("owner");
    if (!person.discord) words.unshift("only on GitHub");
    else if (!words.length) words.push("no role");
    if (person.discord && !person.login) words.push("not on GitHub");
    return words.join(" · ");
}

/** The name that belongs to an id of a person, role or channel. */
export function named(id) {
    const guild = state.discord?.guild;
    if (id === state.discord?.application.id) return state.discord.application.name;
    const member = guild?.members.find((one) => one.id === id);
    return member?.name || guild?.roles.find((one) => one.id === id)?.name || place(id)?.name || null;
}

/** All places to talk: channels, and the threads below them. */
export function places() {
    const found = [];
    for (const channel of state.discord?.channels || []) {
        found.push({ ...channel, parent: null });
        const hanging = channel.messages.map((one) => one.thread).filter(Boolean);
        for (const thread of [...hanging, ...channel.threads]) found.push({ ...thread, parent: channel });
    }
    return found;
}

/** A place by its id. A thread has the id of its message, and a channel comes first. */
export function place(id) {
    return places().find((one) => one.id === id) || null;
}

/** The place that is open. */
export function here() {
    return place(state.place) || places()[0] || null;
}

const HUES = [262, 205, 338, 158, 24, 226, 300, 182];

/** A colour that always goes with a name. */
export function hue(name) {
    let sum = 0;
    for (const letter of name.toLowerCase()) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
    return HUES[sum % HUES.length];
}

function capital(word) {
    return word.charAt(0).toUpperCase() + word.slice(1);
}
