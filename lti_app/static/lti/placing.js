// Shows what a learner will see, as soon as a panel is chosen. Without it each panel has a button that does the same.
"use strict";
(() => {
  const form = document.getElementById("placing");
  if (!form || !document.getElementById("look")) return;
  const show = (field) => {
    const button = field.closest(".pick").querySelector(".look button");
    if (button) button.click();
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "panel" && event.target.checked) show(event.target);
  });
  const first = form.querySelector("input[name='panel']:checked");
  if (first) show(first);
})();
