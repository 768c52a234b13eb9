// Draws the proof map from the data on the page: nodes in layers (dagre), lines of what uses what, and a panel that
// shows the words which the list below the map has for an item. No other file is loaded.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 30, RESULT_HEIGHT = 38, GAP = 22, WIDEST = 1280, SWEEPS = 40, INWARD = 0.02, LEAST = 0.25, MOST = 2.5, LEGIBLE = 0.55, LOWEST = 260, SCROLLBAR = 20, HEADER = 60, PHONE = 46 * 16;
  const at = (id) => document.getElementById(id);
  const found = JSON.parse(at("pm-data").textContent);
  const nodes = new Map(found.nodes.map((node) => [node.key, node]));
  const bySlug = new Map(found.nodes.map((node) => [node.slug, node]));
  const [root, box, panel, view] = ["pm-map", "pm-box", "pm-panel", "pm-view"].map(at);
  const css = (status) => status.toLowerCase().replace("_", "-");
  const hidden = new Set(), filters = new Map(); // verdicts that are faded; the button of each verdict
  let drawn = null, scale = 1, chosen = null, extra = null, clicked = { x: NaN, y: NaN };

  const up = reached("to", "from"), down = reached("from", "to");

  // For each item all that is reached over "uses" and "repeats", from one end of a line to the other.
  function reached(near, far) {
    const next = new Map(found.nodes.map((node) => [node.key, []]));
    for (const edge of found.edges) if (["uses", "repeats"].includes(edge.how)) next.get(edge[near]).push(edge[far]);
    const all = (key) => {
      const seen = new Set(), waiting = [key];
      while (waiting.length) for (const other of next.get(waiting.pop())) {
        if (!seen.has(other)) { seen.add(other); waiting.push(other); }
      }
      return seen;
    };
    return new Map(found.nodes.map((node) => [node.key, all(node.key)]));
  }

  function element(name, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  }

  function button(words, does, kind = "") {
    const made = document.createElement("button");
    made.type = "button";
    made.className = kind;
    made.textContent = words;
    made.addEventListener("click", does);
    return made;
  }

  const size = (node) => {
    const each = node.result ? 9.6 : 7.9;
    return { width: Math.round(34 + each * node.label.length), height: node.result ? RESULT_HEIGHT : HEIGHT };
  };

  const falling = (edge) => ["uses", "repeats"].includes(edge.how)
    && (nodes.get(edge.from).breaks === "all" || nodes.get(edge.from).falls);

  function draw(keys) {
    const shown = new Set(keys);
    const layout = new dagre.graphlib.Graph();
    layout.setGraph({ rankdir: "TB", nodesep: GAP, ranksep: 36, edgesep: 2, marginy: 20 });
    layout.setDefaultEdgeLabel(() => ({}));
    for (const key of keys) layout.setNode(key, size(nodes.get(key)));
    const edges = found.edges.filter((edge) => edge.drawn && shown.has(edge.from) && shown.has(edge.to));
    for (const edge of edges) layout.setEdge(edge.from, edge.to, { weight: edge.how === "uses" ? 2 : 1 });
    dagre.layout(layout);
    const { width, height } = gathered(layout);
    const picture = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Proof map" });
    const lines = edges.map((edge) => {
      const path = curve(layout.node(edge.from), layout.node(edge.to));
      const line = element("path", { class: `pm-edge pm-${edge.how}${falling(edge) ? " pm-falling" : ""}`, d: path });
      picture.append(line);
      return { edge, line };
    });
    // What keeps its name when seen from afar is drawn last: its name then lies over its neighbours.
    const isNamed = (key) => nodes.get(key).result || nodes.get(key).first;
    const ordered = [...keys.filter((key) => !isNamed(key)), ...keys.filter(isNamed)];
    const boxes = new Map(ordered.map((key) => {
      const drawn = box_of(nodes.get(key), layout.node(key));
      picture.append(drawn);
      return [key, drawn];
    }));
    drawn = { keys, picture, lines, boxes, width, height, place: (key) => layout.node(key) };
    box.replaceChildren(picture);
    for (const [status, { made, words }] of filters) {
      const count = keys.filter((key) => nodes.get(key).status === status).length;
      words.textContent = `${found.words[status]}: ${count}`;
      made.hidden = count === 0;
    }
    fade();
  }

  // dagre keeps room for every line that passes a layer, which makes wide maps. We keep its layers and the order within
  // each, cut a layer that is too wide into rows, and move the items of a row together, each as near to the middle of
  // its neighbours as the others allow.
  function gathered(layout) {
    const found = new Map();
    for (const key of layout.nodes()) {
      const { y } = layout.node(key);
      if (!found.has(y)) found.set(y, []);
      found.get(y).push(layout.node(key));
    }
    const layers = [];
    let lower = 0; // by how much the rows so far have moved down what follows
    for (const [y, layer] of [...found].sort(([a], [b]) => a - b)) {
      layer.sort((a, b) => a.x - b.x);
      const count = Math.ceil(layer.reduce((sum, { width }) => sum + width + GAP, 0) / WIDEST);
      for (let row = 0; row < count; row += 1) {
        if (row > 0) lower += RESULT_HEIGHT + GAP;
        const items = layer.filter((_, i) => i % count === row); // neighbours stay near each other
        for (const node of items) node.y = y + lower;
        layers.push(items);
      }
    }
    const beside = new Map(layout.nodes().map((key) => [layout.node(key), []]));
    for (const { v, w } of layout.edges()) {
      beside.get(layout.node(v)).push(layout.node(w));
      beside.get(layout.node(w)).push(layout.node(v));
    }
    for (const layer of layers) spread(layer, layer.map(() => 0));
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) for (const layer of layers) {
      spread(layer, layer.map((node) => {
        const near = beside.get(node);
        const middle = near.reduce((sum, { x }) => sum + x, 0) / (near.length + INWARD); // what hangs on nothing: at 0
        return Math.max(node.width - WIDEST, Math.min(WIDEST - node.width, 2 * middle)) / 2; // within the map's width
      }));
      const [first, last] = [layer[0], layer.at(-1)];
      const beyond = Math.max(0, last.x + last.width / 2 - WIDEST / 2) - Math.max(0, first.width / 2 - first.x - WIDEST / 2);
      for (const node of layer) node.x -= beyond;
    }
    const all = [...beside.keys()];
    const left = Math.min(...all.map((node) => node.x - node.width / 2)) - 2 * GAP;
    for (const node of all) node.x -= left;
    const width = Math.max(...all.map((node) => node.x + node.width / 2)) + 2 * GAP;
    return { width, height: layout.graph().height + lower };
  }

  // Puts a layer's items as near to the wanted places as their order and widths allow (least squares: neighbours that
  // would overlap become one block at their mean place).
  function spread(layer, wanted) {
    const offsets = [0];
    for (let i = 1; i < layer.length; i += 1) offsets.push(offsets[i - 1] + (layer[i - 1].width + layer[i].width) / 2 + GAP);
    const blocks = [];
    for (let i = 0; i < layer.length; i += 1) {
      let block = { place: wanted[i] - offsets[i], size: 1 };
      while (blocks.length && blocks.at(-1).place >= block.place) {
        const last = blocks.pop(), size = last.size + block.size;
        block = { place: (last.place * last.size + block.place * block.size) / size, size };
      }
      blocks.push(block);
    }
    let i = 0;
    for (const { place, size } of blocks) for (let n = 0; n < size; n += 1, i += 1) layer[i].x = place + offsets[i];
  }

  // A line from the lower edge of one item to the upper edge of another, upright at both ends.
  function curve(from, to) {
    const [y, end] = [from.y + from.height / 2, to.y - to.height / 2];
    const bend = Math.min(70, (end - y) / 2);
    return `M${from.x},${y}C${from.x},${y + bend} ${to.x},${end - bend} ${to.x},${end}`;
  }

  function box_of(node, { x, y, width, height }) {
    const kinds = [css(node.status), node.result && "pm-result", node.kind !== "printed" && "pm-unprinted",
      node.breaks === "all" && "pm-breaks", node.breaks === "slip" && "pm-slip", node.first && "pm-first"];
    const group = element("g", {
      class: ["pm-node", ...kinds.filter(Boolean)].join(" "), transform: `translate(${x},${y})`, tabindex: 0,
      role: "button", "data-key": node.key, "aria-label": said(node),
    });
    group.append(element("rect", { x: -width / 2, y: -height / 2, width, height, rx: node.result ? height / 2 : 5 }));
    const text = element("text");
    text.append(element("tspan", { class: "pm-sign" }, `${node.sign} `), element("tspan", {}, node.label));
    group.append(text);
    if (node.falls) group.append(element("path", { class: "pm-crack", d: zigzag(-width / 2 + 4, width - 8, height / 2 + 4) }));
    if (node.first) group.append(element("text", { class: "pm-here", y: -height / 2 - 8 }, "breaks first here"));
    if (node.breaks === "slip") group.append(element("text", { class: "pm-mended", y: -height / 2 - 8 }, "a slip"));
    group.append(element("title", {}, said(node)));
    // After a click the map moves under a mouse that rests: what comes to lie there is not pointed at.
    const isResting = ({ clientX, clientY }) => clientX === clicked.x && clientY === clicked.y;
    group.addEventListener("mouseenter", (event) => { if (!isResting(event)) light(node.key); });
    group.addEventListener("mouseleave", () => light(chosen));
    group.addEventListener("focus", () => { if (group.matches(":focus-visible")) light(node.key); });
    group.addEventListener("click", ({ clientX, clientY }) => {
      clicked = { x: clientX, y: clientY };
      choose(node.key);
    });
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node.key); panel.focus(); }
    });
    return group;
  }

  function zigzag(x, width, y) {
    const teeth = Math.max(2, Math.round(width / 8)), step = width / teeth;
    return `M${x},${y}` + Array.from({ length: teeth }, (_, i) => `L${x + step * (i + 1)},${y + (i % 2 ? 0 : 4)}`).join("");
  }

  function said(node) {
    const breaks = { all: " It breaks.", slip: " A slip that does no harm.", part: " It breaks in part.", no: "" }[node.breaks];
    return `${node.name}: ${found.words[node.status]}.${breaks}${node.falls ? " It falls." : ""}`;
  }

  // Fades all but what this item rests on and what rests on it; with no item, nothing.
  function light(key) {
    drawn.picture.classList.toggle("pm-lit", key !== null && drawn.boxes.has(key));
    const [above, below] = key === null ? [new Set(), new Set()] : [up.get(key), down.get(key)];
    for (const [other, group] of drawn.boxes) {
      group.classList.toggle("pm-on", other === key || above.has(other) || below.has(other));
      group.classList.toggle("pm-chosen", other === chosen);
    }
    const within = (set, other) => other === key || set.has(other);
    for (const { edge, line } of drawn.lines) {
      const rests = ["uses", "repeats"].includes(edge.how);
      line.classList.toggle("pm-up", rests && above.has(edge.from) && within(above, edge.to));
      line.classList.toggle("pm-down", rests && below.has(edge.to) && within(below, edge.from));
    }
    at("pm-hint").textContent = key !== null
      ? `${nodes.get(key).name} rests on ${counted(above)} (blue lines). ${counted(below)} ${below.size === 1 ? "rests" : "rest"} on it (thick dark lines).`
      : innerWidth < PHONE ? "Tap an item for its details. Move the map with a finger."
        : "Point at an item to see what it rests on and what rests on it. Click it for the details. Drag to move the map; "
          + "hold Ctrl and turn the wheel to zoom.";
  }

  // "3 items (Section 5 is not in this view)": what the picture leaves out is said, by name where it is little.
  function counted(keys) {
    const outside = [...keys].filter((key) => !drawn.boxes.has(key));
    const named = outside.length > 2 ? outside.length : outside.map((key) => nodes.get(key).name).join(" and ");
    const left = outside.length ? ` (${named} ${outside.length === 1 ? "is" : "are"} not in this view)` : "";
    return `${keys.size} item${keys.size === 1 ? "" : "s"}${left}`;
  }

  function fade() {
    for (const [key, group] of drawn.boxes) group.classList.toggle("pm-off", hidden.has(nodes.get(key).status));
    light(chosen);
  }

  function choose(key, { moves = false } = {}) {
    const node = nodes.get(key);
    if (!drawn.boxes.has(key)) show(found.views.findIndex(({ keys }) => keys.includes(key)));
    const wasShut = panel.hidden;
    chosen = key;
    history.replaceState(null, "", `#${node.slug}`);
    fill(node);
    light(key);
    if (moves || wasShut || innerWidth < PHONE) centre(key); // the panel takes room from the map
  }

  // The panel: the item's part of the list below, with buttons for the parts of the map that hang on it.
  function fill(node) {
    const words = at(node.slug).cloneNode(true);
    words.removeAttribute("id");
    words.querySelectorAll(".pm-on-map").forEach((link) => link.remove());
    words.querySelectorAll("a").forEach((link) => {
      const other = bySlug.get(decodeURIComponent(link.hash.slice(1)));
      if (other) link.addEventListener("click", (event) => { event.preventDefault(); choose(other.key, { moves: true }); });
    });
    const only = document.createElement("div");
    only.className = "pm-only";
    const parts = [["what it rests on", up], ["what rests on it", down]];
    for (const [name, all] of parts) if (all.get(node.key).size) {
      only.append(button(`Show only ${name}`, () => {
        const keys = new Set([node.key, ...all.get(node.key)]);
        extra = { name: `only ${node.name} and ${name} (${keys.size} items)`, keys: found.nodes.map(({ key }) => key).filter((key) => keys.has(key)) };
        show(found.views.length);
        centre(node.key);
      }));
    }
    const close = button("Close", shut, "pm-close");
    words.querySelector("dl").before(only);
    panel.replaceChildren(close, words);
    panel.tabIndex = -1;
    panel.hidden = false;
    panel.scrollTop = 0;
  }

  function shut() {
    panel.hidden = true;
    chosen = null;
    history.replaceState(null, "", location.pathname + location.search);
    light(null);
  }

  // Shows one part of the map; the one after the last is what the panel's buttons have asked for.
  function show(index) {
    const all = extra ? [...found.views, extra] : found.views;
    view.replaceChildren(...all.map(({ name }, i) => new Option(name, i)));
    view.value = String(index);
    draw(all[index].keys);
    box.style.maxHeight = "";
    zoom(Math.max(fitting(), Math.min(1, widthways()), readable()));
    box.style.maxHeight = `${Math.max(LOWEST, drawn.height * scale + SCROLLBAR)}px`; // no empty room below a low drawing
    box.scrollTo({ left: (box.scrollWidth - box.clientWidth) / 2, top: 0 });
  }

  const widthways = () => (box.clientWidth - 4) / drawn.width;
  const fitting = () => Math.min(1, widthways(), (box.clientHeight - 4) / drawn.height);
  const readable = () => (innerWidth < PHONE ? 0.72 : 0.6);

  function zoom(to) {
    const middle = { x: (box.scrollLeft + box.clientWidth / 2) / scale, y: (box.scrollTop + box.clientHeight / 2) / scale };
    scale = Math.min(MOST, Math.max(LEAST, to));
    drawn.picture.setAttribute("width", drawn.width * scale);
    drawn.picture.setAttribute("height", drawn.height * scale);
    drawn.picture.style.setProperty("--pm-scale", scale);
    drawn.picture.classList.toggle("pm-far", scale < LEGIBLE); // only the results and first breaks keep their names
    if (box.style.maxHeight) box.style.maxHeight = `${Math.max(LOWEST, drawn.height * scale + SCROLLBAR)}px`;
    box.scrollTo({ left: middle.x * scale - box.clientWidth / 2, top: middle.y * scale - box.clientHeight / 2 });
  }

  function centre(key) {
    const { x, y } = drawn.place(key), isPhone = innerWidth < PHONE;
    if (isPhone) box.scrollIntoView({ behavior: "instant" }); // the panel then covers the lower part of the map
    const below = isPhone && !panel.hidden ? Math.max(0, box.getBoundingClientRect().bottom - panel.getBoundingClientRect().top) : 0;
    const slack = Math.max(0, (box.clientWidth - drawn.width * scale) / 2);
    const [wide, high] = [box.clientWidth, box.clientHeight - below];
    box.scrollTo({ left: slack + x * scale - wide / 2, top: y * scale - high / 2 });
    if (isPhone) return;
    const { top, bottom } = drawn.boxes.get(key).getBoundingClientRect();
    if (top < HEADER || bottom > innerHeight) at("pm-hint").scrollIntoView({ behavior: "instant" });
  }

  function pan() {
    let from = null;
    box.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return; // fingers scroll the box by themselves
      from = { x: event.clientX + box.scrollLeft, y: event.clientY + box.scrollTop };
    });
    addEventListener("pointermove", (event) => {
      if (!from) return;
      box.classList.add("pm-dragged");
      box.scrollTo(from.x - event.clientX, from.y - event.clientY);
    });
    addEventListener("pointerup", () => { from = null; box.classList.remove("pm-dragged"); });
    box.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(scale * Math.exp(-event.deltaY / 300));
    }, { passive: false });
  }

  // One button for each verdict, which fades its items, and samples of the other marks.
  function key() {
    for (const status of Object.keys(found.words)) {
      const node = found.nodes.find((one) => one.status === status);
      if (!node) continue;
      const mark = document.createElement("i"), words = document.createElement("span");
      mark.textContent = node.sign.replace(/[()]/g, "");
      const made = button("", () => {
        if (!hidden.delete(status)) hidden.add(status);
        made.setAttribute("aria-pressed", String(!hidden.has(status)));
        fade();
      }, `pm-filter ${css(status)}`);
      made.append(mark, words);
      made.setAttribute("aria-pressed", "true");
      made.title = "Fade or show the items with this verdict";
      filters.set(status, { made, words });
    }
    at("pm-key").append(...[...filters.values()].map(({ made }) => made));
    const sample = (words, inside) => {
      const made = document.createElement("span"), picture = element("svg", { width: 40, height: 20, class: "pm-node" });
      picture.append(...inside);
      made.append(picture, words);
      return made;
    };
    const line = (kind) => [element("path", { class: `pm-edge ${kind}`, d: "M2,10L38,10" })];
    at("pm-marks").append(
      sample("breaks: nothing printed there can carry a proof", [
        element("rect", { class: "pm-open pm-bold", x: 3, y: 3, width: 34, height: 14, rx: 4 }),
      ]),
      sample("a slip: it does not hold as printed, and does no harm", [
        element("rect", { class: "pm-open pm-slipped", x: 3, y: 3, width: 34, height: 14, rx: 4 }),
      ]),
      sample("falls: its printed proof uses an item that breaks", [element("path", { class: "pm-crack", d: zigzag(2, 36, 8) })]),
      sample("used by the item below", line("pm-uses")),
      sample("used, and the break goes on", line("pm-uses pm-falling")),
      sample("the argument is repeated", line("pm-repeats")),
      sample("only notation is taken, or a question is asked", line("pm-notation")),
      sample("sign in brackets: the verdict is on our own expectation or finding, not on a statement of the paper", [
        element("rect", { class: "pm-open pm-own", x: 3, y: 3, width: 34, height: 14, rx: 4, "stroke-dasharray": "2 3" }),
      ]),
    );
    at("pm-marks").parentElement.open = innerWidth >= PHONE;
  }

  function follow() {
    const node = bySlug.get(decodeURIComponent(location.hash.slice(1)));
    if (node) goTo(node.key);
  }

  function goTo(key) {
    at("pm-hint").scrollIntoView({ behavior: "instant" }); // the map itself: the controls above it would push it down
    choose(key, { moves: true });
  }

  root.hidden = false;
  key();
  pan();
  show(0);
  view.addEventListener("change", () => show(Number(view.value)));
  at("pm-in").addEventListener("click", () => zoom(scale * 1.25));
  at("pm-out").addEventListener("click", () => zoom(scale / 1.25));
  at("pm-fit").addEventListener("click", () => zoom(fitting()));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) shut(); });
  for (const node of found.nodes) {
    const link = document.createElement("a");
    link.className = "pm-on-map";
    link.href = `#${node.slug}`;
    link.textContent = "on the map";
    link.addEventListener("click", (event) => { event.preventDefault(); goTo(node.key); });
    at(node.slug).querySelector("p").append(link);
  }
  // Links above and below the map choose an item on it; those of the list stay in the list.
  for (const link of document.querySelectorAll("article a[href*='#item-']")) {
    const node = bySlug.get(decodeURIComponent(link.hash.slice(1)));
    if (node && !link.closest(".pm-item")) link.addEventListener("click", (event) => { event.preventDefault(); goTo(node.key); });
  }
  follow();
  // The browser scrolls to the address in the list until the page is loaded; the map comes after that.
  if (document.readyState !== "complete") addEventListener("load", () => setTimeout(follow, 50));
})();
