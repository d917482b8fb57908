// Copies what stands in a field; a frame may not write to the clipboard by itself, but a click may.
"use strict";
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  field.focus();
  field.select();
  let done = false;
  try { done = document.execCommand("copy"); } catch { /* the words stay selected */ }
  const live = document.getElementById("live");
  if (live) live.textContent = done ? button.dataset.done : button.dataset.not;
  if (done) button.querySelector("span").textContent = button.dataset.done;
});
