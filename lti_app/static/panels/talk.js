/* New posts come by themselves, and an @ offers the names of the course. Every page works without it. */
(() => {
  "use strict";
  const HEADER = "X-Regista-Visit";
  const token = () => (document.querySelector('input[name="visit_token"]') || { value: "" }).value;
  const ask = (address) => fetch(address, { headers: { [HEADER]: token(), "HX-Request": "true" }, credentials: "same-origin" });

  // New posts ------------------------------------------------------------------------------------------------
  // Soon after somebody did something here we ask often, then ever more seldom, and not at all while nobody looks.
  const [SOON, SELDOM, SLOWER] = [8000, 120000, 1.35];
  let wait = SOON;
  let timer = 0;
  let stopped = false;
  const place = () => document.querySelector("[data-live]");
  const plan = () => {
    window.clearTimeout(timer);
    if (!stopped && !document.hidden && place()) timer = window.setTimeout(look, wait * (0.85 + Math.random() * 0.3));
  };
  const writes = () => {
    const active = document.activeElement;
    return active && active.matches("textarea, input[type=text]") && active.value;
  };
  const show = async (spot) => {
    const answer = await ask(spot.dataset.fresh);
    if (!answer.ok || !spot.isConnected) return;
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    const came = part.content.querySelectorAll("article");
    const words = spot.dataset.said;
    came.forEach((post) => { if (document.getElementById(post.id)) post.remove(); });
    const fresh = [...part.content.children];
    spot.replaceWith(part.content);
    fresh.forEach((one) => window.htmx?.process(one));
    if (came.length) {
      // "Nobody has answered yet" is not true any more.
      document.querySelectorAll("[data-none]").forEach((one) => { one.hidden = true; });
      const live = document.getElementById("live");
      live.textContent = "";
      window.setTimeout(() => { live.textContent = words; }, 60);
    }
  };
  const look = async () => {
    const spot = place();
    if (!spot || spot.firstElementChild) return plan();
    try {
      const answer = await ask(spot.dataset.live);
      if (answer.status >= 400 && answer.status < 500) { stopped = true; return undefined; }
      wait = Math.min(wait * SLOWER, SELDOM);
      if (answer.status === 200 && spot.isConnected) {
        wait = SOON;
        if (writes()) {
          // What is being written must not be pushed away: whoever writes decides when to look.
          const button = document.createElement("button");
          button.type = "button";
          button.className = "button button-small";
          button.textContent = spot.dataset.one;
          button.addEventListener("click", () => { button.remove(); show(spot); });
          spot.append(button);
        } else await show(spot);
      }
    } catch { wait = Math.min(wait * 2, SELDOM); }
    return plan();
  };
  let stirred = 0;
  const stir = () => {
    if (Date.now() - stirred < 2000) return;
    stirred = Date.now();
    if (wait > SOON) { wait = SOON; plan(); }
  };

  // Names ------------------------------------------------------------------------------------------------------
  let list = null;
  let chosen = -1;
  let turn = 0;
  const close = (field) => {
    if (list) list.remove();
    list = null;
    chosen = -1;
    field?.removeAttribute("aria-activedescendant");
  };
  const begun = (field) => {
    const before = field.value.slice(0, field.selectionStart);
    return /(?:^|[^\p{L}\p{N}_@])@([\p{L}][\p{L}'’. -]{0,40}|)$/u.exec(before);
  };
  const mark = (field, at) => {
    const options = [...list.children];
    chosen = (at + options.length) % options.length;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === chosen)));
    field.setAttribute("aria-activedescendant", options[chosen].id);
  };
  const take = (field, name) => {
    const end = field.selectionStart;
    const start = end - begun(field)[1].length;
    field.setRangeText(`${name} `, start, end, "end");
    close(field);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const offer = async (field) => {
    const found = begun(field);
    const mine = ++turn;
    if (!found || !found[1]) return close(field);
    const answer = await ask(`${field.dataset.names}?q=${encodeURIComponent(found[1])}`);
    if (mine !== turn || !answer.ok) return undefined;
    const people = await answer.json();
    close(field);
    if (!people.length || people.some((one) => one.name === found[1].trim())) return undefined;
    list = document.createElement("ul");
    list.className = "names";
    list.id = "names";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "@");
    people.forEach((one, number) => {
      const option = document.createElement("li");
      option.id = `name-${number}`;
      option.setAttribute("role", "option");
      option.textContent = one.name;
      option.addEventListener("mousedown", (event) => { event.preventDefault(); take(field, one.name); });
      list.append(option);
    });
    (field.closest(".say") || field).after(list);
    field.setAttribute("aria-controls", "names");
    field.setAttribute("aria-autocomplete", "list");
    mark(field, 0);
    return undefined;
  };

  const begin = () => {
    const body = document.body;
    ["pointerdown", "keydown", "wheel", "touchstart"].forEach((kind) => {
      body.addEventListener(kind, stir, { passive: true });
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return window.clearTimeout(timer);
      wait = SOON;
      return look();
    });
    body.addEventListener("htmx:afterSettle", plan);
    let pause = 0;
    body.addEventListener("input", (event) => {
      if (!event.target.dataset.names) return;
      window.clearTimeout(pause);
      pause = window.setTimeout(() => offer(event.target), 180);
    });
    body.addEventListener("keydown", (event) => {
      if (!list || !event.target.dataset.names) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) mark(event.target, chosen + step);
      else if (event.key === "Enter" || event.key === "Tab") take(event.target, list.children[chosen].textContent);
      else if (event.key === "Escape") close(event.target);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }, true);
    body.addEventListener("focusout", (event) => { if (event.target.dataset.names) close(event.target); });
    plan();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
