// J, K, L: backwards, stop, forwards; pressed again, faster. Browsers do not play backwards, so that is done by seeking.

import { t } from "./speech.js";

const SPEEDS = [1, 1.5, 2, 4, 8];
const EVERY_MS = 120;

export class Shuttle {
  constructor(player, said) {
    this.player = player;
    this.said = said;
    this.direction = 0;
    this.level = 0;
    player.video.addEventListener("play", () => this.direction < 0 && this.halt());
  }

  press(direction) {
    const again = this.direction === direction && (direction < 0 || !this.player.video.paused);
    this.level = again ? Math.min(this.level + 1, SPEEDS.length - 1) : 0;
    this.halt();
    this.direction = direction;
    this.said(direction < 0 ? t("Back {1}×", SPEEDS[this.level]) : t("On {1}×", SPEEDS[this.level]));
    if (direction < 0) return this.back();
    this.player.video.playbackRate = SPEEDS[this.level];
    this.player.play();
  }

  back() {
    this.player.video.pause();
    let last = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now(), { recording } = this.player;
      const frames = Math.round(((now - last) / 1000) * SPEEDS[this.level] * recording.rate);
      if (frames < 1 || this.player.video.seeking) return; // a slow disk sets the pace, not the timer
      last = now;
      this.player.seek(recording.step(this.player.frame, -frames));
      if (this.player.frame <= 0) this.stop();
    }, EVERY_MS);
  }

  halt() {
    clearInterval(this.timer);
    this.timer = null;
    this.direction = 0;
  }

  stop() {
    this.halt();
    this.player.video.pause();
    this.player.video.playbackRate = 1;
  }
}
