// The check page: leads through the places of the checklist, one key a step; notes times in the comment.

import { clock } from "./frames.js";
import { listen } from "./keys.js";

const media = document.getElementById("video");
const places = document.getElementById("places");
const verdict = document.getElementById("verdict");
const comment = document.getElementById("comment");
const steps = [...document.querySelectorAll("#checklist input")];
const buttons = [...places?.querySelectorAll("[data-at]") ?? []].filter((each) => each.dataset.at !== "toggle");
const LAST_S = 10; // seconds before the end to begin at
const LEAD_S = 1; // seconds to hear or see before what the machine found
const TIME = /\[(\d+):(\d\d):(\d\d)\]/g;

const KEYS = [
  ...buttons.map((button, index) => [[String(index + 1)], button.dataset.at, `play: ${button.textContent.replace(/^\d+/, "").trim()}`]),
  [[" ", "k"], "toggle", "play or pause"],
  [["ArrowLeft", "j"], "back", "five seconds back"],
  [["ArrowRight", "l"], "on", "five seconds on"],
  ...(verdict ? [
    [["n"], "next", "this step is fine; play the next place"],
    [["t"], "time", "note the time in the comment"],
    [["Ctrl+Enter"], "fine", "everything is fine; the next file"],
  ] : []),
  ...(document.getElementById("start") ? [[["Enter"], "begin", "start checking"]] : []),
  [["?"], "help", "show the keys"],
];

function play(place) {
  if (!media.duration) return media.addEventListener("loadedmetadata", () => play(place), { once: true });
  const targets = { start: 0, end: Math.max(media.duration - LAST_S, 0) };
  media.currentTime = targets[place] ?? Number(place) * media.duration;
  return media.play();
}

function say(text) {
  document.getElementById("hint").textContent = text;
}

// Tick the first open step and play the place of the one after it.
function next() {
  const open = steps.filter((each) => !each.checked);
  if (open.length) open[0].checked = true;
  const following = open[1];
  if (!following) {
    media.pause();
    return say("Everything is looked at: say what you found.");
  }
  say(following.parentElement.textContent.trim());
  return following.dataset.place ? play(following.dataset.place) : media.pause();
}

function noteTime() {
  const text = `[${clock(media.currentTime).slice(0, 8)}] `;
  comment.setRangeText(text, comment.selectionStart, comment.selectionEnd, "end");
  media.pause();
  comment.focus();
}

const ACTIONS = {
  begin: () => document.getElementById("start")?.click(),
  toggle: () => (media.paused ? media.play() : media.pause()),
  back: () => { media.currentTime -= 5; },
  on: () => { media.currentTime += 5; },
  next,
  time: noteTime,
  fine: () => verdict.requestSubmit(document.getElementById("fine")),
  help: () => document.getElementById("keys").showModal(),
};

function go(action) {
  return (ACTIONS[action] ?? (() => play(action)))();
}

// A time in a comment becomes a button that goes there.
function linkTimes() {
  for (const text of document.querySelectorAll(".comments .text")) {
    const parts = [];
    let last = 0;
    for (const found of text.textContent.matchAll(TIME)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain small";
      [button.textContent] = found;
      button.addEventListener("click", () => { media.currentTime = found[1] * 3600 + found[2] * 60 + Number(found[3]); media.play(); });
      parts.push(text.textContent.slice(last, found.index), button);
      last = found.index + found[0].length;
    }
    if (parts.length) text.replaceChildren(...parts, text.textContent.slice(last));
  }
}

media.addEventListener("error", () => {
  const trouble = document.getElementById("trouble");
  trouble.textContent = `The file cannot be played. ${media.error?.message ?? ""}`;
  trouble.hidden = false;
});
media.addEventListener("timeupdate", () => {
  document.getElementById("now").textContent = `${clock(media.currentTime).slice(0, 8)} of ${clock(media.duration || 0).slice(0, 8)}`;
});
for (const button of places.querySelectorAll("button")) {
  button.addEventListener("click", (event) => {
    go(button.dataset.at);
    if (event.detail) button.blur();
  });
}
for (const button of document.querySelectorAll("#found [data-second]")) {
  button.addEventListener("click", () => { media.currentTime = Math.max(Number(button.dataset.second) - LEAD_S, 0); media.play(); });
}
places.hidden = false;
linkTimes();
listen(KEYS, go, document.getElementById("keys"));
