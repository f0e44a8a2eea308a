// The cut page: player, waveform, marks and keys put together. The form works without any of it.

import { Recording } from "./frames.js";
import { listen } from "./keys.js";
import { Player } from "./player.js";
import { Wave } from "./wave.js";

const NEAR_S = 12; // seconds shown on either side of the playhead
const RUN_UP_S = 3; // seconds played before the out mark
const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4];

const find = (id) => document.getElementById(id);
const root = find("player");
const form = find("cutform");
const languages = [...document.querySelectorAll("input[name=language]:not([type=hidden])")];
const fields = { cutIn: find("cut_in"), cutOut: find("cut_out") };

const KEYS = [
  [[" ", "k"], "toggle", "play or pause"],
  [[","], "backFrame", "one frame back"],
  [["."], "onFrame", "one frame on"],
  [["ArrowLeft"], "back1", "one second back"],
  [["ArrowRight"], "on1", "one second on"],
  [["j", "Shift+ArrowLeft"], "back10", "ten seconds back"],
  [["l", "Shift+ArrowRight"], "on10", "ten seconds on"],
  [["Home"], "begin", "to the beginning"],
  [["End"], "end", "to the end"],
  [["-"], "slower", "play slower"],
  [["+", "="], "faster", "play faster"],
  [["m"], "mute", "sound off or on"],
  ...(form ? [
    [["i"], "setIn", "the talk begins with this picture"],
    [["o"], "setOut", "the talk ends with this picture"],
    [["Shift+i"], "goIn", "to the first picture of the talk"],
    [["Shift+o"], "goOut", "to the last picture of the talk"],
    [["p"], "playIn", "play from the in mark"],
    [["Shift+p"], "playOut", "play the last seconds up to the out mark"],
    [["1"], "language1", "choose the first language (2 the second, and so on)"],
    ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => [[String(number)], `language${number}`, null]),
    [["Ctrl+Enter"], "send", "I finished cutting"],
  ] : []),
  ...(find("start") ? [[["Enter"], "start", "start cutting"]] : []),
  [["?"], "help", "show the keys"],
];

async function begin() {
  const recording = new Recording(await fetched(root.dataset.timeline));
  const model = { recording, peaks: null, frame: 0, cutIn: null, cutOut: null };
  const player = new Player(find("video"), recording);
  const seek = (frame) => player.seek(recording.step(frame, 0));
  const around = () => [model.frame - NEAR_S * recording.rate, model.frame + NEAR_S * recording.rate];
  const waves = [new Wave(find("whole"), model, () => [0, recording.frames], seek), new Wave(find("near"), model, around, seek)];
  const page = new Page(player, model, waves);
  player.addEventListener("trouble", (event) => trouble(`The recording cannot be played. ${event.detail}`));
  player.addEventListener("frame", () => page.show());
  fetched(root.dataset.peaks).then((peaks) => { model.peaks = peaks; page.draw(); }, () => page.say("There is no waveform."));
  page.listen();
  await player.load(root.dataset.playlist, root.dataset.hls, new URLSearchParams(location.search).get("player") === "hls");
  player.seek(recording.step(model.cutIn ?? 0, 0));
  root.dataset.ready = "yes";
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? answer.statusText);
  return answer.json();
}

function trouble(text) {
  find("trouble").textContent = text;
  find("trouble").hidden = false;
}

// The first choice goes before what the schedule says; after that, choices add up.
function dropGuess(choice) {
  const guess = languages.find((each) => "guess" in each.dataset);
  if (!guess) return;
  delete guess.dataset.guess;
  if (guess !== choice) guess.checked = false;
}

// Whoever listens to a field shall hear it too when a key or a button changes it.
function changed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

class Page {
  constructor(player, model, waves) {
    Object.assign(this, { player, model, waves, recording: model.recording, drawn: -1 });
  }

  listen() {
    listen(KEYS, (action) => this.act(action), find("keys"));
    for (const button of document.querySelectorAll("[data-do]")) {
      button.addEventListener("click", (event) => {
        this.act(button.dataset.do);
        if (event.detail) button.blur(); // after a mouse click the space bar shall play, not press again
      });
    }
    find("video").addEventListener("click", () => this.player.toggle());
    find("speed").addEventListener("change", (event) => { this.player.video.playbackRate = Number(event.target.value); });
    for (const choice of languages) choice.addEventListener("input", () => dropGuess(choice));
    for (const field of Object.values(fields)) field?.addEventListener("input", () => this.read());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.read();
  }

