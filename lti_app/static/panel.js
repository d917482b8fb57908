/* What a panel adds to its forms and links: the renewed token, the frame's height, drafts, focus and a quiet voice.
   Every page works without it. */
(() => {
  "use strict";
  const HEADER = "X-Regista-Visit";
  const FIELD = "visit_token";
  const root = document.documentElement;

  // The token ------------------------------------------------------------------------------------------------
  let token = "";
  const fields = () => document.querySelectorAll(`input[name="${FIELD}"]`);
  const keep = (fresh) => {
    if (!fresh) return;
    token = fresh;
    fields().forEach((field) => { field.value = fresh; });
  };

  // The frame's height ---------------------------------------------------------------------------------------
  // lti.frameResize: some platforms read an object, others only a JSON string, some the older name.
  let told = 0;
  let waiting = 0;
  let last = -80;
  const tell = () => {
    waiting = 0;
    last = performance.now();
    if (window.parent === window && !window.opener) return;
    const body = document.body;
    const height = Math.ceil(body.getBoundingClientRect().height);
    // A platform that adds a border or a scrollbar to our number must not make us answer for ever.
    if (height === 0 || Math.abs(height - told) < 4) return;
    told = height;
    const listener = window.parent === window ? window.opener : window.parent;
    const messages = ["lti.frameResize", "org.imsglobal.lti.frameResize"].map((subject) => ({ subject, height }));
    messages.forEach((message) => {
      listener.postMessage(message, "*");
      listener.postMessage(JSON.stringify(message), "*");
    });
  };
  // At once, since what has just opened must not lie behind the frame's edge; then at most every 80 ms.
  const measure = () => {
    if (waiting) return;
    const since = performance.now() - last;
    if (since < 80) {
      waiting = window.setTimeout(tell, 80 - since);
      return;
    }
    tell();
  };

  // Drafts ---------------------------------------------------------------------------------------------------
  // sessionStorage: it outlives a reload and an expired visit, but not the tab, so nobody else finds it later.
  const store = (() => {
    try {
      const probe = window.sessionStorage;
      probe.getItem("regista");
      return probe;
    } catch {
      return { getItem: () => null, setItem: () => {}, removeItem: () => {} };
    }
  })();
  const scope = () => `regista:${document.body.dataset.draftScope || ""}:`;
  const draftsIn = (part) => part.querySelectorAll("[data-draft]");
  const nameOf = (field) => scope() + field.dataset.draft;
  const save = (field) => {
    try {
      if (field.value.trim()) store.setItem(nameOf(field), field.value);
      else store.removeItem(nameOf(field));
    } catch { /* full or forbidden: the field itself still holds the words */ }
  };
  const forget = (form) => draftsIn(form).forEach((field) => {
    store.removeItem(nameOf(field));
    store.removeItem(nameOf(field) + ":sent");
  });
  const restore = (part) => draftsIn(part).forEach((field) => {
    const sent = store.getItem(nameOf(field) + ":sent");
    store.removeItem(nameOf(field) + ":sent");
    if (sent && !field.value && field.getAttribute("aria-invalid") !== "true") {
      // It was sent by a plain form and the page came back without a fault: it has arrived.
      store.removeItem(nameOf(field));
      return;
    }
    const draft = store.getItem(nameOf(field));
    if (draft && !field.value) {
      field.value = draft;
      const fold = field.closest("details");
      if (fold) fold.open = true;
    }
  });

  // A quiet voice for screen readers -----------------------------------------------------------------------------
  const say = (words) => {
    const live = document.getElementById("live");
    if (!live || !words) return;
    live.textContent = "";
    window.setTimeout(() => { live.textContent = words; }, 60);
  };

  // Focus ----------------------------------------------------------------------------------------------------
  // A button that is disabled while its form is sent loses the focus: its name brings it back.
  let held = "";
  const settle = (part) => {
    if (!part || !part.isConnected) return;
    const active = document.activeElement;
    const lost = !active || active === document.body;
    const same = held && part.querySelector(`#${CSS.escape(held)}`);
    const wrong = part.querySelector('[aria-invalid="true"]');
    const place = wrong || (lost && (same || part.querySelector("[data-focus]") || part));
    if (!place) return;
    if (place === part && !place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: place === part });
  };

  // On a phone the tabs are one row that moves sideways: the open one is in sight. Only the row itself may move.
  const showTab = (tab) => {
    const row = tab.closest("ul");
    if (!row || row.scrollWidth <= row.clientWidth) return;
    const [place, all] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += place.left + place.width / 2 - (all.left + all.width / 2);
  };
  const showTabs = () => document.querySelectorAll(".tabs [aria-current]").forEach(showTab);

  // A page opened from far down a tall frame would begin out of sight, above it: bring its beginning there. Never on the
  // first page of a frame, which must not move the course page.
  const arrive = () => {
    // Regista may stand below a path of its host: pages of ours begin as this one does.
    const inside = document.referrer.startsWith(`${location.href.split("/v/")[0]}/v/`);
    const [how] = performance.getEntriesByType("navigation");
    if (window.parent === window || !inside || (how && how.type !== "navigate")) return;
    const named = location.hash && document.getElementById(location.hash.slice(1));
    const place = named || document.querySelector("h1");
    if (!place) return;
    new IntersectionObserver((seen, watch) => {
      watch.disconnect();
      if (seen[0].isIntersecting) return;
      if (!named) window.parent.postMessage({ subject: "lti.scrollToTop" }, "*");
      (named || root).scrollIntoView({ block: "start" });
    }).observe(place);
  };

  const begin = () => {
    token = (fields()[0] || { value: "" }).value;
    const body = document.body;
    restore(body);
    showTabs();
    new ResizeObserver(measure).observe(body);
    measure();
    arrive();
    // Whoever was led to a post reads on from there, with the keyboard too.
    const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (named) {
      if (named.tabIndex < 0) named.tabIndex = -1;
      named.focus({ preventScroll: true });
    }

    body.addEventListener("input", (event) => {
      if (event.target.matches("[data-draft]")) save(event.target);
    });
    body.addEventListener("submit", (event) => {
      if (event.defaultPrevented || event.target.hasAttribute("hx-post")) return;
      draftsIn(event.target).forEach((field) => store.setItem(nameOf(field) + ":sent", "1"));
    });
    body.addEventListener("toggle", measure, true);
    // A browser leaves a tab that it sees half of where it is; under a finger nothing may move.
    body.addEventListener("focusin", (event) => {
      if (event.target.matches(".tab:focus-visible")) showTab(event.target);
    });
    body.addEventListener("keydown", (event) => {
      const fold = event.key === "Escape" && event.target.closest("details[open]");
      if (!fold) return;
      fold.open = false;
      fold.querySelector("summary").focus();
    });
    body.addEventListener("click", (event) => {
      document.querySelectorAll("details.menu[open]").forEach((menu) => {
        if (!menu.contains(event.target)) menu.open = false;
      });
    });

    body.addEventListener("htmx:configRequest", (event) => {
      event.detail.headers[HEADER] = token;
      event.detail.parameters.set?.(FIELD, token);
    });
    body.addEventListener("htmx:beforeRequest", () => {
      held = document.activeElement?.id || "";
      document.getElementById("trouble").textContent = "";
    });
    body.addEventListener("htmx:afterRequest", (event) => {
      const { xhr, successful, elt } = event.detail;
      keep(xhr.getResponseHeader(HEADER));
      if (successful) forget(elt);
    });
    body.addEventListener("htmx:afterSettle", (event) => {
      const part = event.detail.elt;
      // A number on a tab that came along takes no focus.
      if (part.id.startsWith("count-")) return;
      fields().forEach((field) => { field.value = token; });
      restore(part);
      settle(part);
      const words = part.dataset.say || part.querySelector?.("[data-say]")?.dataset.say;
      say(words);
      measure();
    });
    const offline = () => {
      const notice = document.getElementById("offline");
      document.getElementById("trouble").replaceChildren(notice.content.cloneNode(true));
      measure();
    };
    // What is wrong stands at the top, which may lie far above whoever writes at the foot.
    body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target?.id === "trouble") event.detail.target.scrollIntoView({ block: "nearest" });
    });
    body.addEventListener("htmx:sendError", offline);
    body.addEventListener("htmx:timeout", offline);
  };

  root.classList.add("with-script");
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
