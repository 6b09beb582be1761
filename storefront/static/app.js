// Enhancements only: every page works without this file.
"use strict";

document.documentElement.classList.add("js");
for (const each of document.querySelectorAll(".js-only")) each.hidden = false;

// Forms that replace a part of the page instead of loading it all: data-swap="#part,#other".
let swaps = 0;

async function submitInPlace(form, submitter) {
  const parts = form.dataset.swap.split(",");
  const mine = ++swaps;
  const focused = document.activeElement ? document.activeElement.id : "";
  const body = new URLSearchParams(new FormData(form, submitter));
  form.classList.add("is-busy");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Partial": "1" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.status >= 500 || !page.querySelector(parts[0])) throw new Error(String(answer.status));
    if (mine !== swaps) return;
    if (new URL(answer.url).pathname === "/login") {
      location.assign(answer.url);
      return;
    }
    const summary = page.querySelector("#summary");
    for (const part of parts) {
      const fresh = page.querySelector(part);
      const old = document.querySelector(part);
      if (fresh && old) old.replaceWith(document.adoptNode(fresh));
    }
    const oldSummary = document.querySelector("#summary");
    if (oldSummary) oldSummary.remove();
    if (summary) {
      document.querySelector("#notices").after(document.adoptNode(summary));
      summary.focus();
    } else if (focused && document.getElementById(focused)) {
      document.getElementById(focused).focus({ preventScroll: true });
    }
    if (form.isConnected) {
      // The key was used: the next submission is another act.
      const key = form.elements.namedItem("key");
      if (key) key.value = crypto.randomUUID ? crypto.randomUUID() : Date.now().toString(36).padStart(20, "0");
    }
    showToasts();
  } catch {
    form.submit();
  } finally {
    form.classList.remove("is-busy");
  }
}

function showToasts() {
  const box = document.getElementById("toasts");
  const notices = document.querySelectorAll("#notices .notice");
  box.replaceChildren(...[...notices].map((each) => each.cloneNode(true)));
  window.setTimeout(() => box.replaceChildren(), 5000);
}

// Copies a field: data-copy="id of the field".
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  await navigator.clipboard.writeText(field.value).catch(() => {}); // selected, it can be copied by hand
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.swap) {
    event.preventDefault();
    submitInPlace(form, event.submitter);
  } else if (form.method === "post") {
    // A second click waits for the first one's answer.
    window.setTimeout(() => form.classList.add("is-busy"));
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.is-busy")) form.classList.remove("is-busy");
});

// Filters apply as soon as they are chosen; quantities and dates of a line as soon as they are left.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form) return;
  if (form.dataset.live !== undefined) form.requestSubmit();
  else if (form.dataset.auto !== undefined && form.reportValidity()) form.requestSubmit();
});

// Steppers count in packs; the field keeps the reader's decimal sign.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (!button) return;
  const stepper = button.closest("[data-stepper]");
  const input = stepper.querySelector("input");
  const comma = document.documentElement.lang === "es";
  const pack = Number(stepper.dataset.stepper) || 1;
  const now = Number((comma ? input.value.replaceAll(".", "").replace(",", ".") : input.value.replaceAll(",", "")) || 0);
  const next = Math.max(pack, Math.round((now + pack * Number(button.dataset.step)) * 1e6) / 1e6);
  input.value = comma ? String(next).replace(".", ",") : String(next);
  window.clearTimeout(Number(input.dataset.timer));
  // Several clicks are one change.
  input.dataset.timer = String(window.setTimeout(() => input.dispatchEvent(new Event("change", { bubbles: true })), 450));
});

// The search box suggests products; arrows choose, Enter goes there.
const search = document.querySelector("[data-suggest]");
if (search) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", search.dataset.suggestLabel);
  list.hidden = true;
  search.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "suggestions"], ["aria-expanded", "false"]]) {
    search.setAttribute(name, value);
  }
  let timer = 0;
  let asked = 0;

  const choose = (option) => {
    for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
    if (option) search.setAttribute("aria-activedescendant", option.id);
    else search.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    list.hidden = true;
    search.setAttribute("aria-expanded", "false");
    choose(null);
  };
  const suggest = async () => {
    const text = search.value.trim();
    if (text.length < 2) return close();
    const mine = ++asked;
    try {
      const answer = await fetch(`${search.dataset.suggest}&search=${encodeURIComponent(text)}`, { headers: { "X-Partial": "1" } });
      if (!answer.ok || answer.redirected || mine !== asked) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      list.replaceChildren(...found.children);
      list.hidden = !list.children.length || document.activeElement !== search;
      search.setAttribute("aria-expanded", String(!list.hidden));
    } catch {
      close();
    }
  };
  search.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(suggest, 180);
  });
  search.addEventListener("keydown", (event) => {
    const options = [...list.children];
    const at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "Escape") close();
    else if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(options[(at + step + options.length) % options.length]);
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      location.assign(options[at].dataset.href);
    }
  });
  search.addEventListener("blur", () => window.setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-href]");
    event.preventDefault();
    if (option) location.assign(option.dataset.href);
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    }
  });
}

// Menus close when one clicks elsewhere or presses Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open], details.act[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (event.target.closest("[data-print]")) window.print();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open], details.act[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// On a phone the filters start folded.
if (window.matchMedia("(max-width: 60rem)").matches) {
  for (const each of document.querySelectorAll("[data-fold]")) each.open = false;
}

// Jobs go on while somebody looks: their progress is shown, and the page is read again when one has ended.
async function followJobs(list) {
  const answer = await fetch("/auth/ticket", { method: "POST" });
  if (!answer.ok) return;
  const query = "subscription { jobProgressed { job { id state progress { done total } } } }";
  const asked = new URLSearchParams({ ticket: (await answer.json()).ticket, query });
  const source = new EventSource(`/graphql/stream?${asked}`);
  source.addEventListener("complete", () => source.close());
  source.addEventListener("error", () => source.close());
  source.addEventListener("next", (event) => {
    const { data } = JSON.parse(event.data);
    const job = data && data.jobProgressed && data.jobProgressed.job;
    const row = job && list.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
    if (row && job.progress.total) {
      row.querySelector("[data-progress]").textContent = `${job.progress.done} / ${job.progress.total}`;
    }
    if (job && (!row || row.dataset.state !== job.state) && !list.contains(document.activeElement)) location.reload();
  });
}
const jobList = document.querySelector("[data-follow-jobs]");
if (jobList && document.querySelector("[data-state=QUEUED], [data-state=RUNNING]")) followJobs(jobList);

// Signing out takes along what the page of orders on the road keeps of prices; orders that wait stay their owner's.
async function forgetPrices() {
  const known = await indexedDB.databases();
  if (known.some((each) => each.name === "ventas-road")) {
    await new Promise((done) => {
      const request = indexedDB.open("ventas-road");
      request.addEventListener("error", done);
      request.addEventListener("success", () => {
        const stores = ["device", "catalogues"];
        const clearing = request.result.transaction(stores, "readwrite");
        for (const name of stores) clearing.objectStore(name).clear();
        for (const name of ["complete", "error", "abort"]) clearing.addEventListener(name, done);
      });
    });
  }
  const worker = await navigator.serviceWorker?.getRegistration("/road");
  await worker?.unregister();
  for (const name of await caches.keys()) if (name.startsWith("ventas-road-")) await caches.delete(name);
}
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/logout" || !window.indexedDB?.databases || !window.caches) return;
  event.preventDefault();
  forgetPrices().catch(() => {}).finally(() => event.target.submit());
});

const summary = document.getElementById("summary");
if (summary) summary.focus();
