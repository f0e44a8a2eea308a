// Keys that do something on a page: one table, which is also what the help shows. People may choose other keys.

import { t } from "./speech.js";

const NAMES = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": t("Space") };
const STORED = "fahrwerk.keys";
const MODIFIERS = ["Shift", "Control", "Alt", "Meta", "AltGraph"];

// `table` rows: [keys, action, what it does or null for the help to leave it out]; a key is what KeyboardEvent.key says, with Shift+ or Ctrl+ before it.
export function listen(table, act, dialog) {
  const keys = new Keys(table, dialog);
  document.addEventListener("keydown", (event) => {
    const key = name(event);
    if (keys.waiting) return keys.choose(event, key);
    const action = keys.action(key);
    if (!action || dialog?.open || event.altKey || event.metaKey || busy(event, key)) return;
    if (keys.off && !key.startsWith("Ctrl+") && key !== "?") return;
    event.preventDefault();
    act(action);
  }, true);
}

class Keys {
  constructor(table, dialog) {
    this.table = table;
    this.own = stored();
    this.list = dialog?.querySelector("#keylist");
    this.waiting = null; // the action that gets the next key
    const enabled = dialog?.querySelector("#keys-on");
    this.off = enabled !== undefined && enabled !== null && localStorage.getItem(STORED) === "off";
    if (!enabled) return;
    enabled.checked = !this.off;
    enabled.addEventListener("change", () => {
      this.off = !enabled.checked;
      localStorage.setItem(STORED, this.off ? "off" : "on");
    });
    dialog.querySelector("#keys-reset")?.addEventListener("click", () => this.keep({}));
    dialog.addEventListener("close", () => { this.waiting = null; this.explain(); });
    this.explain();
  }

  keysOf([keys, action]) {
    return this.own[action] ? [this.own[action]] : keys;
  }

  action(key) {
    return this.table.find((row) => this.keysOf(row).includes(key))?.[1];
  }

  keep(own) {
    this.own = own;
    localStorage.setItem(`${STORED}.own`, JSON.stringify(own));
    this.waiting = null;
    this.explain();
  }

  choose(event, key) {
    if (MODIFIERS.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const action = this.waiting;
    this.waiting = null;
    if (key === "Escape" || key === "Tab") return this.explain();
    const taken = this.table.find((row) => row[1] !== action && this.keysOf(row).includes(key));
    if (taken) return this.explain(t("{1} already means: {2}.", cap(key), taken[2] ?? taken[1]));
    this.keep({ ...this.own, [action]: key });
  }

  explain(said = "") {
    if (!this.list) return;
    this.list.replaceChildren();
    for (const row of this.table.filter((each) => each[2])) this.list.append(...this.line(row));
    const told = document.getElementById("keys-said");
    if (told) told.textContent = said;
  }

  line(row) {
    const [, action, what] = row;
    const term = document.createElement("dt"), text = document.createElement("dd"), change = document.createElement("button");
    this.keysOf(row).forEach((key, index) => {
      if (index) term.append(" ");
      const shown = document.createElement("kbd");
      shown.textContent = cap(key);
      term.append(shown);
    });
    change.type = "button";
    change.className = "plain small";
    change.textContent = t("Change");
    change.setAttribute("aria-label", t("Choose another key: {1}", what));
    change.addEventListener("click", () => {
      this.waiting = action;
      change.textContent = t("Press a key …");
    });
    text.append(what, " ", change);
    return [term, text];
  }
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(`${STORED}.own`)) ?? {};
  } catch {
    return {};
  }
}

function cap(key) {
  return key.split(/\+(?=.)/).map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join("+");
}

function name(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = key.toLowerCase() !== key.toUpperCase() || key.length > 1;
  return (event.ctrlKey ? "Ctrl+" : "") + (event.shiftKey && letter ? "Shift+" : "") + key;
}

// Whoever types a text or presses a focused button means that, not the player.
function busy(event, key) {
  if (key === "Ctrl+Enter") return false;
  const element = event.target;
  const kind = element.type ?? "";
  if (element.matches("textarea, select, [contenteditable]")) return true;
  const presses = key === " " || key === "Enter";
  if (element.matches("input")) return !["radio", "checkbox"].includes(kind) || presses || (kind === "radio" && key.startsWith("Arrow"));
  return presses && element.matches("button, a, summary, video[controls], audio[controls]");
}
