"use strict";
// Sliders and lists: they redraw what stands in the page already, from the numbers that it carries.
const data = JSON.parse(document.getElementById("data").textContent);
const INSIDE = 1000, MOST = 32767, MISSING = -32768, BESIDE = 4;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
document.documentElement.classList.add("scripted");

const minus = (text) => text.replace("-", "−");
const short = (v, digits = 4) =>
  minus(Number.isInteger(v) && Math.abs(v) < 1e5 ? String(v) : String(Number(v.toPrecision(digits))));

// --- Numbers ---

const numbers = (text) => new Int16Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

for (const views of [data.slices, data.maps])
  for (const panel of views ? views.panels : []) {
    panel.find = new Map(panel.settings.map((key, k) => [key, k]));
    for (const result of panel.results) {
      result.truth = numbers(result.truth);
      result.beside = numbers(result.beside);
    }
  }

// The truth, the surrogate and the error of a block; NaN where there is none.
function block(result, k, n) {
  const [middle, unit, most] = result.scale[k], truth = [], surrogate = [], error = [];
  for (let i = k * n; i < (k + 1) * n; i++) {
    const a = result.truth[i], b = result.beside[i];
    const t = a === MISSING ? NaN : middle + (unit * a) / MOST;
    const e = b === MISSING || a === MISSING ? NaN : (most * b) / MOST;
    truth.push(t);
    error.push(e);
    surrogate.push(b === MISSING ? NaN : a === MISSING ? middle + (BESIDE * unit * b) / MOST : t + e);
  }
  return { truth, surrogate, error };
}

// Which block of a panel the positions of the sliders stand for.
const blockOf = (views, panel, positions) =>
  panel.find.get(positions.filter((_, k) => !panel.axes.includes(k)).join(","));

// A slider moves. Where they do not move together, the others go back to the middle.
function moved(views, positions, which, to) {
  if (!views.joint) views.middle.forEach((middle, k) => { positions[k] = middle; });
  positions[which] = to;
}

function showPositions(root, views, positions) {
  for (const input of all("input[data-argument]", root)) {
    const k = Number(input.dataset.argument);
    input.value = positions[k];
    input.closest("label").querySelector("output").textContent = short(views.stops[k][positions[k]], views.digits[k]);
  }
}

// --- Slices ---

let shown = 0;
const place = (v, low, high) => (INSIDE * (v / 2 - low / 2)) / (high / 2 - low / 2);

function line(x, y, dots) {
  let pen = false;
  return x.map((a, i) => {
    if (Number.isNaN(y[i])) { pen = false; return ""; }
    const at = `${a.toFixed(1)} ${(INSIDE - Math.max(-9e5, Math.min(9e5, y[i]))).toFixed(1)}`;
    const step = dots ? `M${at}h0` : (pen ? "L" : "M") + at;
    pen = true;
    return step;
  }).join("");
}

const slopes = (x, y) => y.slice(1).map((v, i) => (v - y[i]) / (x[i + 1] - x[i]));
const between = (x) => x.slice(1).map((v, i) => (v + x[i]) / 2);

function drawSlices(positions) {
  const views = data.slices;
  for (const svg of all(`#slice-view [data-result="${shown}"] svg[data-panel]`)) {
    const panel = views.panels[svg.dataset.panel], points = panel.points[0], slope = svg.dataset.kind === "slope";
    const found = block(panel.results[shown], blockOf(views, panel, positions), points.length);
    const low = Number(svg.dataset.low), high = Number(svg.dataset.high);
    const ends = [Number(svg.dataset.left), Number(svg.dataset.right)];
    if (!slope) svg.known = { points, ...found };
    const across = points.map((v) => place(v, ...ends));
    for (const name of ["truth", "surrogate"]) {
      const values = slope ? slopes(points, found[name]) : found[name];
      const path = svg.querySelector("." + name);
      const upwards = values.map((v) => place(v, low, high));
      path.setAttribute("d", line(slope ? between(across) : across, upwards, path.classList.contains("dotted")));
    }
    if (views.stops.length < 2) continue;
    const stop = views.stops[panel.axes[0]][positions[panel.axes[0]]];
    svg.querySelector(".at").setAttribute("d", `M${place(stop, ...ends).toFixed(1)} 0V${INSIDE}`);
  }
}

// What the program and the surrogate say where the pointer is.
function readOut(event) {
  const svg = event.target.closest("#slice-view svg[data-kind=value]");
  if (!svg?.known) return;
  const { points, truth, surrogate } = svg.known, box = svg.querySelector("svg").getBoundingClientRect();
  const left = Number(svg.dataset.left), right = Number(svg.dataset.right);
  const x = left + ((event.clientX - box.left) / box.width) * (right - left);
  const distances = points.map((v) => Math.abs(v - x)), k = distances.indexOf(Math.min(...distances));
  const axis = data.slices.panels[svg.dataset.panel].axes[0], name = data.slices.names[axis];
  const said = (v) => (Number.isNaN(v) ? "no finite result" : short(v));
  svg.closest("figure").querySelector(".readout").textContent =
    `${name} = ${short(points[k], data.slices.digits[axis])}: the program ${said(truth[k])}, the surrogate ${said(surrogate[k])}`;
}

