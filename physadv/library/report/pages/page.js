"use strict";
// Draws the plots, sorts tables and compares pictures. The page also says everything without it.
(() => {
  const CONFIG = { displayModeBar: false, responsive: true, showTips: false }; // a toolbar would lie over the marks
  const PAPER_PX = 660; // what fits between the margins of A4
  const BESIDE_PX = 430; // the same, beside the picture of the patch
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  async function unpack() {
    const packed = document.getElementById("plotly").textContent;
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }

  // a button below the plot, beside the link to its numbers
  function savable(place) {
    const link = place.closest("figure").querySelector("a[download]");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "save";
    button.textContent = "Save the plot as SVG";
    button.addEventListener("click", () => {
      const { width, height } = place.getBoundingClientRect();
      Plotly.downloadImage(place, { format: "svg", filename: link.download.replace(/\.csv$/, ""), width, height });
    });
    link.after(" ", button);
  }

  async function draw() {
    const plots = all(".plot");
    if (!plots.length) return;
    await unpack();
    for (const place of plots) {
      const spec = JSON.parse(place.nextElementSibling.textContent);
      await Plotly.newPlot(place, spec.data, spec.layout, CONFIG);
      savable(place);
    }
    // a plot in a closed part of the page has no width yet
    for (const part of all("details")) {
      part.addEventListener("toggle", () => all(".plot", part).forEach((place) => Plotly.Plots.resize(place)));
    }
    const width = (place) => (place.closest(".overview:not(.alone)") ? BESIDE_PX : PAPER_PX);
    window.addEventListener("beforeprint", () => plots.forEach((place) => Plotly.relayout(place, { width: width(place) })));
    window.addEventListener("afterprint", () => plots.forEach((place) => Plotly.relayout(place, { width: null, autosize: true })));
  }

  function sortable(table) {
    const heads = all("thead th", table);
    const body = table.tBodies[0];
    const key = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.value ?? cell.textContent.trim();
    };
    const compare = (a, b) => {
      if (a === "" || b === "") return 0;
      const [x, y] = [Number(a), Number(b)];
      return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y;
    };
    heads.forEach((head) => {
      if (!head.textContent.trim()) return;
      const column = head.cellIndex;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sign = down ? -1 : 1;
        const keyed = [...body.rows].map((row) => [key(row, column), row]);
        // what was not measured stays at the end, whichever way
        keyed.sort(([a], [b]) => (a === "") - (b === "") || sign * compare(a, b));
        body.append(...keyed.map(([, row]) => row));
      });
    });
  }

  function option(select, words) {
    const one = document.createElement("option");
    one.textContent = words;
    select.append(one);
  }

  function comparison(section) {
    const views = all(".view", section);
    const live = document.getElementById("slider").content.firstElementChild.cloneNode(true);
    const part = (name) => live.querySelector(`[data-part="${name}"]`);
    const [over, under, split, says] = ["over", "under", "split", "says"].map(part);
    const sides = { left: part("left"), right: part("right") };
    let at = 0;
    const shots = () => all(".shot", views[at]);
    const named = (name) => shots().find((shot) => shot.dataset.condition === name) ?? shots()[0];

    function slide() {
      live.style.setProperty("--split", `${split.value}%`);
      split.setAttribute("aria-valuetext", `${split.value} % ${sides.left.value}, the rest ${sides.right.value}`);
    }
    function show() {
      for (const [picture, side] of [[over, sides.left], [under, sides.right]]) {
        const shot = named(side.value);
        picture.src = shot.querySelector("img").src;
        picture.alt = shot.querySelector("img").alt;
      }
      part("over-name").textContent = over.alt;
      part("under-name").textContent = under.alt;
      says.textContent = `${at + 1} of ${views.length}: ${views[at].dataset.words}. `
        + `Left, ${over.alt}. Right, ${under.alt}.`;
      for (const button of all("[data-title]", live)) {
        button.setAttribute("aria-pressed", String(button.dataset.title === views[at].dataset.title));
      }
      slide();
    }
    function go(by) {
      to((at + by + views.length) % views.length);
    }
    function to(place) {
      at = place;
      split.value = views[at].dataset.middle; // half of the object on either side
      show();
    }
    const conditions = shots().map((shot) => shot.dataset.condition);
    for (const side of Object.values(sides)) {
      conditions.forEach((name) => option(side, name));
      side.addEventListener("change", show);
    }
    const patch = shots().findIndex((shot) => shot.dataset.role === "patch");
    sides.right.selectedIndex = patch < 0 ? conditions.length - 1 : patch;
    split.addEventListener("input", slide);
    part("previous").addEventListener("click", () => go(-1));
    part("next").addEventListener("click", () => go(1));
    for (const button of all("[data-title]", live)) {
      const place = views.findIndex((view) => view.dataset.title === button.dataset.title);
      button.hidden = place < 0;
      button.addEventListener("click", () => to(place));
    }
    section.prepend(live);
    section.classList.add("live");
    // runs of earlier versions have the best view first
    to(Math.max(views.findIndex((view) => view.dataset.title === "typical"), 0));
  }

  all("table.sortable").forEach(sortable);
  all(".pairs").forEach(comparison);
  draw().then(
    () => { document.documentElement.dataset.drawn = "yes"; },
    (error) => {
      document.documentElement.dataset.drawn = "no";
      all(".plot").forEach((place) => { place.textContent = "This browser cannot draw the plot; its numbers are below."; place.style.height = "auto"; });
      all("details.data").forEach((part) => { part.open = true; });
      console.error(error);
    },
  );
})();
