// The check page: jump to the places the checklist asks for.

import { listen } from "./keys.js";

const media = document.getElementById("video");
const places = document.getElementById("places");
const LAST_S = 10; // seconds before the end to begin at

const KEYS = [
  [["1"], "start", "play from the start"],
  [["2"], "0.25", "play from 25 %"],
  [["3"], "0.5", "play from the middle"],
  [["4"], "0.75", "play from 75 %"],
  [["5"], "end", "play the end"],
  [[" "], "toggle", "play or pause"],
  [["Enter"], "begin", "start checking"],
];

function go(place) {
  if (place === "begin") return document.getElementById("start")?.click();
  if (place === "toggle") return media.paused ? media.play() : media.pause();
  if (!media.duration) return media.addEventListener("loadedmetadata", () => go(place), { once: true });
  const length = media.duration;
  const targets = { start: 0, end: Math.max(length - LAST_S, 0) };
  media.currentTime = targets[place] ?? Number(place) * length;
  return media.play();
}

media.addEventListener("error", () => {
  const trouble = document.getElementById("trouble");
  trouble.textContent = `The file cannot be played. ${media.error?.message ?? ""}`;
  trouble.hidden = false;
});
for (const button of places.querySelectorAll("button")) {
  button.addEventListener("click", (event) => {
    go(button.dataset.at);
    if (event.detail) button.blur();
  });
}
places.hidden = false;
listen(KEYS, go, null);