// --- Maps ---

const channels = (stops) => stops.map((s) => [1, 3, 5].map((i) => parseInt(s.slice(i, i + 2), 16)));
const scales = data.colours && { values: channels(data.colours.values), errors: channels(data.colours.errors) };

function painted(values, columns, low, high, stops) {
  const rows = values.length / columns, canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  values.forEach((v, i) => {
    if (Number.isNaN(v)) return;
    const at = 4 * ((rows - 1 - Math.floor(i / columns)) * columns + (i % columns));
    const unit = Math.max(0, Math.min(1, place(v, low, high) / INSIDE)) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(unit));
    for (let c = 0; c < 3; c++) image.data[at + c] = stops[k][c] + (unit - k) * (stops[k + 1][c] - stops[k][c]);
    image.data[at + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function drawMaps(root, positions, pair) {
  const views = data.maps, panel = views.panels[pair];
  for (const label of all(".slider", root))
    label.hidden = panel.axes.includes(Number(label.querySelector("input").dataset.argument));
  const box = root.querySelector(`[data-result="${shown}"]`);
  const found = block(panel.results[shown], blockOf(views, panel, positions), panel.points[0].length * panel.points[1].length);
  const [low, high, reach] = panel.scales[shown];
  for (const figure of all("figure", box)) {
    const image = figure.querySelector("img"), kind = image.dataset.kind, error = kind === "error";
    const ends = error ? [-reach, reach] : [low, high];
    image.src = painted(found[kind], panel.points[0].length, ...ends, error ? scales.errors : scales.values);
    figure.querySelector(".low").textContent = short(ends[0]);
    figure.querySelector(".high").textContent = short(ends[1]);
    [".across", ".up"].forEach((side, k) => {
      const names = figure.querySelector(side), points = panel.points[k], digits = views.digits[panel.axes[k]];
      names.querySelector("em").textContent = views.names[panel.axes[k]];
      [points[0], points[points.length - 1]].forEach((v, i) => { names.querySelectorAll("b")[i].textContent = short(v, digits); });
    });
  }
}

// --- What the reader does ---

function listen(root, views, draw) {
  const positions = [...views.middle];
  const redraw = () => { showPositions(root, views, positions); draw(positions); };
  for (const input of all("input[data-argument]", root))
    input.addEventListener("input", () => {
      moved(views, positions, Number(input.dataset.argument), Number(input.value));
      redraw();
    });
  return { redraw, reset: () => { views.middle.forEach((middle, k) => { positions[k] = middle; }); redraw(); } };
}

function show(result) {
  shown = result;
  for (const part of all("[data-result]")) part.hidden = Number(part.dataset.result) !== shown;
}

function startPictures() {
  const parts = [], slices = document.getElementById("slice-view"), maps = document.getElementById("map-view");
  parts.push(listen(slices, data.slices, drawSlices));
  slices.addEventListener("pointermove", readOut);
  if (maps) {
    const pair = document.getElementById("choose-pair");
    const part = listen(maps, data.maps, (positions) => drawMaps(maps, positions, pair ? Number(pair.value) : 0));
    pair?.addEventListener("change", part.reset);
    parts.push(part);
  }
  const result = document.getElementById("choose-result");
  const choose = () => { show(result ? Number(result.value) : 0); parts.forEach((part) => part.redraw()); };
  result?.addEventListener("change", choose);
  choose();
}

// --- A run, step by step ---

function startRun(run) {
  const root = document.getElementById("step-by-step"), input = root.querySelector("input");
  const registers = all("[data-register]", root), cells = all("[data-cell]", root), lines = all("[data-line]", root);
  const fill = (boxes, values, written) => boxes.forEach((box, k) => {
    box.querySelector("b").textContent = values[k];
    box.className = `slot s${run.levels[values[k]] ?? 0}${written.includes(k) ? " written" : ""}`;
  });
  const draw = () => {
    const k = Number(input.value), step = run.steps[k];
    root.querySelector("output").textContent = `${k} of ${run.steps.length - 1}`;
    root.querySelector(".said").textContent = step.said;
    fill(registers, step.registers, step.out);
    fill(cells, step.tape, step.cells);
    for (const line of lines) line.classList.toggle("current", Number(line.dataset.line) === step.line);
    const current = root.querySelector(".current"), list = root.querySelector("ol");
    if (current) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
  };
  const go = (by) => { input.value = Number(input.value) + by; draw(); };
  root.querySelector(".back").addEventListener("click", () => go(-1));
  root.querySelector(".on").addEventListener("click", () => go(1));
  input.addEventListener("input", draw);
  draw();
}

if (data.slices) startPictures();
if (data.run) startRun(data.run);
