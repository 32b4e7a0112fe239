// The page: a function of the last view that the process sent, and a sender of commands.

import { Connection } from "./connection.js";
import { listKeys, watchKeys } from "./keys.js";
import { Pictures } from "./pictures.js";
import { Turning } from "./turning.js";

const NOTICE_MS = 8000;
const OWN_PHOTO = 5;
const PEER_PHOTO = 6;
const CLOSED = {
  gone: ["Not connected", "confapp does not answer. If it has ended, close this tab; else this page comes back by itself."],
  over: ["The call is over", "confapp has ended: you can close this tab."],
  refused: ["Not connected", "This link does not open the page (any more). Open the one that confapp printed last."],
  "taken-over": ["Another tab has taken over", "Your call goes on there."],
};
const QUESTIONS = {
  knock: "Somebody waits in the lobby of your room. Let them in?",
  recording: "The other person asks to record this call. Do you agree?",
};
const NUMBERS = [
  ["shown_fps", "their pictures a second", 1],
  ["captured_fps", "your camera's", 1],
  ["latency_ms", "camera to picture, ms", 0],
  ["rtt_ms", "there and back, ms", 0],
  ["up_kbps", "sent, kbit/s", 1],
  ["down_kbps", "received, kbit/s", 1],
  ["motion_kbps", "of it motion, kbit/s", 1],
  ["sound_kbps", "of it sound, kbit/s", 1],
  ["loss", "lost on the way here, %", 1, 100],
  ["skew_ms", "sound before picture, ms", 0],
  ["page_ms", "page adds (95 %), ms", 1],
  ["shown_share", "pictures shown, %", 0, 100],
];

const find = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);
const pictures = new Pictures();
const connection = new Connection(location.hash.slice(1), {
  onEvent: (event) => EVENTS[event.type]?.(event),
  onPicture: async (buffer) => {
    const { kind, sequence } = await pictures.draw(buffer);
    connection.sendReceipt(kind, sequence);
  },
  onClosed: showClosed,
});
const send = (command) => connection.send(command);
const turning = new Turning(find("remote-picture"), send, (zoom) => (pictures.zoom = zoom));
let view = { phase: "closed" };
let noticeTimer;
let last = "gone";

const EVENTS = {
  view: showView,
  offset: (offset) => turning.show(offset),
  hints: showHints,
  numbers: showNumbers,
  level: ({ dbfs }) => {
    for (const meter of all(".level")) meter.value = dbfs;
  },
  notice: ({ sentence }) => showNotice(sentence),
  "taken-over": () => {},
};

const ACTS = {
  camera: () => send({ type: "camera", on: !view.camera_on }),
  mute: () => view.muted !== null && send({ type: "mute", on: !view.muted }),
  take: () => send({ type: "take-source" }),
  guide: () => send({ type: "guide", on: true }),
  keep: () => send({ type: "guide", on: false }),
  choose: () => find("file").click(),
  retake: () => {
    if (togglePanel("retake")) send({ type: "guide", on: true });
    else if (view.guiding) send({ type: "guide", on: false });
  },
  view: () => togglePanel("view"),
  "face-me": () => send({ type: "face-me" }),
  reset: () => turning.reset(),
  mirror: () => setMirror(!document.body.classList.contains("mirrored")),
  fullscreen: () => (document.fullscreenElement ? document.exitFullscreen() : find("stage").requestFullscreen()),
  record: () => send({ type: "record", on: view.recording === "off" }),
  side: () => send({ type: "side-by-side", on: !view.side_by_side }),
  statistics: () => {
    find("numbers").hidden = !find("numbers").hidden;
    press("statistics", !find("numbers").hidden);
  },
  help: () => find("help").showModal(),
  "hang-up": () => send({ type: "hang-up" }),
  quit: () => send({ type: "quit" }),
  copy: copyLink,
};

