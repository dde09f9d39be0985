/** The form: what the person chose, checked, and the defaults that suit each choice. */

import { byId } from "./dom.js";
import { LEARNING_RATES, MODELS } from "./models.js";

/**
 * @typedef {object} Settings
 * @property {"mlp" | "cnn"} model
 * @property {number} epochs
 * @property {number} batchSize
 * @property {string} optimizer
 * @property {number} learningRate
 * @property {number} trainingImages
 * @property {NonNullable<import("pyengine").FitSettings["yieldEvery"]>} yieldEvery
 */

/** @type {Record<string, string>} */
const YIELD_NOTES = {
  auto: "auto: control goes back to the page every few milliseconds, even inside a step.",
  batch: "Control goes back to the page after every batch.",
  epoch: "Control goes back only after each epoch: expect the page to stand still in between.",
  100: "Control goes back every 100 ms: watch the frames below.",
  never:
    "never: the page freezes until training is over, Pause and Stop too. That is the point of the others.",
};

const form = byId("controls", HTMLFormElement);
const optimizer = byId("optimizer", HTMLSelectElement);
const yieldEvery = byId("yieldEvery", HTMLSelectElement);
const trainingImages = byId("trainingImages", HTMLSelectElement);

/** @type {(words: Record<keyof Settings, string>) => void} */
let onChange = () => {};

/**
 * Fills the lists and keeps the notes and defaults in step with what is chosen.
 *
 * @param {(words: Record<keyof Settings, string>) => void} whenChanged  is given the raw values
 */
export function prepareSettings(whenChanged) {
  onChange = whenChanged;
  form.addEventListener("input", explain);
  for (const name of Object.keys(LEARNING_RATES)) optimizer.add(new Option(name, name));
  optimizer.addEventListener("change", suggestLearningRate);
  for (const radio of form.querySelectorAll("input[name=model]")) radio.addEventListener("change", suitModel);
  explain();
}

/** @param {object} available  optimizers the engine has, by name */
export function offerOptimizers(available) {
  for (const option of [...optimizer.options]) if (!(option.value in available)) option.remove();
}

/** @param {boolean} frozen  while training, choices cannot be changed */
export function freezeSettings(frozen) {
  for (const control of form.querySelectorAll("input, select")) control.toggleAttribute("disabled", frozen);
}

/**
 * What is chosen now.
 *
 * @returns {Settings}
 */
export function readSettings() {
  const yields = yieldEvery.value;
  return {
    model: chosenModel(),
    epochs: readNumber("epochs", "Epochs", 1, true),
    batchSize: readNumber("batchSize", "Batch size", 1, true),
    optimizer: optimizer.value,
    learningRate: readNumber("learningRate", "Learning rate", Number.MIN_VALUE, false),
    trainingImages: Number(trainingImages.value),
    yieldEvery: /^\d+$/.test(yields) ? Number(yields) : /** @type {Settings["yieldEvery"]} */ (yields),
  };
}

/**
 * Puts values into the form, so that what is shown is what runs. A changed model brings its own defaults
 * first.
 *
 * @param {Partial<Settings>} settings
 */
export function writeSettings(settings) {
  if (settings.model !== undefined && settings.model !== chosenModel()) {
    const radio = form.querySelector(`input[name=model][value="${CSS.escape(settings.model)}"]`);
    if (!(radio instanceof HTMLInputElement)) {
      throw new Error(
        `There is no model "${settings.model}"; choose one of ${Object.keys(MODELS).join(", ")}.`,
      );
    }
    radio.checked = true;
    suitModel();
  }
  if (settings.optimizer !== undefined) {
    select(optimizer, settings.optimizer, "optimizer");
    suggestLearningRate();
  }
  if (settings.trainingImages !== undefined)
    select(trainingImages, String(settings.trainingImages), "number of training images");
  if (settings.yieldEvery !== undefined) select(yieldEvery, String(settings.yieldEvery), "yieldEvery");
  for (const name of /** @type {const} */ (["epochs", "batchSize", "learningRate"])) {
    if (settings[name] !== undefined) byId(name, HTMLInputElement).value = String(settings[name]);
  }
  explain();
}

/** @returns {"mlp" | "cnn"} */
function chosenModel() {
  // Not FormData: it leaves out what is disabled, and the form is disabled while training.
  return form.querySelector('input[name=model][value="cnn"]:checked') ? "cnn" : "mlp";
}

function suitModel() {
  const { epochs, batchSize, trainingImages: images } = MODELS[chosenModel()].suits;
  byId("epochs", HTMLInputElement).value = String(epochs);
  byId("batchSize", HTMLInputElement).value = String(batchSize);
  trainingImages.value = String(images);
  explain();
}

function suggestLearningRate() {
  const name = /** @type {keyof typeof LEARNING_RATES} */ (optimizer.value);
  byId("learningRate", HTMLInputElement).value = String(LEARNING_RATES[name]);
  explain();
}

function explain() {
  byId("model-note", HTMLElement).textContent = MODELS[chosenModel()].note;
  byId("yield-note", HTMLElement).textContent =
    YIELD_NOTES[yieldEvery.value] ?? `Control goes back to the page every ${yieldEvery.value} ms.`;
  onChange({
    model: chosenModel(),
    epochs: byId("epochs", HTMLInputElement).value,
    batchSize: byId("batchSize", HTMLInputElement).value,
    optimizer: optimizer.value,
    learningRate: byId("learningRate", HTMLInputElement).value,
    trainingImages: trainingImages.value,
    yieldEvery: yieldEvery.value,
  });
}

/**
 * A value that the list lacks is added when it makes sense: a program may ask for 12,000 images or 20 ms.
 *
 * @param {HTMLSelectElement} list
 * @param {string} value
 * @param {string} what
 */
function select(list, value, what) {
  const known = [...list.options].map((option) => option.value);
  if (!known.includes(value)) {
    if (!/^\d+$/.test(value))
      throw new Error(`There is no ${what} "${value}"; choose one of ${known.join(", ")}.`);
    list.add(new Option(value, value));
  }
  list.value = value;
}

/**
 * @param {string} id
 * @param {string} label
 * @param {number} least
 * @param {boolean} isWhole
 */
function readNumber(id, label, least, isWhole) {
  const input = byId(id, HTMLInputElement);
  const value = input.valueAsNumber;
  const good = Number.isFinite(value) && value >= least && (!isWhole || Number.isInteger(value));
  input.setAttribute("aria-invalid", String(!good));
  if (!good) {
    input.focus();
    const expected = isWhole ? `a whole number from ${least} up` : "a number above 0, such as 0.001";
    throw new Error(`${label} must be ${expected}, but is "${input.value}".`);
  }
  return value;
}