  act(action) {
    const { player, recording, model } = this;
    const second = Math.round(recording.rate);
    const language = /^language(\d)$/.exec(action);
    if (language) return this.choose(Number(language[1]));
    const actions = {
      toggle: () => player.toggle(),
      backFrame: () => player.step(-1),
      onFrame: () => player.step(1),
      back1: () => player.step(-second),
      on1: () => player.step(second),
      back10: () => player.step(-10 * second),
      on10: () => player.step(10 * second),
      begin: () => player.seek(recording.step(0, 0)),
      end: () => player.seek(recording.step(recording.frames - 1, 0)),
      slower: () => this.speed(-1),
      faster: () => this.speed(1),
      mute: () => { player.video.muted = !player.video.muted; this.say(player.video.muted ? "Sound off" : "Sound on"); },
      setIn: () => this.set("cutIn", player.frame),
      setOut: () => this.set("cutOut", player.frame + 1),
      goIn: () => model.cutIn !== null && player.seek(recording.step(model.cutIn, 0)),
      goOut: () => model.cutOut !== null && player.seek(recording.step(model.cutOut - 1, 0)),
      playIn: () => { actions.goIn(); player.play(model.cutOut); },
      playOut: () => {
        if (model.cutOut === null) return;
        player.seek(recording.step(Math.max(model.cutOut - RUN_UP_S * second, model.cutIn ?? 0), 0));
        player.play(model.cutOut);
      },
      start: () => find("start").click(),
      send: () => form.requestSubmit(find("send")),
      help: () => find("keys").showModal(),
    };
    return actions[action]();
  }

  choose(number) {
    const choice = languages[number - 1];
    if (!choice) return;
    choice.checked = choice.type === "radio" || !choice.checked;
    changed(choice);
    const chosen = languages.filter((each) => each.checked).map((each) => each.value);
    this.say(`Language: ${chosen.join(" and ") || "none"}`);
  }

  speed(by) {
    const video = this.player.video;
    const index = SPEEDS.indexOf(video.playbackRate) + by;
    video.playbackRate = SPEEDS[Math.min(Math.max(index, 0), SPEEDS.length - 1)];
    find("speed").value = String(video.playbackRate);
    this.say(`Speed ${video.playbackRate}`);
  }

  set(mark, frame) {
    fields[mark].value = String(frame);
    changed(fields[mark]);
    this.say(`${mark === "cutIn" ? "In" : "Out"}: ${this.recording.time(frame)}`);
  }

  // Take the marks from the fields, which people may also type into.
  read() {
    const { model, recording } = this;
    for (const [mark, field] of Object.entries(fields)) {
      const text = field ? field.value : root.dataset[mark === "cutIn" ? "in" : "out"];
      model[mark] = text ? recording.parse(text) : null;
      if (field) find(field.id.replace("cut_", "") + "_time").textContent = model[mark] === null ? "" : recording.time(model[mark]);
    }
    this.length();
    this.draw();
  }

  length() {
    const { cutIn, cutOut } = this.model;
    const output = find("length");
    if (!output || cutIn === null || cutOut === null) return;
    const frames = this.recording.present(cutIn, cutOut);
    output.textContent = cutOut > cutIn ? `The talk is ${this.recording.time(frames)} long.` : "Out has to come after in.";
  }

  say(text) {
    find("hint").textContent = text;
  }

  show() {
    const { player, recording, model } = this;
    model.frame = player.frame;
    find("play").textContent = player.video.paused ? "Play" : "Pause";
    find("now").textContent = recording.time(model.frame);
    find("frame").textContent = String(model.frame);
    find("wall").textContent = recording.wall(model.frame);
    root.dataset.shown = String(player.shown);
    root.dataset.seeking = player.wanted === null ? "" : "yes";
    const slider = find("whole");
    slider.setAttribute("aria-valuemax", String(recording.frames - 1));
    slider.setAttribute("aria-valuenow", String(model.frame));
    slider.setAttribute("aria-valuetext", recording.time(model.frame));
    this.draw();
  }

  draw() {
    if (this.scheduled) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = null;
      for (const wave of this.waves) wave.draw();
    });
  }
}

begin().catch((error) => trouble(`The recording cannot be played. ${error.message}`));
