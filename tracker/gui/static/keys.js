// Keys that do something on a page: one table, which is also what the help shows.

const NAMES = { ArrowLeft: "←", ArrowRight: "→", " ": "Space" };
const STORED = "fahrwerk.keys";

// `table` rows: [keys, action, what it does or null for the help to leave it out]; a key is what KeyboardEvent.key says, with Shift+ or Ctrl+ before it.
export function listen(table, act, dialog) {
  const actions = new Map(table.flatMap(([keys, action]) => keys.map((key) => [key, action])));
  const enabled = dialog?.querySelector("#keys-on");
  if (enabled) {
    enabled.checked = localStorage.getItem(STORED) !== "off";
    enabled.addEventListener("change", () => localStorage.setItem(STORED, enabled.checked ? "on" : "off"));
    explain(dialog.querySelector("#keylist"), table);
  }
  document.addEventListener("keydown", (event) => {
    const key = name(event);
    const action = actions.get(key);
    if (!action || dialog?.open || event.altKey || event.metaKey || busy(event, key)) return;
    if (enabled && !enabled.checked && !key.startsWith("Ctrl+") && key !== "?") return;
    event.preventDefault();
    act(action);
  });
}

function name(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = key.toLowerCase() !== key.toUpperCase() || key.length > 1;
  return (event.ctrlKey ? "Ctrl+" : "") + (event.shiftKey && letter ? "Shift+" : "") + key;
}

// Whoever types a text or presses a focused button means that, not the player.
function busy(event, key) {
  if (key.startsWith("Ctrl+")) return false;
  const element = event.target;
  const kind = element.type ?? "";
  if (element.matches("textarea, select, [contenteditable]")) return true;
  const presses = key === " " || key === "Enter";
  if (element.matches("input")) return !["radio", "checkbox"].includes(kind) || presses || (kind === "radio" && key.startsWith("Arrow"));
  return presses && element.matches("button, a, summary, video[controls], audio[controls]");
}

function explain(list, table) {
  for (const [keys, , what] of table.filter((row) => row[2])) {
    const term = document.createElement("dt"), text = document.createElement("dd");
    keys.forEach((key, index) => {
      if (index) term.append(" ");
      const cap = document.createElement("kbd");
      cap.textContent = key.split("+").map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join("+");
      term.append(cap);
    });
    text.textContent = what;
    list.append(term, text);
  }
}
