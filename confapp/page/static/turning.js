// Turning the other person's head: sliders, dragging on the picture, arrow keys.

const DEGREES_ACROSS = 90; // dragging over the whole picture
const SNAP_DEGREES = 3; // so near to where they look by themselves, a drag goes back to it
const STEP = 5;
const LIMIT = 45;

export class Turning {
  constructor(canvas, send, onZoom) {
    this.send = send;
    this.sliders = Object.fromEntries(
      [...document.querySelectorAll("[data-turn]")].map((slider) => [slider.dataset.turn, slider]),
    );
    for (const slider of Object.values(this.sliders)) {
      slider.addEventListener("input", () => this.#tell());
    }
    this.zoom = document.getElementById("zoom");
    this.zoom.addEventListener("input", () => {
      this.#label(this.zoom);
      onZoom(Number(this.zoom.value));
    });
    this.#watchDrags(canvas);
    canvas.addEventListener("keydown", (event) => this.#onArrow(event));
  }

  // The process has turned the head: show where it stands.
  show(offset) {
    for (const [name, slider] of Object.entries(this.sliders)) {
      slider.value = offset[name];
      this.#label(slider);
    }
  }

  reset() {
    this.show({ yaw: 0, pitch: 0, roll: 0, x: 0, y: 0 });
    this.zoom.value = 1;
    this.zoom.dispatchEvent(new Event("input"));
    this.#tell();
  }

  turnBy(yaw, pitch) {
    this.#turnTo(Number(this.sliders.yaw.value) + yaw, Number(this.sliders.pitch.value) + pitch);
  }

  #turnTo(yaw, pitch) {
    this.sliders.yaw.value = Math.max(-LIMIT, Math.min(LIMIT, yaw));
    this.sliders.pitch.value = Math.max(-LIMIT, Math.min(LIMIT, pitch));
    this.#tell();
  }

  #tell() {
    const turn = { type: "turn" };
    for (const [name, slider] of Object.entries(this.sliders)) {
      turn[name] = Number(slider.value);
      this.#label(slider);
    }
    this.send(turn);
  }

  #label(slider) {
    slider.parentElement.querySelector("output").value = Number(slider.value).toLocaleString();
  }

  #watchDrags(canvas) {
    let start;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const { yaw, pitch } = this.sliders;
      start = { x: event.clientX, y: event.clientY, yaw: Number(yaw.value), pitch: Number(pitch.value) };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!start) return;
      const scale = DEGREES_ACROSS / Math.max(1, canvas.clientHeight);
      const yaw = start.yaw + (event.clientX - start.x) * scale;
      const pitch = start.pitch - (event.clientY - start.y) * scale;
      const near = Math.abs(yaw) < SNAP_DEGREES && Math.abs(pitch) < SNAP_DEGREES;
      this.#turnTo(near ? 0 : yaw, near ? 0 : pitch);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (start = undefined));
    }
  }

  #onArrow(event) {
    const turns = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const turn = turns[event.key];
    if (!turn || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.turnBy(...turn);
  }
}
