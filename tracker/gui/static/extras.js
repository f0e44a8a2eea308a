// What the cut page does besides in and out: parts in the middle, chapters, the delay by a clap, marks by kind, samples.

import { Ear } from "./listen.js";
import { addChapter, gaps, joined, readChapters, readParts, writeParts } from "./parts.js";
import { t } from "./speech.js";
import { KINDS } from "./wave.js";

const HIDDEN = "fahrwerk.marks.hidden";
const CLAP_S = 0.5; // how far from its picture the sound of a clap is looked for
const SAMPLE_S = 5;
const SAMPLES = [0.1, 0.5, 0.9];
const NAMES = {
  schedule: t("schedule"), hole: t("hole"), silence: t("silence"), loudness: t("louder, quieter"), applause: t("applause"),
  operator: t("operator"), change: t("change"), black: t("black picture"), frozen: t("frozen picture"), chapter: t("chapter"),
};

const find = (id) => document.getElementById(id);

export class Extras {
  // `page` has player, model, recording, say(text), draw(), read().
  constructor(page, form) {
    Object.assign(this, { page, form });
    this.fields = { parts: find("leave_out"), chapters: find("chapters"), delay: form?.elements.av_delay };
    this.hidden = new Set(JSON.parse(localStorage.getItem(HIDDEN) ?? "[]"));
    page.model.marks = () => page.recording.marks.filter((mark) => !this.hidden.has(mark.kind));
    page.model.grips = () => this.grips();
    this.ear = new Ear(page.player.video);
    for (const select of form?.querySelectorAll("[name=audio]") ?? []) {
      select.addEventListener("change", () => this.ear.hear(select.value));
      if (select.id === "audio") page.player.video.addEventListener("play", () => this.ear.hear(select.value));
    }
    for (const field of [this.fields.parts, this.fields.chapters]) field?.addEventListener("input", () => page.read());
    this.legend();
    this.list();
  }

  actions() {
    const { page } = this;
    return {
      leaveOut: () => this.begin(page.player.frame),
      keepAgain: () => this.end(page.player.frame),
      dropPart: () => this.drop(page.player.frame),
      chapter: () => this.chapter(page.player.frame),
      clap: () => this.clap(page.player.frame),
      sample1: () => this.sample(SAMPLES[0]),
      sample2: () => this.sample(SAMPLES[1]),
      sample3: () => this.sample(SAMPLES[2]),
    };
  }

  // --- parts in the middle

  read() {
    const { model, recording } = this.page, root = find("player");
    model.parts = this.fields.parts ? joined(readParts(this.fields.parts.value, recording)) : root.dataset.ranges ? gaps(root.dataset.ranges) : [];
    model.chapters = this.fields.chapters ? readChapters(this.fields.chapters.value, recording) : [];
  }

  write(parts) {
    this.fields.parts.value = writeParts(parts, this.page.recording);
    find("parts").open = find("parts").open || parts.length > 0;
    this.fields.parts.dispatchEvent(new Event("input", { bubbles: true }));
  }

  begin(frame) {
    const { model } = this.page;
    model.leaving = frame;
    this.page.say(t("Left out from {1} on; Shift+X where the talk goes on", this.page.recording.time(frame)));
    this.page.draw();
  }

  end(frame) {
    const { model } = this.page, first = model.leaving;
    if (first === null) return this.page.say(t("First press X where the part begins that is to be left out"));
    if (frame <= first) return this.page.say(t("The talk has to go on after the part that is left out"));
    model.leaving = null;
    this.write([...model.parts, [first, frame]]);
    return this.page.say(t("Left out: {1}", this.page.recording.time(frame - first)));
  }

  drop(frame) {
    const { model } = this.page;
    const others = model.parts.filter(([first, stop]) => frame < first || frame > stop);
    if (model.leaving !== null) model.leaving = null;
    else if (others.length === model.parts.length) return this.page.say(t("The picture is in no part that is left out"));
    else this.write(others);
    this.page.draw();
    return this.page.say(t("Kept after all"));
  }

  grips() {
    const { model } = this.page;
    const marks = ["cutIn", "cutOut"].filter((mark) => model[mark] !== null).map((mark) => [mark, model[mark]]);
    const parts = model.parts.flatMap(([first, stop], index) => [[`part${index}.0`, first], [`part${index}.1`, stop]]);
    return [...marks, ...parts, ...(model.clap ? [["clap", model.clap.sound]] : [])];
  }

