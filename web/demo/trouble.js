/** Errors, in words, on the page; those that nobody caught are shown by index.html. */

import { byId } from "./dom.js";

/**
 * @param {string} what  what the page was doing, such as "Training stopped"
 * @param {unknown} error
 */
export function showTrouble(what, error) {
  const box = byId("trouble", HTMLElement);
  const title = document.createElement("strong");
  title.textContent = what;
  const words = document.createElement("p");
  words.textContent = error instanceof Error ? error.message : String(error);
  box.replaceChildren(title, words);
  box.hidden = false;
}

export function clearTrouble() {
  const box = byId("trouble", HTMLElement);
  box.hidden = true;
  box.replaceChildren();
}
