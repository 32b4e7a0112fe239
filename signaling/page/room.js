// The key to the room stands behind the # of the address, which browsers never send to a server.
"use strict";

for (const element of document.querySelectorAll("[data-link]")) {
  element.textContent = element.dataset.link + window.location.hash;
}
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const copied = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(copied.textContent);
      button.textContent = "Copied";
    } catch {
      window.getSelection().selectAllChildren(copied);
      button.textContent = "Press Ctrl+C";
    }
  });
}
