// A waveform with the marks, holes and the cut on it; a click or drag seeks, a drag of a cut mark moves it.

const GRIP_PX = 7;

export class Wave {
  // `range` returns [first, stop) of the frames to show; `seek` is called with a frame; `drag`, if there is a form,
  // with a mark ("cutIn", "cutOut"), a frame, and whether it was let go there.
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
    else if (this.mark) this.drag(this.mark, this.at(event), false);
    else this.seek(this.at(event));
  }

  up(event) {
    if (this.held && this.mark) this.drag(this.mark, this.at(event), true);
    this.held = this.mark = null;
  }

  // The cut mark under the pointer, if it may be moved.
  grip(event) {
    if (!this.drag) return null;
    const box = this.canvas.getBoundingClientRect();
    const [first, stop] = this.range();
    const away = (mark) => Math.abs(((this.model[mark] - first) / (stop - first)) * box.width - (event.clientX - box.left));
    const near = ["cutIn", "cutOut"].filter((mark) => this.model[mark] !== null && away(mark) <= GRIP_PX);
    return near.sort((one, other) => away(one) - away(other))[0] ?? null;
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const [first, stop] = this.held ?? this.range();
    const frame = Math.round(first + ((event.clientX - box.left) / box.width) * (stop - first));
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
    const { recording, cutIn, cutOut } = this.model;
    pen.fillStyle = colour.outside;
    pen.fillRect(0, 0, x(0), height);
    pen.fillRect(x(recording.frames), 0, Math.max(width - x(recording.frames), 0), height);
    if (cutIn === null || cutOut === null || cutOut <= cutIn) return;
    pen.fillStyle = colour.chosen;
    pen.fillRect(x(cutIn), 0, x(cutOut) - x(cutIn), height);
  }

  sound(pen, first, stop, width, height, colour) {
    const { recording, peaks, cutIn, cutOut } = this.model;
    const perFrame = peaks.per_second / recording.rate, zero = peaks.frames_zero_s * peaks.per_second;
    const rows = peaks.channels.length;
    peaks.channels.forEach((values, row) => {
      const middle = (row + 0.5) * (height / rows), size = height / rows / 256;
      for (let column = 0; column < width; column += 1) {
        const frame = first + (column / width) * (stop - first);
        const from = Math.floor(frame * perFrame + zero);
        const to = Math.max(Math.ceil((first + ((column + 1) / width) * (stop - first)) * perFrame + zero), from + 1);
        let low = 0, high = 0;
        for (let pair = Math.max(from, 0); pair < to && 2 * pair < values.length; pair += 1) {
          low = Math.min(low, values[2 * pair]);
          high = Math.max(high, values[2 * pair + 1]);
        }
        const kept = cutIn === null || cutOut === null || (frame >= cutIn && frame < cutOut);
        pen.fillStyle = kept ? colour.sound : colour.faint;
        pen.fillRect(column, middle - high * size, 1, Math.max((high - low) * size, 1));
      }
    });
  }

  lines(pen, x, height, scale, colour) {
    const { recording, cutIn, cutOut, frame } = this.model;
    const line = (at, style, wide) => {
      pen.fillStyle = style;
      pen.fillRect(Math.round(x(at) - (wide * scale) / 2), 0, wide * scale, height);
    };
    for (const mark of recording.marks) if (mark.kind !== "hole") this.dashed(pen, x(mark.frame), height, scale, colour.mark);
    if (cutIn !== null) { line(cutIn, colour.cut, 2); this.flag(pen, x(cutIn), 1, scale, colour.cut); }
    if (cutOut !== null) { line(cutOut, colour.cut, 2); this.flag(pen, x(cutOut), -1, scale, colour.cut); }
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
  const names = ["back", "outside", "chosen", "sound", "faint", "hole", "mark", "cut", "head"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--wave-${name}`).trim()]));
}
