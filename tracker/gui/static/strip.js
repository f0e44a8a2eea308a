// Small pictures of the whole recording in a row, one beside the other as far as they fit.

export class Strip {
  constructor(canvas, sheet, image, frames, seek) {
    Object.assign(this, { canvas, sheet, image });
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      seek(Math.floor(((event.clientX - box.left) / box.width) * frames));
    });
  }

  draw() {
    const { canvas, sheet, image } = this;
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
    if (!width || !height) return;
    [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    const wide = (height * sheet.width) / sheet.height;
    const shown = Math.max(Math.floor(width / wide), 1);
    for (let slot = 0; slot < shown; slot += 1) {
      const number = Math.min(Math.floor(((slot + 0.5) / shown) * sheet.count), sheet.count - 1);
      const x = (number % sheet.columns) * sheet.width, y = Math.floor(number / sheet.columns) * sheet.height;
      const middle = ((slot + 0.5) / shown) * width;
      pen.drawImage(image, x, y, sheet.width, sheet.height, middle - wide / 2, 0, wide, height);
    }
  }
}

// Fetch sheet and image.
export async function strip(canvas, addresses, frames, seek) {
  const answer = await fetch(addresses.thumbs, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const sheet = await answer.json(), image = new Image();
  image.src = addresses.pictures;
  await image.decode();
  return new Strip(canvas, sheet, image, frames, seek);
}
