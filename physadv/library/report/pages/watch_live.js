"use strict";
// Asks for the state twice a second, draws it, and sends what is pressed.
(() => {
  let looks = {}; // condition → colour, as on the report's page
  const FEW = 20;
  const EVERY_MS = 500;
  const by = (name) => document.getElementById(name);
  const svg = (name, settings, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(settings)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const percent = (share) => `${Math.round(100 * share)} %`;

  function chart(place, { words, series }) {
    const names = Object.keys(series);
    const used = names.flatMap((name) => series[name].map((point) => point[0]));
    const parts = [];
    const [left, right, top, bottom] = [54, 412, 12, 190];
    const y = (share) => bottom - share * (bottom - top);
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      parts.push(svg("line", { class: "grid", x1: left, x2: right, y1: y(share), y2: y(share) }));
      parts.push(svg("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)));
    }
    if (used.length) {
      const [first, last] = [Math.min(...used), Math.max(...used)];
      const room = (right - left) / (last - first + 1);
      for (let bin = first; bin <= last; bin += 1) {
        const x = left + (bin - first + 0.5) * room;
        const word = words[bin] ?? "";
        const lines = room < 60 ? word.split(" to ") : [word];
        lines.forEach((line, at) => parts.push(svg("text", { x, y: bottom + 16 + 13 * at, "text-anchor": "middle" }, at ? `– ${line}` : line)));
      }
      names.forEach((name, at) => {
        for (const [bin, share, low, high, n] of series[name]) {
          const x = left + (bin - first + 0.5) * room + (at - (names.length - 1) / 2) * Math.min(14, room / (names.length + 1));
          const settings = { class: "mark", stroke: looks[name] ?? "#888", opacity: n < FEW ? 0.4 : 1 };
          parts.push(svg("line", { ...settings, x1: x, x2: x, y1: y(low), y2: y(high) }));
          const dot = svg("circle", { ...settings, cx: x, cy: y(share), r: 4.5, fill: n < FEW ? "none" : settings.stroke });
          dot.append(svg("title", {}, `${name}, ${words[bin]}: ${percent(share)} [${percent(low)}, ${percent(high)}], n = ${n}`));
          parts.push(dot);
        }
      });
    } else {
      parts.push(svg("text", { x: 226, y: 105, "text-anchor": "middle" }, "no print with tags in sight yet"));
    }
    by(place).replaceChildren(...parts);
  }

  function counters(state) {
    const rows = [
      ["frames", state.frames], ["fps", state.fps], ["dropped", state.dropped], ["lag", `${state.lag_ms} ms`],
      ["distance", state.distance_m == null ? "–" : `${state.distance_m.toFixed(2)} m`],
      ["yaw", state.yaw_deg == null ? "–" : `${state.yaw_deg.toFixed(0)}°`],
      ["threshold", state.confidence.toFixed(2)], ["snapshots", state.snapshots],
      ...Object.entries(state.all).map(([name, [share, low, high, n]]) => [name, `${percent(share)} [${percent(low)}, ${percent(high)}] of ${n}`]),
    ];
    by("counters").replaceChildren(...rows.map(([name, value]) => {
      const [whole, word, number] = [document.createElement("span"), document.createElement("span"), document.createElement("b")];
      word.textContent = name;
      number.textContent = value;
      whole.append(word, number);
      return whole;
    }));
    by("keys").replaceChildren(...Object.keys(state.all).map((name) => {
      const [whole, box] = [document.createElement("span"), document.createElement("i")];
      box.style.background = looks[name] ?? "#888";
      whole.append(box, name);
      return whole;
    }));
    by("views").replaceChildren(...state.views.map((view) => {
      const [row, box, name] = ["li", "i", "b"].map((kind) => document.createElement(kind));
      box.style.background = looks[view.condition] ?? "#888";
      name.textContent = [view.view, "as filmed"].includes(view.condition) ? view.view : `${view.view} (${view.condition})`;
      row.append(box, name, `: ${view.said}`);
      row.classList.toggle("hit", view.success === true);
      return row;
    }));
    if (by("doubts").dataset.said !== state.doubts.join()) by("doubts").replaceChildren(...state.doubts.map((text) => {
      const made = document.createElement("p");
      made.className = "caution";
      made.textContent = text;
      return made;
    }));
    by("doubts").dataset.said = state.doubts.join(); // said aloud once, not twice a second
    by("says").textContent = `${state.paused ? "Paused. " : ""}${state.victim} on ${state.source}.${state.assumed ? ` Assumed: ${state.assumed}.` : ""}`;
  }

  async function follow() {
    try {
      const width = Math.round(by("picture").clientWidth);
      const state = await (await fetch(`state?width=${width}`, { cache: "no-store" })).json();
      for (const button of document.querySelectorAll("[data-state]")) {
        button.setAttribute("aria-pressed", String(Boolean(state[button.dataset.state])));
      }
      if (state.frames) {
        looks = state.looks;
        counters(state);
        chart("distance", state.distance);
        chart("yaw", state.yaw);
        document.documentElement.dataset.drawn = "yes";
      }
    } catch {
      by("says").textContent = "The run has ended; its report is in the run folder.";
      document.documentElement.dataset.ended = "yes";
      return;
    }
    setTimeout(follow, EVERY_MS);
  }

  const press = (command) => fetch("do", { method: "POST", body: new URLSearchParams({ command }) });
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => press(button.dataset.do).catch(() => {}));
  }
  follow();
})();
