// Leaves our note with the platform before the login, and asks for it back after (LTI client side postMessages 1.0).
// The note binds this login to this browser, so it is only ever exchanged with the platform's own origin.
"use strict";
(() => {
  const box = document.getElementById("storage");
  const { task, target, origin, key } = box.dataset;
  const patience = 1500;
  const messageId = "regista-" + Math.random().toString(36).slice(2);
  const host = window.opener || window.parent;
  let settled = false;

  // The platform names a frame beside ours; inside a rich-text editor it may not exist, then its page itself may answer.
  const listeners = () => {
    const found = [];
    if (target !== "_parent") {
      try {
        if (host.frames[target]) found.push(host.frames[target]);
      } catch {
        // A frame of another site shows its names to nobody; the page itself is asked instead.
      }
    }
    if (host !== window) found.push(host);
    return found;
  };

  const giveUp = () => {
    if (settled) return;
    settled = true;
    document.getElementById("waiting").hidden = true;
    document.getElementById("otherwise").hidden = false;
  };

  const succeed = (value) => {
    settled = true;
    if (task === "put") {
      window.location.replace(box.dataset.next);
      return;
    }
    document.getElementById("binding").value = value;
    document.getElementById("again").submit();
  };

  window.addEventListener("message", (event) => {
    const said = event.data;
    if (settled || event.origin !== origin || !said || said.message_id !== messageId) return;
    if (said.subject !== `lti.${task}_data.response`) return;
    const value = task === "put" ? box.dataset.value : said.value;
    if (said.error || typeof value !== "string" || !value) giveUp();
    else succeed(value);
  });

  const message = { subject: `lti.${task}_data`, message_id: messageId, key };
  if (task === "put") message.value = box.dataset.value;
  for (const listener of listeners()) listener.postMessage(message, origin);
  window.setTimeout(giveUp, patience);
})();
