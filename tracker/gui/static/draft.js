// What was typed on a form is kept while it is typed: at the tracker, and here until the tracker has it.

import { t } from "./speech.js";

const AFTER_MS = 500, AGAIN_MS = 3000;

export class Draft {
  // `said` is told where the draft stands: "saved", "saving", "kept here".
  constructor(form, address, said) {
    Object.assign(this, { form, address, said, running: false, dirty: false });
    this.place = `fahrwerk.draft.${address}`;
    form.addEventListener("input", () => this.change());
    form.addEventListener("submit", () => { this.over = true; localStorage.removeItem(this.place); });
  }

  values() {
    const found = {};
    for (const [name, value] of new FormData(this.form)) {
      if (name !== "csrf_token") (found[name] ??= []).push(value);
    }
    return found;
  }

  // What this browser could not hand over before the page was left.
  left() {
    try {
      return JSON.parse(localStorage.getItem(this.place));
    } catch {
      return null;
    }
  }

  put(values) {
    const seen = {}; // fields of one name get the values in turn
    for (const field of this.form.elements) {
      if (!field.name || !(field.name in values) || field.type === "hidden") continue;
      if (["radio", "checkbox"].includes(field.type)) field.checked = values[field.name].includes(field.value);
      else field.value = values[field.name][seen[field.name] ?? 0] ?? field.value;
      seen[field.name] = (seen[field.name] ?? 0) + 1;
    }
    for (const field of this.form.querySelectorAll("[type=checkbox]")) {
      if (!(field.name in values)) field.checked = false;
    }
  }

  change() {
    localStorage.setItem(this.place, JSON.stringify(this.values()));
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), AFTER_MS);
  }

  async save() {
    if (this.running || this.over || !this.dirty) return;
    this.running = true;
    this.dirty = false;
    const outcome = await this.send().catch(() => "again");
    this.running = false;
    if (this.over) return;
    if (outcome === "again") this.dirty = true;
    if (outcome === "saved" && !this.dirty) localStorage.removeItem(this.place);
    this.said(outcome === "saved" ? t("Draft saved") : outcome === "again" ? t("The tracker does not answer; the draft is kept in this browser") : outcome);
    if (this.dirty) this.timer = setTimeout(() => this.save(), outcome === "again" ? AGAIN_MS : 0);
  }

  async send() {
    const answer = await fetch(this.address, { method: "POST", body: new FormData(this.form), headers: { Accept: "application/json" } });
    if (answer.ok) return "saved";
    if (answer.status >= 500) return "again";
    return (await answer.json().catch(() => ({}))).error ?? t("The draft was refused");
  }
}

// The states of a form that one can go back to.
export class Past {
  constructor(read, put) {
    Object.assign(this, { read, put, behind: [], ahead: [] });
    this.now = JSON.stringify(read());
  }

  note() {
    const state = JSON.stringify(this.read());
    if (state === this.now) return;
    this.behind.push(this.now);
    this.ahead = [];
    this.now = state;
  }

  undo() {
    return this.go(this.behind, this.ahead);
  }

  redo() {
    return this.go(this.ahead, this.behind);
  }

  go(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    this.put(JSON.parse(this.now));
    return true;
  }
}
