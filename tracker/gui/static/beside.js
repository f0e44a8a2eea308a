// The recording beside the encoded file: the same picture, found over the pieces that the file was made of.

import { Recording } from "./frames.js";
import { Player } from "./player.js";
import { t } from "./speech.js";

const MARGIN = 1 / 20; // of a frame, as everywhere

export class Beside {
  constructor(root, media) {
    Object.assign(this, { root, media, player: null });
    this.pieces = root.dataset.pieces.split(",").map((each) => each.split("-").map(Number));
    this.lead = Number(root.dataset.lead);
    this.figure = document.getElementById("beside");
    this.button = document.querySelector("[data-at=beside]");
    for (const name of ["seeked", "pause", "play"]) media.addEventListener(name, () => this.follow());
  }

  async toggle() {
    this.figure.hidden = !this.figure.hidden;
    document.getElementById("screens").classList.toggle("two", !this.figure.hidden);
    this.button?.setAttribute("aria-pressed", String(!this.figure.hidden));
    if (this.figure.hidden) this.player?.video.pause();
    else if (!this.player) await this.load();
    this.follow();
  }

  async load() {
    const answer = await fetch(this.root.dataset.timeline, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(t("The recording is no longer there."));
    this.recording = new Recording(await answer.json());
    const player = new Player(document.getElementById("source"), this.recording);
    player.addEventListener("frame", () => {
      document.getElementById("sourceframe").textContent = String(player.frame);
      this.figure.dataset.seeking = player.wanted === null ? "" : "yes";
    });
    await player.load(this.root.dataset.playlist, this.root.dataset.hls);
    this.player = player;
    this.figure.dataset.ready = "yes";
  }

  // The frame of the recording that the file shows now.
  frame() {
    let passed = Math.max(Math.floor((this.media.currentTime - this.lead) * this.recording.rate + MARGIN), 0);
    for (const [first, stop] of this.pieces) {
      if (passed < stop - first) return first + passed;
      passed -= stop - first;
    }
    return this.pieces.at(-1)[1] - 1;
  }

  follow() {
    if (!this.player || this.figure.hidden) return;
    this.player.seek(this.frame());
    this.player.video.playbackRate = this.media.playbackRate;
    if (this.media.paused) this.player.video.pause();
    else this.player.play(null, this.gaps());
  }

  gaps() {
    return this.pieces.slice(1).map(([first], index) => [this.pieces[index][1], first]);
  }
}