function showView(next) {
  const before = view;
  view = next;
  const inCall = ["joining", "call"].includes(view.phase);
  document.body.dataset.phase = view.phase;
  find("closed").hidden = true;
  find("lobby").hidden = inCall;
  find("call").hidden = !inCall;
  find("banner").textContent = view.banner;
  find("banner").classList.toggle("urgent", view.urgent);
  if (before.phase !== view.phase) showPhase(before);
  showSource();
  for (const off of all(".mirrorable .off")) off.hidden = view.camera_on;
  for (const button of all('[data-act="camera"]')) {
    button.setAttribute("aria-pressed", String(!view.camera_on));
  }
  showDevices("camera", view.cameras, view.camera);
  showDevices("microphone", view.microphones, view.microphone);
  find("microphone-choice").hidden = view.microphones.length === 0;
  for (const part of all('[data-act="mute"], #call-level')) part.hidden = view.muted === null;
  press("mute", view.muted === true);
  find("safety").hidden = !view.safety_code;
  find("safety-code").textContent = view.safety_code;
  press("record", view.recording !== "off");
  find("recording-place").hidden = view.recording === "off";
  find("recording-place").textContent =
    view.recording === "on" ? `Recording to ${view.recording_file}` : "Asking the other side whether you may record.";
  press("side", view.side_by_side);
  find("comparison").hidden = !view.side_by_side;
  find("waiting-place").hidden = view.peer_source;
  find("peer-disk").hidden = view.peer_live;
  find("peer-name").textContent = view.peer_name ? ` of ${view.peer_name}` : "";
  document.querySelector("#remote .mark").hidden = !view.peer_source;
  if (!view.peer_source) pictures.clear(PEER_PHOTO);
  ask(view.question);
}

function showPhase(before) {
  if (before.phase === "closed") {
    find("room").value = view.room;
    find("name").value = view.name;
  }
  if (view.phase === "ended") {
    find("account").replaceChildren(
      ...view.account.map((line) => Object.assign(document.createElement("li"), { textContent: line })),
    );
  }
  if (view.phase === "joining") pictures.clear(1);
  find("join-button").textContent = view.phase === "ended" ? "Join again" : "Join";
  find("lobby-title").textContent = view.phase === "ended" ? "After the call" : "Before the call";
}

function showSource() {
  const source = view.source;
  find("no-source").hidden = Boolean(source);
  document.querySelector("#lobby .mark").hidden = !source;
  find("quality").textContent = source?.quality ?? "";
  for (const place of all(".origin")) {
    place.textContent = !source
      ? "No photo yet."
      : source.live
        ? "Taken just now with your camera."
        : "A picture from disk: not live. The other side is told.";
    place.classList.toggle("not-live", source?.live === false);
  }
  for (const thumbnail of all(`[data-kind="${OWN_PHOTO}"]`)) thumbnail.hidden = !source;
  for (const button of all('[data-act="take"]')) button.hidden = !view.guiding;
  for (const button of all('[data-act="keep"]')) button.hidden = !view.guiding || !source;
  for (const button of all('[data-act="guide"]')) button.hidden = view.guiding;
  for (const guide of all(".guide, progress.hold")) guide.hidden = !view.guiding;
  find("face-frame").style.display = view.guiding ? "" : "none";
  find("join-button").disabled = view.guiding || !source;
}

function showHints({ hint, sentence, progress, square }) {
  for (const place of all(".hint")) {
    if (place.textContent !== sentence) place.textContent = sentence;
  }
  for (const bar of all("progress.hold")) bar.value = progress;
  document.body.classList.toggle("good", hint === "hold");
  const frame = find("face-square");
  if (!square) return frame.setAttribute("width", 0);
  fitFrame();
  ["x", "y", "width", "height"].forEach((name, place) => frame.setAttribute(name, square[place]));
}

// The frame lies over the picture, which is fitted into its box.
function fitFrame() {
  const canvas = document.querySelector('#lobby canvas[data-kind="2"]');
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = Math.min(width / canvas.width, height / canvas.height);
  const style = find("face-frame").style;
  style.width = `${canvas.width * scale}px`;
  style.height = `${canvas.height * scale}px`;
}

