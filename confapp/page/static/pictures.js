// Pictures as they come, drawn at once: each kind has its canvases, and the newest one wins.

const HEADER_BYTES = 9;
export const REMOTE = 1;

export class Pictures {
  constructor() {
    this.zoom = 1;
    this.newest = new Map();
    this.canvases = new Map();
    for (const canvas of document.querySelectorAll("canvas[data-kind]")) {
      const kind = Number(canvas.dataset.kind);
      const context = canvas.getContext("2d", { alpha: false, desynchronized: true });
      this.canvases.set(kind, [...(this.canvases.get(kind) ?? []), context]);
    }
  }

  // Draws a message and says which picture it was, whether it could be drawn or not.
  async draw(buffer) {
    const header = new DataView(buffer, 0, HEADER_BYTES);
    const kind = header.getUint8(0);
    const sequence = header.getUint32(1, true);
    try {
      const picture = await createImageBitmap(new Blob([new Uint8Array(buffer, HEADER_BYTES)]));
      if (!(this.newest.get(kind) > sequence)) {
        this.newest.set(kind, sequence);
        for (const context of this.canvases.get(kind) ?? []) this.#put(context, picture, kind);
      }
      picture.close();
    } catch {
      // a picture that this browser cannot decode; the next one may do
    }
    return { kind, sequence };
  }

  clear(kind) {
    for (const { canvas } of this.canvases.get(kind) ?? []) canvas.width = canvas.width;
  }

  restart() {
    this.newest.clear();
  }

  #put(context, picture, kind) {
    const { canvas } = context;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    const zoom = kind === REMOTE && !canvas.classList.contains("thumbnail") ? this.zoom : 1;
    const width = canvas.width * zoom;
    const height = canvas.height * zoom;
    if (zoom < 1) context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  }
}
