// Plays the playlist of a recording and knows which frame is on the screen.

import { t } from "./speech.js";

const HLS = "application/vnd.apple.mpegurl";

export class Player extends EventTarget {
  constructor(video, recording) {
    super();
    this.video = video;
    this.recording = recording;
    this.shown = 0; // the frame on the screen
    this.wanted = null; // the frame a seek under way goes to
    this.stopAt = null; // play up to before this frame
    this.skips = []; // parts [first, stop) to jump over while it plays
    this.precise = "requestVideoFrameCallback" in video;
    video.addEventListener("seeked", () => this.settle());
    for (const name of ["play", "pause", "ended", "ratechange", "waiting", "playing"]) {
      video.addEventListener(name, () => this.tell());
    }
    // A browser may show one picture more after its last callback; seeking makes picture and number agree.
    video.addEventListener("pause", () => !video.seeking && !video.ended && this.seek(this.shown));
    if (this.precise) this.watch();
    else video.addEventListener("timeupdate", () => this.see(video.currentTime));
  }

  // hls.js plays it, or the browser itself where hls.js cannot work (or `native`): Chromium's own player never ends a
  // seek into the last seconds when it has not played what comes before.
  async load(playlist, library, native = false) {
    const works = "MediaSource" in window || "ManagedMediaSource" in window;
    if (this.video.canPlayType(HLS) && (native || !works)) {
      this.video.src = playlist;
    } else {
      await script(library);
      this.playWith(window.Hls, playlist);
    }
    this.video.addEventListener("error", () => this.fail(this.video.error?.message ?? ""));
    if (this.video.readyState < 1) {
      await new Promise((done) => this.video.addEventListener("loadedmetadata", done, { once: true }));
    }
  }

  // Its clock begins at the first DTS instead of the first picture; for each take it tells where that lies.
  playWith(Hls, playlist) {
    const hls = new Hls({ maxBufferLength: 20, backBufferLength: 60, startPosition: 0 });
    this.recording.shift(this.recording.lead);
    hls.on(Hls.Events.INIT_PTS_FOUND, (_, { frag, initPTS, timescale }) => {
      const take = hls.levels[0].details.fragments.filter((each) => each.cc === frag.cc);
      this.recording.anchor(take.map((each) => each.sn), initPTS, timescale);
      if (this.wanted !== null) this.seek(this.wanted);
    });
    hls.on(Hls.Events.ERROR, (_, data) => data.fatal && this.fail(`hls.js: ${data.details}`));
    hls.loadSource(playlist);
    hls.attachMedia(this.video);
  }

  fail(reason) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: reason }));
  }

  watch() {
    this.video.requestVideoFrameCallback((_, picture) => {
      this.see(picture.mediaTime);
      this.watch();
    });
  }

  see(mediaTime) {
    this.shown = this.recording.frameAt(mediaTime);
    if (!this.video.seeking) this.wanted = null;
    if (!this.video.paused && !this.video.seeking) {
      this.stopInTime();
      const skip = this.skips.find(([first, stop]) => first <= this.shown && this.shown < stop);
      if (skip) this.seek(this.recording.step(skip[1], 0));
    }
    this.tell();
  }

  stopInTime() {
    const end = Math.min(this.stopAt ?? this.recording.frames, this.recording.frames);
    if (this.shown < end - 1) return;
    this.video.pause();
    this.stopAt = null;
    this.seek(end - 1); // the browser may show another picture or two before it pauses
  }

  // After a seek: go on to a newer target, else report even when the picture is the same and no callback comes.
  settle() {
    if (this.next !== undefined) {
      const frame = this.next;
      this.next = undefined;
      this.seek(frame);
    } else {
      setTimeout(() => {
        if (this.video.seeking || this.next !== undefined) return;
        if (!this.precise) this.see(this.video.currentTime);
        this.wanted = null;
        this.tell();
      }, 120);
    }
  }

  tell() {
    this.dispatchEvent(new Event("frame"));
  }

  // The frame that counts for the user: where a seek goes to, else what is on the screen.
  get frame() {
    return this.wanted ?? this.shown;
  }

  seek(frame) {
    this.wanted = Math.min(Math.max(frame, 0), this.recording.frames - 1);
    if (this.video.seeking) this.next = this.wanted;
    else this.video.currentTime = this.recording.secondsOf(this.wanted);
    this.tell();
  }

  step(by) {
    this.stopAt = null;
    this.skips = [];
    if (Math.abs(by) < this.recording.rate / 2) this.video.pause();
    this.seek(this.recording.step(this.frame, by));
  }

  play(stopAt = null, skips = []) {
    this.stopAt = stopAt;
    this.skips = skips;
    if (this.frame >= this.recording.frames - 1) this.seek(0);
    this.video.play().catch((error) => error.name !== "AbortError" && this.fail(error.message));
  }

  toggle() {
    if (this.video.paused) this.play();
    else this.video.pause();
  }
}

function script(address) {
  return new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = done;
    element.onerror = () => failed(new Error(t("{1} is missing; make install puts it there", address)));
    document.head.append(element);
  });
}
