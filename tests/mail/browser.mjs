// Pages in Chromium: node browser.mjs JOB.json, where JOB is {chromium, without_rules, pages: [{name, file, forced, views}]} and a view is
// {kind, width, dark, inverted, axe, picture}; a page is opened once, and inverted views come last. Answers one line of JSON: a
// list with what each view showed. No page reaches a network.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--no-first-run", "--hide-scrollbars", "--force-color-profile=srgb", "--disable-lcd-text",
];
const TALLEST_PX = 16000; // Chromium repeats tiles in taller pictures.

// Runs inside the page.
function look() {
  const page = document.documentElement;
  const backdrop = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const hidden = [], boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    const words = node.data.replace(/[\s\u00a0]+/g, " ").trim();
    if (!words || ["SCRIPT", "STYLE"].includes(parent.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((rect) => rect.width >= 1 && rect.height >= 6);
    const style = getComputedStyle(parent);
    const seen = parent.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const inside = rects.length && rects.every((rect) => rect.left >= -1 && rect.right <= page.clientWidth + 1 && rect.top + scrollY >= -1);
    const readable = parseFloat(style.fontSize) >= 11 && style.color !== backdrop(parent);
    if (!(seen && inside && readable)) hidden.push(words.slice(0, 60));
    if (rects.length) boxes.push([rects[0].left, rects[0].top + scrollY, rects[0].width, rects[0].height].map(Math.round).concat(words.slice(0, 40)));
  }
  const images = [...document.images].map((image) => ({
    alt: image.getAttribute("alt") ?? "", width: image.getAttribute("width"), height: image.getAttribute("height"),
    drawn: image.naturalWidth > 0, box: [image.offsetWidth, image.offsetHeight],
  }));
  return { scroll: Math.max(page.scrollWidth, document.body.scrollWidth), text: document.body.innerText, hidden, boxes, images };
}

// Runs inside the page: every colour turned over in lightness, as Gmail's apps do it with light mails.
function invert() {
  const turned = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    const most = Math.max(red, green, blue), least = Math.min(red, green, blue);
    const shift = 255 - most - least;
    return `rgba(${red + shift}, ${green + shift}, ${blue + shift}, ${alpha})`;
  };
  const elements = [...document.querySelectorAll("body, body *")];
  const colours = elements.map((element) => { const style = getComputedStyle(element); return [style.color, style.backgroundColor]; });
  document.documentElement.style.backgroundColor = "#000";
  elements.forEach((element, at) => {
    element.style.setProperty("color", turned(colours[at][0]), "important");
    element.style.setProperty("background-color", turned(colours[at][1]), "important");
  });
}

async function show(page, view, rules) {
  await page.setViewport({ width: view.width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.dark ? "dark" : "light" }]);
  if (view.inverted) await page.evaluate(invert);
  const seen = await page.evaluate(look);
  if (view.picture) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.screenshot({ path: view.picture, clip: { x: 0, y: 0, width: view.width, height: Math.min(height, TALLEST_PX) }, captureBeyondViewport: true });
  }
  let violations = [];
  if (view.axe) {
    const found = await page.evaluate((rules) => axe.run(document, { rules, resultTypes: ["violations"] }), rules);
    violations = found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.html.slice(0, 120)}`));
  }
  return { kind: view.kind, width: view.width, ...seen, violations };
}

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const rules = Object.fromEntries((job.without_rules ?? []).map((rule) => [rule, { enabled: false }]));
const answers = [];
for (const forced of [false, true]) {
  const pages = job.pages.filter((page) => Boolean(page.forced) === forced);
  if (!pages.length) continue;
  const browser = await puppeteer.launch({ executablePath: job.chromium, args: forced ? [...FLAGS, "--enable-features=WebContentsForceDark"] : FLAGS });
  try {
    for (const { name, file, views } of pages) {
      const page = await browser.newPage();
      await page.goto(`file://${file}`, { waitUntil: "load" });
      if (views.some((view) => view.axe)) await page.evaluate(AXE);
      for (const view of views) answers.push({ name, ...(await show(page, view, rules)) });
      await page.close();
    }
  } finally {
    await browser.close();
  }
}
console.log(JSON.stringify(answers));
