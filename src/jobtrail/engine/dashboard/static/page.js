// Draws the page's charts in the reader's colours and tells whether the page is live. The page works
// without it: numbers stand in tables, and filters are a form.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // -- charts -----------------------------------------------------------------------------------

  const style = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  function faded(color, opacity) {
    const [red, green, blue] = [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
    return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
  }

  // Figures come in the colours of a light page; `meta` names the variables that stand for them.
  function recolored(figure) {
    const axis = { gridcolor: style("--chart-grid"), linecolor: style("--chart-grid"), tickcolor: style("--chart-grid") };
    const layout = { ...figure.layout };
    for (const name of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(name)) layout[name] = { ...layout[name], ...axis };
    }
    layout.font = { ...layout.font, color: style("--soft"), family: getComputedStyle(document.body).fontFamily };
    layout.hoverlabel = { bgcolor: style("--card"), bordercolor: style("--line"), font: { color: style("--text") } };
    if (layout.annotations) layout.annotations = layout.annotations.map((each) => ({ ...each, font: { size: 11, color: style("--soft") } }));
    const data = figure.data.map((trace) => {
      const { color: one, colors, opacity } = trace.meta;
      const color = colors ? colors.map((name) => faded(style(name), opacity)) : style(one);
      const text = { insidetextfont: { color: style("--card") }, outsidetextfont: { color: style("--text") } };
      const connector = trace.connector && { ...trace.connector, fillcolor: style("--soft-line") };
      return {
        ...trace,
        ...(trace.type === "funnel" ? text : {}),
        ...(connector ? { connector } : {}),
        marker: { ...trace.marker, color },
      };
    });
    return { data, layout };
  }

  function draw(source) {
    const element = document.getElementById(source.dataset.chart);
    if (!element || !window.Plotly) return;
    const look = `${dark.matches}${innerWidth <= 560}${source.textContent}`;
    if (element.dataset.look === look) return;
    element.dataset.look = look;
    const { data, layout } = recolored(JSON.parse(source.textContent));
    Plotly.react(element, data, layout, { displayModeBar: false, responsive: true, staticPlot: false });
  }

  const drawAll = () => document.querySelectorAll("script[data-chart]").forEach(draw);

  // -- live -------------------------------------------------------------------------------------

  const state = document.getElementById("live-state");
  const word = document.getElementById("live-word");
  const pause = document.getElementById("pause");
  let isPaused = false;

  // Only a change is written, so that a screen reader hears one.
  function say(name, text) {
    if (!state || state.dataset.state === name) return;
    state.dataset.state = name;
    word.textContent = text;
  }

  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      isPaused = !isPaused;
      pause.setAttribute("aria-pressed", String(isPaused));
      pause.textContent = isPaused ? "Resume" : "Pause";
      say(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live");
    });
  }

  let newest = newestOffset();
  function newestOffset() {
    const first = document.querySelector("#events-table tbody tr");
    return first ? Number(first.id.slice("event-".length)) : -1;
  }

  function markNew() {
    for (const row of document.querySelectorAll("#events-table tbody tr")) {
      row.classList.toggle("new", Number(row.id.slice("event-".length)) > newest);
    }
    newest = Math.max(newest, newestOffset());
  }

  addEventListener("htmx:before:request", (event) => {
    if (isPaused || document.hidden) event.preventDefault();
  });
  addEventListener("htmx:after:request", (event) => {
    const response = event.detail && event.detail.ctx && event.detail.ctx.response;
    if (!isPaused && response && response.status < 400) say("live", "Live");
  });
  addEventListener("htmx:response:error", () => say("away", "Does not answer"));
  addEventListener("htmx:error", () => say("away", "Does not answer"));
  addEventListener("htmx:after:swap", () => {
    markNew();
    drawAll();
  });

  // -- forms ------------------------------------------------------------------------------------

  for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  const zones = document.getElementById("zones");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones && here && here !== "UTC") {
    const option = document.createElement("option");
    option.value = here;
    zones.append(option);
  }

  // Empty fields make an address long for nothing.
  for (const form of document.querySelectorAll(".more form")) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
    });
  }

  dark.addEventListener("change", drawAll);
  addEventListener("resize", drawAll);
  drawAll();
})();
