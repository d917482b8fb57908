// What an LMS may do for the frames of its tools. The page works without any of it.
const origins = document.body.dataset.toolOrigins.split(" ").filter(Boolean);
const resizes = document.body.dataset.resize === "on";
const stores = document.body.dataset.storage === "on";
const stored = new Map();
const LARGEST_VALUE = 4096;
const MOST_VALUES = 64;

function frameOf(source) {
  return [...document.querySelectorAll("iframe")].find((frame) => frame.contentWindow === source);
}

function resize(frame, height) {
  const pixels = Number(height);
  if (resizes && Number.isFinite(pixels)) frame.style.height = `${Math.min(Math.max(pixels, 120), 6000)}px`;
}

// LTI Client Side postMessages 0.1 and LTI postMessage Storage 0.1
function answerStorage(event, message) {
  const reply = { subject: `${message.subject}.response`, message_id: message.message_id };
  const kept = stored.get(event.origin) ?? new Map();
  if (message.subject === "lti.capabilities") {
    reply.supported_messages = ["lti.put_data", "lti.get_data"].map((subject) => ({ subject, frame: "_parent" }));
  } else if (message.subject === "lti.get_data") {
    Object.assign(reply, { key: message.key, value: kept.get(message.key) ?? null });
  } else if (String(message.value).length > LARGEST_VALUE || (kept.size >= MOST_VALUES && !kept.has(message.key))) {
    reply.error = { code: "storage_exhaustion", message: "too much" };
  } else {
    kept.set(message.key, message.value);
    stored.set(event.origin, kept);
    Object.assign(reply, { key: message.key, value: message.value });
  }
  event.source.postMessage(reply, event.origin);
}

window.addEventListener("message", (event) => {
  const frame = frameOf(event.source);
  if (!frame || (!origins.includes(event.origin) && !frame.dataset.closes)) return;
  const message = typeof event.data === "string" ? parsed(event.data) : event.data;
  if (!message || typeof message.subject !== "string") return;
  if (message.subject === "lti.frameResize") resize(frame, message.height);
  else if (message.subject === "org.imsglobal.lti.close" && frame.dataset.closes) location.assign(frame.dataset.closes);
  else if (stores && ["lti.capabilities", "lti.get_data", "lti.put_data"].includes(message.subject)) {
    answerStorage(event, message);
  }
});

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// An open menu of the bar closes with Escape and with a click elsewhere.
const menus = document.querySelectorAll(".bar-menu");
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") menus.forEach((menu) => { if (menu.open) { menu.open = false; menu.querySelector("summary").focus(); } });
});
document.addEventListener("click", (event) => menus.forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
