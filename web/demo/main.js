/** The demo page: brings its parts together, and offers `window.demo` to programs that drive it. */

import { loadPyEngine } from "../pyengine.js";
import { Curves } from "./curves.js";
import { bringIntoView, byId, isInView } from "./dom.js";
import { factsOf } from "./engine.js";
import { loadAll } from "./loading.js";
import { startMeter } from "./meter.js";
import { MODELS } from "./models.js";
import { Predictor } from "./predictor.js";
import { showProgram } from "./program.js";
import { Reading } from "./reading.js";
import { freezeSettings, offerOptimizers, prepareSettings, readSettings, writeSettings } from "./settings.js";
import { Status } from "./status.js";
import { Training } from "./training.js";
import { clearTrouble, showTrouble } from "./trouble.js";
import { count } from "./words.js";

/** @typedef {import("pyengine").Engine} Engine */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./training.js").Phase} Phase */
/** @typedef {import("./training.js").Progress} Progress */
/** @typedef {import("./training.js").Result} Result */

const train = byId("train", HTMLButtonElement);
const pause = byId("pause", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const status = new Status();
const curves = new Curves();
const reading = new Reading();
/** @type {Training | null} */
let training = null;
let focusWasInForm = false;

prepareSettings(showProgram);
startMeter();

const ready = open();
ready.catch((error) => {
  status.say("This page could not be opened.");
  showTrouble("Loading failed", error);
});

/**
 * Loads everything, then lets the untrained network guess: it starts from nothing, and one should see that.
 */
async function open() {
  const {
    tf,
    train: trainDigits,
    test,
  } = await loadAll(
    loadPyEngine,
    (words, share) => {
      status.say(words, "busy");
      status.fill(share);
    },
    (digits) => reading.showDigits(digits),
  );
  byId("facts", HTMLElement).textContent = factsOf(tf);
  offerOptimizers(tf.train);
  const predictor = new Predictor(tf);
  predictor.use(MODELS.mlp.build(tf), MODELS.mlp.inputShape);
  reading.connect(predictor);
  training = new Training(tf, { train: trainDigits, test }, predictor, {
    phase: showPhase,
    batch: (progress) => {
      if (!Number.isFinite(progress.logs.loss)) sayLossIsLost(progress);
      status.batch(progress);
      curves.addBatch(progress);
      reading.refresh();
    },
    epoch: (epoch, logs) => {
      status.epoch(epoch, logs);
      curves.addEpoch(epoch, logs);
      reading.refresh();
    },
  });
  train.disabled = false;
  status.fill(0);
  status.say("Ready. Untrained, it guesses; press Train.");
  status.announce("Ready to train.");
}

/** @param {Progress} progress */
function sayLossIsLost({ epoch, batch, logs }) {
  if (byId("trouble", HTMLElement).hidden) {
    showTrouble(
      "The loss is lost",
      `In epoch ${epoch + 1}, batch ${batch + 1}, the loss became ${logs.loss}; from there nothing more ` +
        "is learnt. Stop, and try a smaller learning rate.",
    );
  }
}

/**
 * Trains with these settings; what is left out stays as the form has it.
 *
 * @param {Partial<Settings>} [settings]
 * @returns {Promise<Result>}
 */
async function start(settings = {}) {
  await ready;
  if (!training) throw new Error("The engine is not loaded.");
  if (training.phase !== "idle") throw new Error("A training is running already. Stop it first.");
  clearTrouble();
  writeSettings(settings);
  const chosen = readSettings();
  status.begin();
  curves.begin(chosen.epochs);
  reading.hideMistakes();
  try {
    const result = await training.run(chosen);
    status.finish(result);
    reading.showMistakes(result.guesses);
    reading.refresh();
    return result;
  } catch (error) {
    status.say("Training ended early.");
    throw error;
  }
}

/** Someone who works by keyboard stays where the buttons are, though the pressed one is disabled now. */
function keepFocus() {
  const active = document.activeElement;
  const lost = active === null || active === document.body || active.matches(":disabled");
  const next = [train, pause].find((button) => !button.disabled);
  if (lost && focusWasInForm) next?.focus({ preventScroll: true });
}

/** @param {Phase} phase */
function showPhase(phase) {
  const busy = phase !== "idle";
  const active = document.activeElement;
  if (active && active !== document.body) focusWasInForm = byId("controls", HTMLFormElement).contains(active);
  freezeSettings(busy);
  train.disabled = busy;
  pause.disabled = phase !== "training" && phase !== "paused";
  stop.disabled = pause.disabled;
  pause.textContent = phase === "paused" ? "Resume" : "Pause";
  keepFocus();
  if (phase === "preparing") status.say("Laying out the images…", "busy");
  if (phase === "training") status.say("Training…", "busy");
  if (phase === "paused") status.say("Paused. Ask it about a digit, or go on.", "waiting");
  if (phase === "testing") status.say(`Reading ${count(10000)} test digits…`, "busy");
}

byId("controls", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  start().catch((error) => showTrouble("Training did not work", error));
  // On a phone the progress lies below the form: the buttons move to the top, with the progress right under
  // them.
  if (!isInView(byId("bar", HTMLElement))) bringIntoView(byId("buttons", HTMLElement), "start");
});
pause.addEventListener("click", () => {
  if (training?.phase === "paused") training.resume();
  else training?.pause();
});
stop.addEventListener("click", () => training?.stop());

/** For programs: `await demo.ready`, then `await demo.start({ model: "mlp", epochs: 5 })`. */
const demo = {
  ready,
  start,
  stop: () => training?.stop(),
  get progress() {
    return training ? { ...training.progress, logs: { ...training.progress.logs } } : null;
  },
  get history() {
    return training?.history ?? {};
  },
};
Object.assign(window, { demo });
