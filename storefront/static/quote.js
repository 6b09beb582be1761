// A quote's page follows the quote while it is open: it is drawn anew, or, while somebody types, says that it changed.
"use strict";

function isAtWork(page) {
  const typed = (each) => each.value !== each.defaultValue || each.checked !== each.defaultChecked;
  const fields = [...page.querySelectorAll("input:not([type=hidden]), textarea")];
  return fields.some(typed) || page.querySelector("details.act[open]") !== null;
}

async function readAgain(id) {
  const page = document.getElementById("quote");
  const answer = await fetch(location.pathname, { headers: { "X-Partial": "1" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("quote");
  if (!fresh || fresh.dataset.followQuote !== id || fresh.dataset.version === page.dataset.version) return;
  if (isAtWork(page)) document.getElementById("quote-changed").hidden = false;
  else page.replaceWith(document.adoptNode(fresh));
}

async function followQuote(id) {
  const ticket = await fetch("/auth/ticket", { method: "POST" });
  if (!ticket.ok) return;
  const query = `subscription { quoteChanged(quoteId: ${JSON.stringify(id)}) { event { type } } }`;
  const asked = new URLSearchParams({ ticket: (await ticket.json()).ticket, query });
  const source = new EventSource(`/graphql/stream?${asked}`);
  source.addEventListener("open", () => document.documentElement.setAttribute("data-following", "quote"));
  source.addEventListener("next", () => readAgain(id));
  // A ticket opens one stream: where it broke, another one is asked for when the page is looked at again.
  for (const name of ["complete", "error"]) source.addEventListener(name, () => source.close());
}

const followed = document.querySelector("[data-follow-quote]");
if (followed) followQuote(followed.dataset.followQuote);
