// Orders on the road: captured on the device at every keystroke, with or without network, and each sent once by the key
// that was made when it was begun. What is shown as kept has been written.
"use strict";

(async () => {
  const root = document.getElementById("road");
  const at = (name) => document.getElementById(`road-${name}`);
  const session = { ...root.dataset }; // who is signed in and acts for whom; empty in the shell without network
  const isShell = !session.user;
  const lang = document.documentElement.lang;
  const region = lang === "es" ? "es-ES" : "en-GB";
  const LINES_MAX = 200;
  const COMPANIES_MAX = 30;
  const FRESH_MS = 10 * 60_000;
  const RETRY_MS = 15_000;

  const text = (code, values = {}) => {
    const found = at("texts").querySelector(`[data-text="${code}"]`).textContent;
    return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
  const money = (amount, currency) => new Intl.NumberFormat(region, { style: "currency", currency }).format(amount);
  const unitPrice = (amount, currency) =>
    new Intl.NumberFormat(region, { style: "currency", currency, maximumFractionDigits: 6 }).format(amount);
  const moment = (iso) => new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
  const shownNumber = (plain) => (lang === "es" ? plain.replace(".", ",") : plain);
  const placesOf = (currency) => new Intl.NumberFormat(region, { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
  const show = (element, message) => {
    element.hidden = !message;
    const place = element.querySelector("span");
    if (place.textContent !== message) place.textContent = message;
  };
  const say = (message) => show(at("said"), message);

  let owner = null;
  let catalogue = null;
  let products = new Map();
  let codes = new Map();
  let draft = null;
  let isSignedOut = false;
  let timer = 0;

  // Whose

  async function arrive() {
    const last = await RoadStore.who();
    if (isShell) {
      owner = last ?? null;
      if (owner?.theme) document.documentElement.dataset.theme = owner.theme;
      return;
    }
    const before = last?.user === session.user ? last : {};
    owner = {
      user: session.user, customer: session.customer || before.customer || "", name: session.name || before.name || "",
      theme: document.documentElement.dataset.theme || "",
    };
    await RoadStore.arrive(owner);
  }

  async function choose(customer, name) {
    owner = { ...owner, customer, name };
    await RoadStore.arrive(owner);
    catalogue = customer ? ((await RoadStore.catalogue(owner.user, customer)) ?? null) : null;
    products = new Map((catalogue?.products ?? []).map((each) => [each.sku, each]));
    codes = new Map();
    for (const each of products.values()) {
      for (const code of [each.customerItemNumber, each.barcode, each.sku]) if (code) codes.set(code.toUpperCase(), each);
    }
    draft = (await RoadStore.ordersOf(owner.user)).find((each) => each.state === "draft" && each.customer === customer) ?? null;
    draw();
  }

  // What can be chosen from

  async function refresh() {
    if (!session.customer || (catalogue && Date.now() - Date.parse(catalogue.fetchedAt) < FRESH_MS && products.size)) return;
    const answer = await fetch("/road/products", { redirect: "manual" });
    if (!answer.ok) return;
    const found = await answer.json();
    // Another tab may have signed in somebody else, or acts for another company by now.
    if (found.user !== session.user || found.customer !== session.customer) return;
    const currency = found.products.find((each) => each.price)?.price.unitPrice.currency ?? "EUR";
    await RoadStore.keepCatalogue({ ...found, name: session.name, currency, fetchedAt: new Date().toISOString() });
    const kept = (await RoadStore.catalogues(session.user)).sort((one, other) => (one.fetchedAt < other.fetchedAt ? 1 : -1));
    for (const old of kept.slice(COMPANIES_MAX)) await RoadStore.dropCatalogue(old.user, old.customer);
    if (owner.customer === session.customer) await choose(session.customer, session.name);
    else await drawCompanies();
  }

  // Capturing

  function begin() {
    draft ??= {
      key: newKey(), user: owner.user, customer: owner.customer, company: owner.name, reason: session.reason || "", state: "draft",
      lines: [], purchaseOrderNumber: "", note: "", requestedOn: "", typed: "", capturedAt: new Date().toISOString(),
    };
    return draft;
  }
  const keepDraft = () => RoadStore.keep(begin());

  async function add(typed) {
    const code = typed.trim();
    if (!code) return;
    const lines = begin().lines;
    const product = codes.get(code.toUpperCase());
    const sku = product?.sku ?? code;
    const line = lines.find((each) => each.sku.toUpperCase() === sku.toUpperCase());
    const pack = RoadSums.millionths(product?.packSize ?? "1");
    if (line) line.quantity = RoadSums.plain((RoadSums.millionths(line.quantity) ?? 0n) + pack);
    else if (lines.length >= LINES_MAX) return say(text("full"));
    else lines.push({ sku, name: product?.name ?? "", quantity: RoadSums.plain(pack), seen: null });
    draft.typed = "";
    await keepDraft();
    at("sku").value = "";
    say("");
    drawDraft();
    at("sku").focus();
  }

  async function keepOrder() {
    const wrong = [...at("lines").querySelectorAll(".road-quantity")].find((each) => each.getAttribute("aria-invalid") === "true");
    if (wrong) return wrong.focus();
    const currency = catalogue?.currency ?? "EUR";
    const total = RoadSums.total(draft.lines, products, placesOf(currency));
    for (const line of draft.lines) line.seen = RoadSums.priceAt(products.get(line.sku), RoadSums.millionths(line.quantity));
    Object.assign(draft, { state: "waiting", total, currency, typed: "", capturedAt: new Date().toISOString() });
    await RoadStore.keep(draft);
    draft = null;
    at("sku").value = "";
    say(text("kept"));
    drawDraft();
    await drawOrders();
    at("sku").focus();
    await sendAll();
  }

  // Sending

  const alone = (act) => (navigator.locks ? navigator.locks.request("ventas-road", act) : act());

  async function sendAll() {
    window.clearTimeout(timer);
    if (!owner) return;
    if (isShell) {
      if (await isBack()) return location.replace("/road");
    } else if (session.customer) {
      await alone(async () => {
        const waiting = (await RoadStore.ordersOf(owner.user)).reverse().filter((each) => each.state === "waiting" && each.customer === session.customer);
        for (const each of waiting) if (!(await sendOne(each.key))) break;
      });
      await RoadStore.forgetOldSent(owner.user);
    }
    await drawOrders();
    const rest = await RoadStore.ordersOf(owner.user);
    if (isShell || (!isSignedOut && rest.some((each) => each.state === "waiting" && each.customer === session.customer))) {
      timer = window.setTimeout(sendAll, RETRY_MS);
    }
  }

  async function isBack() {
    if (!navigator.onLine) return false;
    return fetch("/robots.txt", { cache: "no-store" }).then((answer) => answer.ok, () => false);
  }

  // True where the next one may be sent.
  async function sendOne(key) {
    const order = await RoadStore.order(key);
    if (order?.state !== "waiting" || order.user !== session.user) return true; // another tab was faster
    const lines = order.lines.map(({ sku, quantity, seen }) => ({ sku, quantity, seen }));
    const { total, purchaseOrderNumber, note, requestedOn } = order;
    const told = JSON.stringify({ lines, total: total ?? "0", purchaseOrderNumber, note, requestedOn });
    let answer;
    try {
      answer = await fetch("/road", {
        method: "POST", redirect: "manual", body: new URLSearchParams({ csrf_token: session.token, act: "send", key, order: told }),
      });
    } catch {
      drawNetwork(true);
      return false;
    }
    drawNetwork(false);
    if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) {
      isSignedOut = true;
      drawNetwork(false);
      return false;
    }
    if (answer.status !== 200 && answer.status !== 400) return false;
    await RoadStore.keep({ ...order, ...(answer.ok ? became(order, await answer.json()) : { state: "refused", why: [] }) });
    return true;
  }

  function became(order, told) {
    if (told.number) return { state: "sent", number: told.number, why: told.warnings };
    const changed = told.errors.find((each) => each.code === "PRICE_CHANGED");
    if (!changed) {
      const isConflict = told.errors.some((each) => each.code === "IDEMPOTENCY_CONFLICT");
      return { state: "refused", why: isConflict ? [text("conflict")] : told.errors.map((each) => each.message) };
    }
    const moved = changed.lines.map((each) => ({ sku: each.sku, seen: each.seen?.amount ?? null, now: each.now.amount }));
    return { state: "asks", now: changed.actual.amount, moved };
  }

  // What one does with an order that is kept

  const acts = {
    async agree(order) {
      const now = new Map(order.moved.map((each) => [each.sku, each.now]));
      const lines = order.lines.map((line) => ({ ...line, seen: now.get(line.sku) ?? line.seen }));
      await RoadStore.keep({ ...order, lines, total: order.now, state: "waiting" });
      await sendAll();
    },
    async discard(order) {
      await RoadStore.drop(order.key);
      await drawOrders();
    },
    async edit(order) {
      if (draft?.lines.length) return say(text("draft-first"));
      if (draft) await RoadStore.drop(draft.key);
      await RoadStore.keep({ ...order, state: "draft", typed: "" });
      await choose(order.customer, order.company);
      at("sku").focus();
    },
    actFor(order) {
      const form = at("act").cloneNode(false);
      const told = { csrf_token: session.token, next: "/road", customer: order.customer, reason: order.reason || at("reason").value };
      for (const [name, value] of Object.entries(told)) {
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      }
      document.body.append(form);
      form.submit();
    },
  };

  // Drawing

  function drawNetwork(isGone) {
    const notice = at("net");
    const signIn = isSignedOut && !isGone;
    show(notice, isGone || isShell ? text("offline") : signIn ? text("sign-in") : "");
    notice.querySelector("a")?.remove();
    if (signIn) notice.append(Object.assign(document.createElement("a"), { href: "/login?next=/road", textContent: text("sign-in-act") }));
  }

  async function drawCompanies() {
    const known = owner ? await RoadStore.catalogues(owner.user) : [];
    const options = known.map((each) => new Option(each.name, each.customer, false, each.customer === owner.customer));
    if (owner && !known.some((each) => each.customer === owner.customer)) options.unshift(new Option(owner.name || "–", owner.customer, true, true));
    at("companies").replaceChildren(...options);
    at("companies-field").hidden = !owner;
    at("nobody").hidden = Boolean(owner);
    at("who").hidden = Boolean(owner) && options.length < 2;
  }

  function drawPrices() {
    const currency = catalogue?.currency ?? "EUR";
    for (const [index, item] of [...at("lines").children].entries()) {
      const line = draft.lines[index];
      const quantity = RoadSums.millionths(line.quantity);
      const price = quantity === null ? null : RoadSums.priceAt(products.get(line.sku), quantity);
      item.querySelector("[data-price]").textContent = price === null ? text("no-price") : unitPrice(price, currency);
      const isWrong = quantity === null || quantity === 0n;
      item.querySelector(".road-quantity").setAttribute("aria-invalid", String(isWrong));
    }
    const total = RoadSums.total(draft?.lines ?? [], products, placesOf(currency));
    at("total").textContent = total === null ? "–" : money(total, currency);
    at("priced").textContent = total === null || !catalogue ? text("unpriced") : text("priced", { when: moment(catalogue.fetchedAt) });
  }

  function drawDraft() {
    at("draft").hidden = !owner?.customer;
    at("for").textContent = owner?.name ?? "";
    at("lines").replaceChildren(...(draft?.lines ?? []).map((line, index) => {
      const item = at("line").content.cloneNode(true);
      item.querySelector("[data-name]").textContent = line.name || line.sku;
      item.querySelector("[data-sku]").textContent = line.sku;
      const input = item.querySelector("input");
      input.value = shownNumber(line.quantity);
      input.setAttribute("aria-label", text("quantity-of", { sku: line.sku }));
      if (products.get(line.sku)?.unit.decimals) input.inputMode = "decimal";
      item.firstElementChild.dataset.index = String(index);
      return item;
    }));
    at("head").hidden = !draft?.lines.length;
    for (const [name, key] of [["number", "purchaseOrderNumber"], ["day", "requestedOn"], ["note", "note"], ["sku", "typed"]]) {
      if (document.activeElement !== at(name)) at(name).value = draft?.[key] ?? "";
    }
    drawPrices();
  }

  function buttonsOf(order) {
    const button = (label, act, look = "button") => {
      const made = Object.assign(document.createElement("button"), { type: "button", className: look, textContent: label });
      made.addEventListener("click", () => act(order));
      return made;
    };
    const discard = () => button(text("discard"), acts.discard, "button button-danger-quiet");
    if (order.state === "asks") return [button(text("agree", { now: money(order.now, order.currency) }), acts.agree, "button button-primary"), button(text("edit"), acts.edit), discard()];
    if (order.state === "refused") return [button(text("edit"), acts.edit), discard()];
    if (order.state === "sent") {
      const link = { className: "button", href: `/orders/${encodeURIComponent(order.number)}`, textContent: text("open", { number: order.number }) };
      const open = order.customer === session.customer ? [Object.assign(document.createElement("a"), link)] : [];
      return [...open, button(text("forget"), acts.discard, "button button-quiet")];
    }
    // Nothing is taken back here that may be on its way already.
    if (order.customer !== session.customer && at("act")) return [button(text("send-for", { company: order.company }), acts.actFor, "button button-primary")];
    return [];
  }

  async function drawOrders() {
    const orders = owner ? (await RoadStore.ordersOf(owner.user)).filter((each) => each.state !== "draft") : [];
    at("orders").hidden = !orders.length;
    at("kept").replaceChildren(...orders.map((order) => {
      const item = at("order").content.cloneNode(true);
      const part = (name) => item.querySelector(`[data-${name}]`);
      const count = order.lines.length === 1 ? text("lines-one") : text("lines", { count: order.lines.length });
      part("title").textContent = order.company;
      part("about").textContent = [moment(order.capturedAt), count, order.purchaseOrderNumber, order.total && money(order.total, order.currency)].filter(Boolean).join(" · ");
      const isElsewhere = order.state === "waiting" && !isShell && order.customer !== session.customer;
      part("state").textContent = text(isElsewhere ? "elsewhere" : order.state, { company: order.company, number: order.number });
      part("state").classList.add({ sent: "badge-success", asks: "badge-warning", refused: "badge-danger" }[order.state] ?? "badge-info");
      let why = (order.why ?? []).join(" ");
      if (order.state === "asks") {
        const [seen, now] = [order.total && money(order.total, order.currency), money(order.now, order.currency)];
        why = seen ? text("changed", { seen, now }) : text("unseen", { now });
        const moved = order.moved.filter((each) => each.seen !== null).map((each) => text("moved", {
          sku: each.sku, seen: unitPrice(each.seen, order.currency), now: unitPrice(each.now, order.currency),
        }));
        part("moved").replaceChildren(...moved.map((each) => Object.assign(document.createElement("li"), { textContent: each })));
        part("moved").hidden = !moved.length;
      }
      part("why").textContent = why;
      part("why").hidden = !why;
      item.firstElementChild.dataset.state = order.state;
      part("acts").append(...buttonsOf(order));
      part("acts").hidden = !part("acts").children.length;
      return item;
    }));
  }

  function draw() {
    drawNetwork(!navigator.onLine);
    drawDraft();
    void drawCompanies();
    void drawOrders();
  }

  // What one does

  at("entry").addEventListener("submit", (event) => {
    event.preventDefault();
    void add(at("sku").value);
  });
  at("sku").addEventListener("input", () => {
    begin().typed = at("sku").value;
    void keepDraft();
    const wanted = at("sku").value.trim().toUpperCase();
    const found = wanted.length < 2 ? [] : [...products.values()].filter((each) => each.sku.toUpperCase().includes(wanted) || each.name.toUpperCase().includes(wanted)).slice(0, 8);
    at("products").replaceChildren(...found.map((each) => Object.assign(new Option(each.name, each.sku), { label: each.name })));
  });
  for (const [name, key] of [["number", "purchaseOrderNumber"], ["day", "requestedOn"], ["note", "note"]]) {
    at(name).addEventListener("input", () => {
      begin()[key] = at(name).value;
      void keepDraft();
    });
  }
  at("lines").addEventListener("input", (event) => {
    const line = draft.lines[Number(event.target.closest("li").dataset.index)];
    line.quantity = event.target.value.trim().replace(",", ".");
    void keepDraft();
    drawPrices();
  });
  at("lines").addEventListener("keydown", (event) => {
    if (event.key === "Enter") at("sku").focus();
  });
  at("lines").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const item = button.closest("li");
    const index = Number(item.dataset.index);
    const line = draft.lines[index];
    if (button.dataset.by) {
      const pack = RoadSums.millionths(products.get(line.sku)?.packSize ?? "1");
      const next = (RoadSums.millionths(line.quantity) ?? 0n) + pack * BigInt(button.dataset.by);
      line.quantity = RoadSums.plain(next < pack ? pack : next);
      item.querySelector("input").value = shownNumber(line.quantity);
      drawPrices();
    } else {
      draft.lines.splice(index, 1);
      drawDraft();
      at("sku").focus();
    }
    void keepDraft();
  });
  at("keep").addEventListener("click", () => void keepOrder());
  at("companies").addEventListener("change", () => void choose(at("companies").value, at("companies").selectedOptions[0].textContent));

  if ("BarcodeDetector" in window) {
    at("photo").hidden = false;
    at("photo").querySelector("input").addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (!file) return;
      const found = await new BarcodeDetector().detect(await createImageBitmap(file)).catch(() => []);
      event.target.value = "";
      if (found.length) await add(found[0].rawValue);
      else say(text("no-code"));
    });
  }

  window.addEventListener("online", () => void sendAll().then(() => drawNetwork(false)));
  window.addEventListener("offline", () => drawNetwork(true));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void sendAll();
  });

  await arrive();
  root.hidden = false;
  if (owner) await choose(owner.customer, owner.name);
  else draw();
  if (!isShell && navigator.serviceWorker) {
    navigator.serviceWorker.register(session.worker, { scope: "/road" }).catch(() => {}); // without it only a reload needs network
  }
  await refresh().catch(() => drawNetwork(true));
  await sendAll();
  root.dataset.ready = "true";
})();