  // An edge of a part, or the sound of a clap, is dragged. Returns false for other marks.
  drag(mark, place, done) {
    const { model, player, recording } = this.page, frame = Math.round(place);
    if (mark === "clap") {
      this.heard(place / recording.rate, done);
      return true;
    }
    const found = /^part(\d+)\.([01])$/.exec(mark);
    if (!found) return false;
    const part = model.parts[found[1]];
    const moved = found[2] === "0" ? Math.min(frame, part[1] - 1) : Math.max(frame, part[0] + 1);
    part[found[2]] = moved;
    player.seek(recording.step(moved, 0));
    if (done) this.write(model.parts);
    else this.page.draw();
    return true;
  }

  // --- chapters

  chapter(frame) {
    const field = this.fields.chapters;
    const [text, cursor] = addChapter(field.value, frame, this.page.recording);
    find("chapterbox").open = true;
    field.value = text;
    field.focus();
    field.setSelectionRange(cursor, cursor);
    this.page.say(t("Type the title of the chapter; Escape goes back to the player"));
    field.addEventListener("keydown", (event) => event.key === "Escape" && field.blur());
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // --- the delay

  // The picture of a clap: the sound that begins nearest to it tells the delay.
  async clap(frame) {
    const { model, recording } = this.page;
    this.page.player.video.pause();
    const onset = await model.peaks?.onset(frame / recording.rate, CLAP_S);
    model.clap = { picture: frame, sound: (onset ?? frame / recording.rate) * recording.rate };
    this.page.zoomTo(CLAP_S);
    if (onset === null || onset === undefined) return this.page.say(t("No sound begins here; drag the orange line to it"));
    return this.heard(onset, true);
  }

  heard(moment, done) {
    const { model, recording } = this.page;
    model.clap.sound = moment * recording.rate;
    const delay = Math.round((moment - model.clap.picture / recording.rate) * 1000);
    this.page.draw();
    if (!done) return;
    this.fields.delay.value = String(delay);
    this.fields.delay.dispatchEvent(new Event("input", { bubbles: true }));
    const early = t("The sound is {1} ms early. Another one is meant? Drag the orange line", -delay);
    const late = t("The sound is {1} ms late. Another one is meant? Drag the orange line", delay);
    this.page.say(delay < 0 ? early : late);
  }

  // --- samples

  sample(part) {
    const { model, player, recording } = this.page, select = find("audio");
    const first = model.cutIn ?? 0, stop = model.cutOut ?? recording.frames;
    const begin = recording.step(Math.round(first + part * (stop - first)), 0);
    if (select) this.ear.hear(select.value);
    player.seek(begin);
    player.play(Math.min(begin + Math.round(SAMPLE_S * recording.rate), recording.frames));
  }

  // --- marks by kind

  legend() {
    const box = find("legend");
    const kinds = [...new Set(this.page.recording.marks.map((mark) => mark.kind))];
    for (const kind of kinds) {
      const label = document.createElement("label"), input = document.createElement("input"), swatch = document.createElement("i");
      label.className = "tick";
      input.type = "checkbox";
      input.checked = !this.hidden.has(kind);
      input.addEventListener("change", () => this.show(kind, input.checked));
      swatch.className = `swatch ${[...KINDS, "hole"].includes(kind) ? kind : ""}`;
      const count = this.page.recording.marks.filter((mark) => mark.kind === kind).length;
      label.append(input, swatch, ` ${NAMES[kind] ?? kind} (${count})`);
      box?.append(label);
    }
  }

  show(kind, wanted) {
    if (wanted) this.hidden.delete(kind);
    else this.hidden.add(kind);
    localStorage.setItem(HIDDEN, JSON.stringify([...this.hidden]));
    this.list();
    this.page.draw();
  }

  list() {
    const list = find("marklist"), { player, recording, model } = this.page;
    if (!list) return;
    list.replaceChildren(...model.marks().map((mark) => {
      const item = document.createElement("li"), button = document.createElement("button"), swatch = document.createElement("i");
      button.type = "button";
      button.className = "plain";
      swatch.className = `swatch ${mark.kind}`;
      button.append(swatch, ` ${recording.time(mark.frame).slice(0, 8)} ${mark.text || NAMES[mark.kind] || mark.kind}`);
      button.addEventListener("click", () => player.seek(recording.step(mark.frame, 0)));
      item.append(button);
      return item;
    }));
    find("marks").hidden = !recording.marks.length;
  }
}