function showNumbers(numbers) {
  find("numbers").replaceChildren(
    ...NUMBERS.filter(([name]) => numbers[name] !== null).flatMap(([name, words, digits, scale = 1]) => [
      Object.assign(document.createElement("dt"), { textContent: words }),
      Object.assign(document.createElement("dd"), { textContent: (numbers[name] * scale).toFixed(digits) }),
    ]),
  );
  const rate = (kbps) => (kbps === null ? "measuring…" : `${kbps.toFixed(1)} kbit/s`);
  find("h264-rate").value = rate(numbers.h264_kbps);
  find("neural-rate").value = rate(numbers.up_kbps);
}

function showDevices(name, devices, chosen) {
  const list = find(name);
  list.replaceChildren(...devices.map(({ id, label }) => new Option(label, id, false, id === chosen)));
  list.disabled = devices.length < 2;
}

function showNotice(sentence) {
  const notice = find("notice");
  notice.textContent = sentence;
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (notice.hidden = true), NOTICE_MS);
}

function showClosed(reason) {
  if (reason === "gone" && ["ended", "closed"].includes(view.phase)) reason = view.phase === "ended" ? "over" : last;
  last = reason;
  find("closed-account").replaceChildren(...(reason === "over" ? find("account").cloneNode(true).children : []));
  view = { phase: "closed" };
  pictures.restart();
  document.body.dataset.phase = "closed";
  find("closed").hidden = false;
  find("lobby").hidden = find("call").hidden = true;
  if (reason !== "over") find("banner").textContent = "";
  [find("closed-title").textContent, find("closed-reason").textContent] = CLOSED[reason];
  find("reopen").hidden = reason !== "taken-over";
  ask("");
}

function ask(question) {
  const dialog = find("question");
  if (!question) return dialog.close();
  find("question-text").textContent = QUESTIONS[question];
  if (!dialog.open) dialog.showModal();
}

function press(act, on) {
  for (const button of all(`[data-act="${act}"]`)) button.setAttribute("aria-pressed", String(on));
}

function togglePanel(act) {
  const button = document.querySelector(`[data-act="${act}"]`);
  const panel = find(button.getAttribute("aria-controls"));
  panel.hidden = !panel.hidden;
  button.setAttribute("aria-expanded", String(!panel.hidden));
  return !panel.hidden;
}

function setMirror(on) {
  document.body.classList.toggle("mirrored", on);
  press("mirror", on);
}

async function copyLink() {
  const room = find("room");
  try {
    await navigator.clipboard.writeText(room.value);
    showNotice("The link is copied.");
  } catch {
    room.select();
    showNotice("Press Ctrl+C to copy the link.");
  }
}

function answer(yes) {
  send({ type: "answer", question: view.question, yes });
}

document.addEventListener("click", (event) => {
  const act = event.target.closest?.("[data-act]")?.dataset.act;
  if (act) ACTS[act]();
});
find("join").addEventListener("submit", (event) => {
  event.preventDefault();
  send({ type: "join", room: find("room").value, name: find("name").value });
});
find("camera").addEventListener("change", (event) => send({ type: "choose-camera", id: event.target.value }));
find("microphone").addEventListener("change", (event) => send({ type: "choose-microphone", id: event.target.value }));
find("file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (!file) return;
  const fault = await connection.sendPhoto(file).catch(() => "The photo did not arrive: try again.");
  if (fault) showNotice(fault);
});
find("yes").addEventListener("click", () => answer(true));
find("no").addEventListener("click", () => answer(false));
find("question").addEventListener("cancel", (event) => {
  event.preventDefault();
  answer(false);
});
find("reopen").addEventListener("click", () => connection.open());
listKeys(find("keys"));
watchKeys((act) => ACTS[act]());
setMirror(true);
connection.open();
