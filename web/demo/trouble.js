/** Errors, in words, on the page. */

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

/** Whatever nobody caught is shown too: a page that fails in silence helps no one. */
export function watchForTrouble() {
  addEventListener("error", (event) =>
    showTrouble("Something on this page went wrong", event.error ?? event.message),
  );
  addEventListener("unhandledrejection", (event) =>
    showTrouble("Something on this page went wrong", event.reason),
  );
}
