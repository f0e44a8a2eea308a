// A waveform with the marks, holes and the cut on it; a click or drag seeks, a drag of a cut mark moves it.

import { t } from "./speech.js";

const GRIP_PX = 7;

// Kinds of marks that have a colour of their own (player.css).
export const KINDS = ["schedule", "silence", "loudness", "applause", "operator", "change", "black", "frozen"];

export class Wave {
  // `range` returns [first, stop) of the frames to show; `seek` is called with a frame; `drag`, if there is a form,
  // with a mark (a name of model.grips()), a frame (not whole), and whether it was let go there.
  constructor(canvas, model, range, seek, drag = null) {
    Object.assign(this, { canvas, model, range, seek, drag, held: null, mark: null });
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.over(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.up(event));
  }

  down(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.held = this.range();
    this.mark = this.grip(event);
    if (!this.mark) this.seek(this.at(event));
  }

  over(event) {
    if (!this.held) this.canvas.style.cursor = this.grip(event) ? "ew-resize" : "";
    else if (this.mark) this.drag(this.mark, this.place(event), false);
    else this.seek(this.at(event));
  }

  up(event) {
    if (this.held && this.mark) this.drag(this.mark, this.place(event), true);
    this.held = this.mark = null;
  }

  // The cut mark under the pointer, if it may be moved.
  grip(event) {
    if (!this.drag) return null;
    const box = this.canvas.getBoundingClientRect();
    const [first, stop] = this.range();
    const away = ([, frame]) => Math.abs(((frame - first) / (stop - first)) * box.width - (event.clientX - box.left));
    const near = this.model.grips().filter((grip) => away(grip) <= GRIP_PX);
    return near.sort((one, other) => away(one) - away(other))[0]?.[0] ?? null;
  }

  at(event) {
    return Math.round(this.place(event));
  }

  // The frame under the pointer, and how much of it.
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const [first, stop] = this.held ?? this.range();
    const frame = first + ((event.clientX - box.left) / box.width) * (stop - first);
    return Math.min(Math.max(frame, 0), this.model.recording.frames);
  }

  draw() {
    const { canvas, model } = this;
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    const [first, stop] = this.held ?? this.range();
    const x = (frame) => ((frame - first) / (stop - first)) * width;
    const colour = colours(canvas);
    pen.fillStyle = colour.back;
    pen.fillRect(0, 0, width, height);
    this.background(pen, x, width, height, colour);
    if (model.peaks) this.sound(pen, first, stop, width, height, colour);
    for (const hole of model.recording.holes) {
      pen.fillStyle = colour.hole;
      pen.fillRect(x(hole.first_frame), 0, Math.max(x(hole.first_frame + hole.frames) - x(hole.first_frame), scale), height);
    }
    this.lines(pen, x, height, scale, colour);
  }

  background(pen, x, width, height, colour) {
    const { recording, cutIn, cutOut, parts, leaving, frame } = this.model;
    pen.fillStyle = colour.outside;
    pen.fillRect(0, 0, x(0), height);
    pen.fillRect(x(recording.frames), 0, Math.max(width - x(recording.frames), 0), height);
    if (cutIn === null || cutOut === null || cutOut <= cutIn) return;
    pen.fillStyle = colour.chosen;
    pen.fillRect(x(cutIn), 0, x(cutOut) - x(cutIn), height);
    const pending = leaving !== null && frame > leaving ? [[leaving, frame]] : [];
    for (const [first, stop] of [...parts, ...pending]) this.hatched(pen, x(first), x(stop), height, colour);
  }

  // What is left out in the middle: no colour alone tells it.
  hatched(pen, from, to, height, colour) {
    pen.fillStyle = colour.outside;
    pen.fillRect(from, 0, to - from, height);
    pen.save();
    pen.beginPath();
    pen.rect(from, 0, to - from, height);
    pen.clip();
    pen.strokeStyle = colour.faint;
    pen.beginPath();
    for (let at = from - height; at < to; at += 12) {
      pen.moveTo(at, height);
      pen.lineTo(at + height, 0);
    }
    pen.stroke();
    pen.restore();
  }

  sound(pen, first, stop, width, height, colour) {
    const { recording, peaks, cutIn, cutOut, parts } = this.model;
    const rows = peaks.rows.length, seconds = (column) => (first + (column / width) * (stop - first)) / recording.rate;
    const gone = (frame) => (cutIn !== null && frame < cutIn) || (cutOut !== null && frame >= cutOut)
      || parts.some((part) => part[0] <= frame && frame < part[1]);
    const faint = Array.from({ length: width }, (_, column) => gone(seconds(column) * recording.rate));
    for (let row = 0; row < rows; row += 1) {
      const middle = (row + 0.5) * (height / rows), size = height / rows / 256;
      for (let column = 0; column < width; column += 1) {
        const [low, high] = peaks.between(row, seconds(column), seconds(column + 1));
        pen.fillStyle = faint[column] ? colour.faint : colour.sound;
        pen.fillRect(column, middle - high * size, 1, Math.max((high - low) * size, 1));
      }
    }
    if (peaks.tracks.length > 1) this.names(pen, height / rows, colour);
  }

  // Which rows belong to which track.
  names(pen, high, colour) {
    const scale = window.devicePixelRatio || 1;
    let row = 0;
    pen.font = `${12 * scale}px system-ui, sans-serif`;
    this.model.peaks.tracks.forEach((channels, number) => {
      pen.fillStyle = colour.head;
      pen.fillText(t("Track {1}", number + 1), 4 * scale, row * high + 13 * scale);
      row += channels;
      pen.fillRect(0, row * high, this.canvas.width, 1);
    });
  }

  lines(pen, x, height, scale, colour) {
    const { marks, chapters, clap, cutIn, cutOut, frame } = this.model;
    const line = (at, style, wide) => {
      pen.fillStyle = style;
      pen.fillRect(Math.round(x(at) - (wide * scale) / 2), 0, wide * scale, height);
    };
    for (const mark of marks()) if (mark.kind !== "hole") this.dashed(pen, x(mark.frame), height, scale, colour[mark.kind] || colour.mark);
    for (const chapter of chapters) { line(chapter.frame, colour.chapter, 1); this.flag(pen, x(chapter.frame), 0.6, scale, colour.chapter); }
    if (cutIn !== null) { line(cutIn, colour.cut, 2); this.flag(pen, x(cutIn), 1, scale, colour.cut); }
    if (cutOut !== null) { line(cutOut, colour.cut, 2); this.flag(pen, x(cutOut), -1, scale, colour.cut); }
    if (clap) { line(clap.picture, colour.cut, 1); line(clap.sound, colour.clap, 3); }
    line(frame, colour.head, 2);
  }

  dashed(pen, at, height, scale, style) {
    pen.fillStyle = style;
    for (let y = 0; y < height; y += 8 * scale) pen.fillRect(at, y, scale, 4 * scale);
  }

  flag(pen, at, side, scale, style) {
    pen.fillStyle = style;
    pen.beginPath();
    pen.moveTo(at, 0);
    pen.lineTo(at + side * 9 * scale, 0);
    pen.lineTo(at, 11 * scale);
    pen.fill();
  }
}

// The colours of the page, light or dark.
function colours(canvas) {
  const style = getComputedStyle(canvas);
  const names = ["back", "outside", "chosen", "sound", "faint", "hole", "mark", "cut", "head", "chapter", "clap", ...KINDS];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--wave-${name}`).trim()]));
}
