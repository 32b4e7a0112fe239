// Keyboard shortcuts, and the sheet that lists them.

const KEYS = [
  ["M", "mute", "Mute, or speak again"],
  ["V", "camera", "Camera on or off"],
  ["P", "retake", "My photo"],
  ["T", "view", "Sliders that turn their head"],
  ["F", "face-me", "Turn their head to face me"],
  ["0", "reset", "Leave their head as it is"],
  ["I", "mirror", "Mirror my own picture"],
  ["U", "fullscreen", "Full screen"],
  ["R", "record", "Record, or stop; the other side is asked first"],
  ["B", "side", "Side by side with H.264"],
  ["N", "statistics", "Numbers"],
  ["Q", "hang-up", "Hang up"],
  ["?", "help", "This list"],
];
const ARROWS = ["Arrows", "Turn their head, with the picture in focus"];

export function listKeys(list) {
  for (const [key, words] of [...KEYS.map(([key, , words]) => [key, words]), ARROWS]) {
    list.append(
      Object.assign(document.createElement("dt"), { textContent: key }),
      Object.assign(document.createElement("dd"), { textContent: words }),
    );
  }
}

// act: called with the name of what a key stands for.
export function watchKeys(act) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=range]), select, textarea, dialog");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (document.body.dataset.phase !== "call") return;
    const found = KEYS.find(([key]) => key === event.key.toUpperCase());
    if (!found) return;
    event.preventDefault();
    act(found[1]);
  });
}
