// Starts the page: what changes anywhere is drawn here, all of it, and only the differences reach the document.

import { drawChat } from "./channel.js";
import { follow, onUpdate, state, update } from "./live.js";
import { drawModal } from "./modal.js";
import { drawRepository } from "./repository.js";
import { drawNotices, drawSwitch, drawTop } from "./top.js";

const part = (id) => document.getElementById(id);

try {
    const theme = localStorage.getItem("theme");
    if (theme) document.documentElement.dataset.theme = theme;
} catch {
    // A browser that keeps nothing goes by what its user prefers.
}

onUpdate(() => {
    document.body.dataset.pane = state.pane;
    drawTop(part("top"));
    drawChat(part("chat"));
    drawRepository(part("repository"));
    drawSwitch(part("switch"));
    drawNotices(part("notices"));
    drawModal(part("front"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update);
follow();
update();
setInterval(update, 20000); // "a minute ago" grows older
