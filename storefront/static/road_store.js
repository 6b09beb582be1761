// What the page of orders on the road keeps on the device, each row by its owner, and exact sums without floats.
"use strict";

const RoadStore = (() => {
  const NAME = "ventas-road";
  const SENT_KEPT = 20;
  let opened = null;

  const open = () => {
    opened ??= new Promise((done, failed) => {
      const request = indexedDB.open(NAME, 1);
      request.addEventListener("upgradeneeded", () => {
        const db = request.result;
        db.createObjectStore("device", { keyPath: "id" }); // who was here last
        db.createObjectStore("catalogues", { keyPath: ["user", "customer"] });
        db.createObjectStore("orders", { keyPath: "key" }).createIndex("user", "user");
      });
      request.addEventListener("success", () => {
        request.result.addEventListener("versionchange", () => request.result.close());
        done(request.result);
      });
      request.addEventListener("error", () => failed(request.error));
    });
    return opened;
  };

  // Resolves when it is written, not merely asked for: a killed page keeps all that it has shown as kept.
  const work = async (stores, mode, act) => {
    const transaction = (await open()).transaction(stores, mode, { durability: mode === "readwrite" ? "strict" : "default" });
    const asked = act(transaction);
    await new Promise((done, failed) => {
      transaction.addEventListener("complete", done);
      for (const name of ["error", "abort"]) transaction.addEventListener(name, () => failed(transaction.error));
    });
    return asked?.result;
  };
  const read = (store, act) => work([store], "readonly", (transaction) => act(transaction.objectStore(store)));
  const write = (store, act) => work([store], "readwrite", (transaction) => act(transaction.objectStore(store)));

  const ordersOf = async (user) => {
    const found = await read("orders", (store) => store.index("user").getAll(user));
    return found.sort((one, other) => (one.capturedAt < other.capturedAt ? 1 : -1));
  };

  return {
    who: () => read("device", (store) => store.get("owner")),
    // Prices are their owner's: whoever comes next finds none of them. Orders stay, and only their owner sees them.
    async arrive(owner) {
      await write("device", (store) => store.put({ ...owner, id: "owner" }));
      for (const each of await read("catalogues", (store) => store.getAllKeys())) {
        if (each[0] !== owner.user) await write("catalogues", (store) => store.delete(each));
      }
    },
    catalogue: (user, customer) => read("catalogues", (store) => store.get([user, customer])),
    async catalogues(user) {
      const found = await read("catalogues", (store) => store.getAll(IDBKeyRange.bound([user], [user, []])));
      return found.sort((one, other) => one.name.localeCompare(other.name));
    },
    keepCatalogue: (catalogue) => write("catalogues", (store) => store.put(catalogue)),
    dropCatalogue: (user, customer) => write("catalogues", (store) => store.delete([user, customer])),
    ordersOf,
    order: (key) => read("orders", (store) => store.get(key)),
    keep: (order) => write("orders", (store) => store.put(order)),
    drop: (key) => write("orders", (store) => store.delete(key)),
    async forgetOldSent(user) {
      const sent = (await ordersOf(user)).filter((each) => each.state === "sent");
      for (const each of sent.slice(SENT_KEPT)) await write("orders", (store) => store.delete(each.key));
    },
  };
})();

const RoadSums = (() => {
  const PLACES = 6;
  const ONE = 10n ** BigInt(PLACES);

  // A decimal string as a whole number of millionths; null where it is none or not above zero.
  const millionths = (text) => {
    const found = /^([0-9]{1,12})(?:\.([0-9]{1,6})[0-9]*)?$/.exec(String(text).trim().replace(",", "."));
    if (!found) return null;
    return BigInt(found[1]) * ONE + BigInt((found[2] || "").padEnd(PLACES, "0"));
  };
  const halfUp = (above, below) => (2n * above + below) / (2n * below);
  const written = (value, places) => {
    const digits = String(value).padStart(places + 1, "0");
    const whole = digits.slice(0, digits.length - places);
    const rest = places ? digits.slice(-places) : "";
    return rest ? `${whole}.${rest}` : whole;
  };
  const plain = (value) => written(value, PLACES).replace(/\.?0+$/, "");

  // The price at a quantity, by what the device knows: the product's own and its next break.
  const priceAt = (product, quantity) => {
    if (!product?.price) return null;
    const next = product.price.nextBreak;
    return next && quantity >= millionths(next.fromQuantity) ? next.unitPrice.amount : product.price.unitPrice.amount;
  };

  // Net by line, tax by rate on the sum of its lines, each rounded half up, as the server does; null where a price is missing.
  const total = (lines, products, places) => {
    const bases = new Map();
    for (const line of lines) {
      const product = products.get(line.sku);
      const quantity = millionths(line.quantity);
      const price = quantity === null ? null : priceAt(product, quantity);
      if (price === null) return null;
      const below = millionths(product.price.priceUnit) * 10n ** BigInt(PLACES - places);
      const net = halfUp(millionths(price) * quantity, below);
      bases.set(product.price.taxPercent, (bases.get(product.price.taxPercent) || 0n) + net);
    }
    let gross = 0n;
    for (const [percent, base] of bases) gross += base + halfUp(base * millionths(percent), 100n * ONE);
    return written(gross, places);
  };

  return { millionths, plain, priceAt, total };
})();
