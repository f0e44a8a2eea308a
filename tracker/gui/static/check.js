// The check page: leads through the places of the checklist, one key a step; notes times in the comment.

import { Beside } from "./beside.js";
import { clock } from "./frames.js";
import { listen } from "./keys.js";
import { t } from "./speech.js";

const media = document.getElementById("video");
const places = document.getElementById("places");
const verdict = document.getElementById("verdict");
const comment = document.getElementById("comment");
const steps = [...document.querySelectorAll("#checklist input")];
const player = document.getElementById("player");
const buttons = [...places?.querySelectorAll("[data-at]") ?? []].filter((each) => !["toggle", "beside"].includes(each.dataset.at));
const marks = [...document.querySelectorAll("#joints [data-second], #found [data-second]")];
const lead = Number(player.dataset.lead), trail = Number(player.dataset.trail); // seconds of slides around the talk
const LAST_S = 10; // seconds before the end to begin at
const LEAD_S = 1; // seconds to hear or see before what the machine found
const TIME = /\[(\d+):(\d\d):(\d\d)\]/g;

const KEYS = [
  ...buttons.map((button, index) => [[String(index + 1)], button.dataset.at, t("play: {1}", button.textContent.replace(/^\d+/, "").trim())]),
  [[" ", "k"], "toggle", t("play or pause")],
  [["ArrowLeft", "j"], "back", t("five seconds back")],
  [["ArrowRight", "l"], "on", t("five seconds on")],
  ...(marks.length ? [
    [["ArrowUp"], "markBefore", t("play the joint, chapter or finding before")],
    [["ArrowDown"], "markAfter", t("play the next joint, chapter or finding")],
  ] : []),
  ...(player.dataset.pieces ? [[["s"], "beside", t("show the recording beside the file")]] : []),
  ...(verdict ? [
    [["n"], "next", t("this step is fine; play the next place")],
    [["t"], "time", t("note the time in the comment")],
    [["Ctrl+Enter"], "fine", t("everything is fine; the next file")],
  ] : []),
  ...(document.getElementById("start") ? [[["Enter"], "begin", t("start checking")]] : []),
  [["?"], "help", t("show the keys")],
];

// Whoever stops it before it has begun to play means that: nothing to complain about.
function run() {
  return media.play().catch((error) => { if (error.name !== "AbortError") say(error.message); });
}

function play(place) {
  if (!media.duration) return media.addEventListener("loadedmetadata", () => play(place), { once: true });
  const targets = { start: lead, end: Math.max(media.duration - trail - LAST_S, 0), last: Math.max(media.duration - trail, 0) };
  media.currentTime = targets[place] ?? Number(place) * media.duration;
  return run();
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
    return say(t("Everything is looked at: say what you found."));
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

function look(second) {
  media.currentTime = Math.max(second - LEAD_S, 0);
  return run();
}

// To the nearest place before or after the present one; the run-up must not lead back to the same.
function mark(direction) {
  const seconds = marks.map((each) => Number(each.dataset.second)).sort((one, other) => one - other);
  const now = media.currentTime + LEAD_S;
  const found = direction > 0 ? seconds.find((each) => each > now + 0.5) : seconds.findLast((each) => each < now - 1.5);
  if (found === undefined) return say(direction > 0 ? t("No place after this") : t("No place before this"));
  say(marks.find((each) => Number(each.dataset.second) === found).parentElement.firstChild.textContent.trim());
  return look(found);
}

// Another format of the talk in the same player, at the same place.
function swap(button) {
  const at = media.currentTime, paused = media.paused;
  media.src = button.dataset.file;
  media.addEventListener("loadedmetadata", () => { media.currentTime = at; if (!paused) run(); }, { once: true });
  for (const each of document.querySelectorAll("#formats [data-file]")) each.setAttribute("aria-pressed", String(each === button));
  say(t("Now playing: {1}", button.parentElement.querySelector("b, a").textContent.trim().split(/\s/)[0]));
}

const beside = player.dataset.pieces ? new Beside(player, media) : null;

const ACTIONS = {
  markBefore: () => mark(-1),
  markAfter: () => mark(1),
  beside: () => beside?.toggle().catch((error) => say(error.message)),
  begin: () => document.getElementById("start")?.click(),
  toggle: () => (media.paused ? run() : media.pause()),
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
      button.addEventListener("click", () => { media.currentTime = found[1] * 3600 + found[2] * 60 + Number(found[3]); run(); });
      parts.push(text.textContent.slice(last, found.index), button);
      last = found.index + found[0].length;
    }
    if (parts.length) text.replaceChildren(...parts, text.textContent.slice(last));
  }
}

media.addEventListener("error", () => {
  const trouble = document.getElementById("trouble");
  trouble.textContent = t("The file cannot be played. {1}", media.error?.message ?? "");
  trouble.hidden = false;
});
media.addEventListener("timeupdate", () => {
  document.getElementById("now").textContent = t("{1} of {2}", clock(media.currentTime).slice(0, 8), clock(media.duration || 0).slice(0, 8));
});
for (const button of places.querySelectorAll("button")) {
  button.addEventListener("click", (event) => {
    go(button.dataset.at);
    if (event.detail) button.blur();
  });
}
for (const button of marks) button.addEventListener("click", () => look(Number(button.dataset.second)));
for (const button of document.querySelectorAll("#formats [data-file]")) button.addEventListener("click", () => swap(button));
places.hidden = false;
linkTimes();
listen(KEYS, go, document.getElementById("keys"));
