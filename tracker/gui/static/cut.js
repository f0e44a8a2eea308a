// The cut page: player, waveform, marks and keys put together. The form works without any of it.

import { keys } from "./cutkeys.js";
import { Draft, Past } from "./draft.js";
import { Extras } from "./extras.js";
import { Recording } from "./frames.js";
import { listen } from "./keys.js";
import { Peaks } from "./peaks.js";
import { Player } from "./player.js";
import { Shuttle } from "./shuttle.js";
import { t } from "./speech.js";
import { strip } from "./strip.js";
import { Wave } from "./wave.js";

const ZOOMS = [0.25, 0.5, 1, 2, 5, 12, 30, 120, 600]; // seconds shown on either side of the playhead
const RUN_UP_S = 3; // seconds played before the out mark
const ROW_PX = 34, LEAST_PX = 96; // height of a channel in the upper waveform
const AROUND_S = 2; // seconds played before and after a mark
const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4];
const REACTION = "fahrwerk.reaction";

const find = (id) => document.getElementById(id);
const root = find("player");
const form = find("cutform");
const languages = [...document.querySelectorAll("input[name=language]:not([type=hidden])")];
const fields = { cutIn: find("cut_in"), cutOut: find("cut_out") };

async function begin() {
  const recording = new Recording(await fetched(root.dataset.timeline));
  const model = { recording, peaks: null, frame: 0, cutIn: null, cutOut: null, parts: [], leaving: null, chapters: [], clap: null, zoom: 5, grips: () => [], marks: () => [] };
  const player = new Player(find("video"), recording);
  const seek = (frame) => player.seek(recording.step(frame, 0));
  const around = () => [model.frame - ZOOMS[model.zoom] * recording.rate, model.frame + ZOOMS[model.zoom] * recording.rate];
  const drag = form && ((mark, frame, done) => page.drag(mark, frame, done));
  const waves = [
    new Wave(find("whole"), model, () => [0, recording.frames], seek, drag),
    new Wave(find("near"), model, around, seek, drag),
  ];
  const page = new Page(player, model, waves);
  player.addEventListener("trouble", (event) => trouble(t("The recording cannot be played. {1}", event.detail)));
  player.addEventListener("frame", () => page.show());
  fetched(root.dataset.peaks).then((data) => page.hear(new Peaks(data, root.dataset.fine, () => page.draw())), () => page.say(t("There is no waveform.")));
  if (find("strip")) strip(find("strip"), root.dataset, recording.frames, seek).catch(() => {});
  page.listen();
  await player.load(root.dataset.playlist, root.dataset.hls, new URLSearchParams(location.search).get("player") === "native");
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

function long(time, parts) {
  if (!parts) return t("The talk is {1} long.", time);
  return parts === 1 ? t("The talk is {1} long (1 part left out).", time) : t("The talk is {1} long ({2} parts left out).", time, parts);
}

// Whoever listens to a field shall hear it too when a key or a button changes it.
function changed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

class Page {
  constructor(player, model, waves) {
    Object.assign(this, { player, model, waves, recording: model.recording, drawn: -1 });
    this.shuttle = new Shuttle(player, (text) => this.say(text));
    this.extras = new Extras(this, form);
  }

  // The sound is there: as many rows as there are channels of all tracks.
  hear(peaks) {
    this.model.peaks = peaks;
    find("near").style.height = `${Math.max(ROW_PX * peaks.rows.length, LEAST_PX)}px`;
    root.dataset.waveform = "yes";
    this.draw();
  }

  listen() {
    listen(keys(Boolean(form), Boolean(find("start"))), (action) => this.act(action), find("keys"));
    for (const button of document.querySelectorAll("[data-do]")) {
      button.addEventListener("click", (event) => {
        this.act(button.dataset.do);
        if (event.detail) button.blur(); // after a mouse click the space bar shall play, not press again
      });
    }
    find("video").addEventListener("click", () => this.player.toggle());
    find("speed").addEventListener("change", (event) => { this.player.video.playbackRate = Number(event.target.value); });
    find("near").addEventListener("wheel", (event) => { event.preventDefault(); this.zoom(Math.sign(event.deltaY)); }, { passive: false });
    for (const choice of languages) choice.addEventListener("input", () => dropGuess(choice));
    for (const field of Object.values(fields)) field?.addEventListener("input", () => this.read());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    if (form) this.keep();
    this.read();
  }

  // Drafts, undo, and the reaction time: what helps with the form.
  keep() {
    const draft = new Draft(form, form.dataset.draft, (text) => { find("draft").textContent = text; });
    const left = draft.left();
    if (left) {
      draft.put(left);
      draft.change();
    }
    this.past = new Past(() => draft.values(), (values) => { draft.put(values); changed(form); this.read(); });
    form.addEventListener("input", () => this.past.note());
    const reaction = find("reaction");
    reaction.value = localStorage.getItem(REACTION) ?? reaction.value;
    reaction.addEventListener("change", () => {
      localStorage.setItem(REACTION, reaction.value);
      reaction.blur(); // so that the keys mean the player again
    });
  }

  act(action) {
    const { player, recording, model } = this;
    const second = Math.round(recording.rate);
    const language = /^language(\d)$/.exec(action);
    const extras = this.extras.actions();
    if (language) return this.choose(Number(language[1]));
    if (!["back", "on"].includes(action)) this.shuttle.halt();
    const actions = {
      toggle: () => player.toggle(),
      back: () => this.shuttle.press(-1),
      on: () => this.shuttle.press(1),
      stop: () => { this.shuttle.stop(); this.showSpeed(); },
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
      markBefore: () => this.jump(-1),
      markAfter: () => this.jump(1),
      zoomIn: () => this.zoom(-1),
      zoomOut: () => this.zoom(1),
      mute: () => { player.video.muted = !player.video.muted; this.say(player.video.muted ? t("Sound off") : t("Sound on")); },
      setIn: () => this.set("cutIn", player.frame),
      setOut: () => this.set("cutOut", player.frame + 1),
      setInAgo: () => this.set("cutIn", this.ago()),
      setOutAgo: () => this.set("cutOut", this.ago() + 1),
      aroundIn: () => this.around(model.cutIn),
      aroundOut: () => this.around(model.cutOut),
      playResult: () => {
        if (model.cutIn === null || model.cutOut === null) return;
        if (player.frame < model.cutIn || player.frame >= model.cutOut - 1) actions.goIn();
        player.play(model.cutOut, model.parts);
        this.say(t("Playing the result"));
      },
      undo: () => this.say(this.past.undo() ? t("Undone") : t("Nothing to undo")),
      redo: () => this.say(this.past.redo() ? t("Done again") : t("Nothing to do again")),
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
      sendNext: () => form.requestSubmit(find("send_next")),
      help: () => find("keys").showModal(),
    };
    return (actions[action] ?? extras[action])();
  }

  choose(number) {
    const choice = languages[number - 1];
    if (!choice) return;
    choice.checked = choice.type === "radio" || !choice.checked;
    changed(choice);
    const chosen = languages.filter((each) => each.checked).map((each) => each.value);
    this.say(t("Language: {1}", chosen.join(" + ") || "–"));
  }

  speed(by) {
    const video = this.player.video;
    const index = SPEEDS.findLastIndex((speed) => speed <= video.playbackRate) + by;
    video.playbackRate = SPEEDS[Math.min(Math.max(index, 0), SPEEDS.length - 1)];
    this.showSpeed();
    this.say(t("Speed {1}", video.playbackRate));
  }

  showSpeed() {
    find("speed").value = String(this.player.video.playbackRate);
  }

  zoomTo(seconds) {
    this.model.zoom = ZOOMS.indexOf(seconds);
    this.draw();
  }

  zoom(by) {
    this.model.zoom = Math.min(Math.max(this.model.zoom + by, 0), ZOOMS.length - 1);
    this.say(t("{1} s of sound", 2 * ZOOMS[this.model.zoom]));
    this.draw();
  }

  // To the nearest mark before or after the playhead; a frame of play, or one could not get away from a mark.
  jump(direction) {
    const { recording, player } = this;
    const before = (mark) => (mark.frame - player.frame) * direction > 1;
    const places = [...this.model.marks(), ...this.model.chapters.map(({ frame, title }) => ({ frame, text: title }))];
    const [mark] = places.filter(before).sort((one, other) => (one.frame - other.frame) * direction);
    if (!mark) return this.say(direction < 0 ? t("No mark before") : t("No mark after"));
    player.seek(recording.step(mark.frame, 0));
    this.say(mark.text || mark.kind);
  }

  // The frame that was on the screen one reaction time ago.
  ago() {
    const moment = Math.max(Number(find("reaction").value) || 0, 0) / 1000;
    return this.recording.step(this.player.frame, -Math.round(moment * this.player.video.playbackRate * this.recording.rate));
  }

  around(frame) {
    if (frame === null) return;
    const { recording, player } = this;
    const by = Math.round(AROUND_S * recording.rate);
    player.seek(recording.step(Math.max(frame - by, 0), 0));
    player.play(frame + by);
  }

  // While a mark is dragged its picture is shown; the form learns it when it is let go.
  drag(mark, place, done) {
    if (this.extras.drag(mark, place, done)) return;
    const frame = Math.round(place);
    this.model[mark] = frame;
    this.player.seek(this.recording.step(mark === "cutOut" ? Math.max(frame - 1, 0) : frame, 0));
    if (done) this.set(mark, frame);
    else this.draw();
  }

  set(mark, frame) {
    fields[mark].value = String(frame);
    changed(fields[mark]);
    this.say(mark === "cutIn" ? t("In: {1}", this.recording.time(frame)) : t("Out: {1}", this.recording.time(frame)));
  }

  // Take the marks from the fields, which people may also type into.
  read() {
    const { model, recording } = this;
    for (const [mark, field] of Object.entries(fields)) {
      const text = field ? field.value : root.dataset[mark === "cutIn" ? "in" : "out"];
      model[mark] = text ? recording.parse(text) : null;
      if (field) find(field.id.replace("cut_", "") + "_time").textContent = model[mark] === null ? "" : recording.time(model[mark]);
    }
    this.extras.read();
    this.length();
    this.draw();
  }

  length() {
    const { cutIn, cutOut, parts } = this.model;
    const output = find("length");
    if (!output || cutIn === null || cutOut === null) return;
    const left = parts.reduce((sum, [first, stop]) => sum + this.recording.present(first, stop), 0);
    const frames = this.recording.present(cutIn, cutOut) - left;
    output.textContent = cutOut > cutIn ? long(this.recording.time(frames), parts.length) : t("Out has to come after in.");
  }

  say(text) {
    find("hint").textContent = text;
  }

  show() {
    const { player, recording, model } = this;
    model.frame = player.frame;
    find("play").textContent = player.video.paused ? t("Play") : t("Pause");
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

begin().catch((error) => trouble(t("The recording cannot be played. {1}", error.message)));
