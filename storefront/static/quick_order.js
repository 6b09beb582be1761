// Quick order's rows: suggestions by code or name, and more rows without leaving the page.
"use strict";

const rows = document.getElementById("rows");
const ROWS_MAX = 100;

// A combobox after the ARIA authoring practices: the input keeps the focus, arrows move through the list.
function suggest(input) {
  const list = document.createElement("ul");
  list.className = "suggestions suggestions-row";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", rows.dataset.suggestLabel);
  list.hidden = true;
  input.after(list);
  input.parentElement.classList.add("has-suggestions");
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
    input.setAttribute(name, value);
  }
  let timer = 0;
  let asked = 0;

  const choose = (option) => {
    for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(null);
  };
  const take = (option) => {
    input.value = option.dataset.sku;
    close();
    input.closest("tr").querySelector("[name^=quantity-]").focus();
  };
  const show = async () => {
    const text = input.value.trim();
    if (text.length < 2) return close();
    const mine = ++asked;
    try {
      const answer = await fetch(`${rows.dataset.suggestCode}&search=${encodeURIComponent(text)}`, { headers: { "X-Partial": "1" } });
      if (!answer.ok || answer.redirected || mine !== asked) return;
      const found = [...new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-sku]")];
      found.forEach((option, index) => {
        option.id = `${list.id}-${index + 1}`;
        option.setAttribute("aria-selected", "false");
      });
      list.replaceChildren(...found);
      list.hidden = !found.length || document.activeElement !== input;
      input.setAttribute("aria-expanded", String(!list.hidden));
      document.getElementById("rows-said").textContent = list.hidden ? "" : rows.dataset.foundLabel;
    } catch {
      close();
    }
  };
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(show, 180);
  });
  input.addEventListener("keydown", (event) => {
    const options = [...list.children];
    const at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(options[at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length]);
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      take(options[at]);
    }
  });
  input.addEventListener("blur", () => window.setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[data-sku]");
    if (option) take(option);
  });
}

const said = document.createElement("p");
said.id = "rows-said";
said.className = "visually-hidden";
said.setAttribute("role", "status");
rows.closest("table").after(said);
for (const input of rows.querySelectorAll("[name^=sku-]")) suggest(input);

const more = document.getElementById("more-rows");
more?.addEventListener("click", (event) => {
  event.preventDefault();
  const first = rows.children.length + 1;
  for (let number = first; number < first + 8 && number <= ROWS_MAX; number += 1) {
    const row = rows.children[0].cloneNode(true);
    for (const each of row.querySelectorAll(".suggestions, .field-error")) each.remove();
    for (const input of row.querySelectorAll("input")) {
      const kind = input.name.split("-")[0];
      input.name = input.id = `${kind}-${number}`;
      input.value = "";
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/[0-9]+/, String(number)));
      for (const name of ["aria-invalid", "aria-describedby", "aria-activedescendant"]) input.removeAttribute(name);
    }
    rows.append(row);
    suggest(row.querySelector("[name^=sku-]"));
  }
  if (rows.children.length >= ROWS_MAX) more.remove();
  document.getElementById(`sku-${first}`)?.focus();
});

// Enter in a row goes on to the next one instead of sending a half-typed order.
rows.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || !event.target.name.startsWith("quantity-")) return;
  const next = event.target.closest("tr").nextElementSibling?.querySelector("input");
  if (next) {
    event.preventDefault();
    next.focus();
  }
});
