/** Finding the page's elements, with a plain word when one is missing. */

/**
 * The element with this id, checked to be of the kind the caller works with.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind  the element's class, such as HTMLInputElement
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(
      `index.html needs a ${kind.name} with id "${id}", but has ${found ? found.constructor.name : "none"}.`,
    );
  }
  return found;
}

/**
 * A canvas's drawing context; a browser that has run out of them answers null.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function context2d(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gave no 2D canvas context. Close other tabs and reload.");
  return context;
}

/**
 * Today's value of a colour of style.css, so that canvases follow light and dark.
 *
 * @param {string} name  such as "--training"
 */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {() => void} action  called whenever the system changes between light and dark */
export function onColorScheme(action) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", action);
}

/** @param {Element} element */
export function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/**
 * @param {Element} element
 * @param {ScrollLogicalPosition} block
 */
export function bringIntoView(element, block) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block, behavior: still ? "auto" : "smooth" });
}
