// The WebSocket to the process: commands out, events and pictures in.

const AGAIN_MS = [200, 500, 1000, 2000];
const TAKEN_OVER = 4001;
const REFUSED = 4403;

export class Connection {
  // handlers: onEvent(event), onPicture(buffer), onClosed(reason); reasons: "gone", "taken-over", "refused"
  constructor(token, handlers) {
    this.token = token;
    this.handlers = handlers;
    this.attempts = 0;
  }

  open() {
    const socket = new WebSocket(`ws://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.socket = socket;
      this.send({ type: "open", token: this.token });
    });
    socket.addEventListener("message", (message) => {
      this.attempts = 0;
      if (typeof message.data === "string") this.handlers.onEvent(JSON.parse(message.data));
      else this.handlers.onPicture(message.data);
    });
    socket.addEventListener("close", (closed) => {
      this.socket = undefined;
      if (closed.code === TAKEN_OVER) return this.handlers.onClosed("taken-over");
      if (closed.code === REFUSED) return this.handlers.onClosed("refused");
      this.handlers.onClosed("gone");
      const wait = AGAIN_MS[Math.min(this.attempts++, AGAIN_MS.length - 1)];
      setTimeout(() => this.open(), wait);
    });
  }

  send(command) {
    this.#put(JSON.stringify(command));
  }

  // A picture has been drawn: the process sends no more than two of a kind without such a receipt.
  sendReceipt(kind, sequence) {
    const receipt = new DataView(new ArrayBuffer(5));
    receipt.setUint8(0, kind);
    receipt.setUint32(1, sequence, true);
    this.#put(receipt.buffer);
  }

  // A socket that is closing is still there, and a picture may be drawn meanwhile.
  #put(data) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(data);
  }

  async sendPhoto(file) {
    const answer = await fetch("/photo", {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}` },
      body: file,
    });
    return answer.ok ? undefined : (await answer.json()).message;
  }
}
