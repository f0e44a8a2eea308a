// Frames of a virtual recording and playing times of its playlist: the rules of docs/timeline.md.

const MARGIN = 1 / 20; // so much of a frame a player's clock may be early and still mean that frame

const WRAP = 2 ** 33, PTS_CLOCK = 90000;

export class Recording {
  constructor(timeline) {
    this.rate = timeline.rate.num / timeline.rate.den;
    this.frames = timeline.frames;
    this.start = timeline.start;
    this.segments = timeline.segments;
    this.holes = timeline.holes;
    this.marks = timeline.marks;
    this.lead = timeline.first_dts_offset_ms / 1000;
    this.begins = this.segments.map((each) => each.playlist_s); // on the clock of the player
  }

  // A player whose clock is ahead of the playlist by so many seconds.
  shift(seconds) {
    this.begins = this.segments.map((each) => each.playlist_s + seconds);
  }

  // A player told which PTS (of so many a second) it put at zero of its clock, for some segments.
  anchor(indices, zero, timescale) {
    for (const index of indices) {
      const segment = this.segments[index];
      const ticks = (segment.played_pts ?? segment.first_pts) - (zero * PTS_CLOCK) / timescale;
      const wrapped = ((ticks % WRAP) + WRAP) % WRAP; // stamps in files are 33 bits wide
      this.begins[index] = (wrapped < WRAP / 2 ? wrapped : wrapped - WRAP) / PTS_CLOCK;
    }
  }

  // The frame shown at so many seconds of the player; files reach beyond the range, so it may be < 0.
  frameAt(seconds) {
    const position = seconds + MARGIN / this.rate;
    const index = Math.max(this.begins.findLastIndex((begin) => begin <= position), 0);
    const segment = this.segments[index], following = this.segments[index + 1];
    const inside = Math.floor((position - this.begins[index]) * this.rate);
    return inside >= segment.frames && following ? following.first_frame : segment.first_frame + inside;
  }

  // Seconds of the player to seek to for a frame: its middle. For a hole, the picture that follows it.
  secondsOf(frame) {
    let index = Math.max(this.segments.findLastIndex((each) => each.used_from <= frame), 0);
    if (frame >= this.segments[index].used_to && index + 1 < this.segments.length) {
      index += 1;
      frame = this.segments[index].used_from;
    }
    const segment = this.segments[index];
    const inside = Math.min(Math.max(frame - segment.first_frame, 0), segment.frames - 1);
    return this.begins[index] + (inside + 0.5) / this.rate;
  }

  // A frame with a picture, so many frames from another; holes are jumped over.
  step(frame, by) {
    const target = Math.min(Math.max(frame + by, 0), this.frames - 1);
    const hole = this.hole(target);
    if (!hole) return target;
    const before = hole.first_frame - 1, after = hole.first_frame + hole.frames;
    return (by < 0 && before >= 0) || after >= this.frames ? Math.max(before, 0) : after;
  }

  hole(frame) {
    return this.holes.find((each) => each.first_frame <= frame && frame < each.first_frame + each.frames);
  }

  // How many of the frames from first to before stop have a picture.
  present(first, stop) {
    const missing = this.holes.map((each) =>
      Math.max(0, Math.min(stop, each.first_frame + each.frames) - Math.max(first, each.first_frame)));
    return stop - first - missing.reduce((sum, each) => sum + each, 0);
  }

  time(frame) {
    return clock(frame / this.rate);
  }

  // The time of day at which a frame was recorded, as the clock in the room showed it.
  wall(frame) {
    const offset = /([+-])(\d\d):(\d\d)/.exec(this.start.slice(10));
    const minutes = offset ? (offset[1] === "-" ? -1 : 1) * (offset[2] * 60 + Number(offset[3])) : 0;
    const moment = new Date(Date.parse(this.start) + (frame / this.rate) * 1000 + minutes * 60000);
    return moment.toISOString().slice(11, 19);
  }

  // What somebody typed: a frame, or [[hh:]mm:]ss[.mmm]; null when it is neither.
  parse(text) {
    text = text.trim();
    if (/^-?\d{1,9}$/.test(text)) return Number(text);
    const found = /^(?:(?:(\d{1,3}):)?([0-5]?\d):)?(\d{1,5}(?:[.,]\d{1,6})?)$/.exec(text);
    if (!found) return null;
    const seconds = (found[1] ?? 0) * 3600 + (found[2] ?? 0) * 60 + Number(found[3].replace(",", "."));
    return Math.round(seconds * this.rate);
  }
}

export function clock(seconds) {
  const all = Math.round(Math.abs(seconds) * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const text = [Math.floor(all / 3600000), Math.floor(all / 60000) % 60, Math.floor(all / 1000) % 60].map(two).join(":");
  return (seconds < 0 ? "-" : "") + text + "." + String(all % 1000).padStart(3, "0");
}
