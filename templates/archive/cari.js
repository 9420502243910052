// Search over the prebuilt index. Loads script files only: a page opened from a disk may not fetch anything else.
"use strict";
(() => {
  const ENOUGH = 40;
  const byId = (id) => document.getElementById(id);
  const input = byId("k"), kind = byId("jenis"), news = byId("kabar"), list = byId("hasil"), more = byId("lagi");
  const parts = new Map();
  let core = null, turn = 0, waiting = [];

  window.pantauArsip = {
    pokok: (_name, content) => { core = content; },
    bagian: (name, content) => { parts.set(name, opened(content)); },
  };

  function opened(content) {
    return { hits: content.h, words: content.w ? content.w.split(" ") : [], postings: content.p.split("|") };
  }

  function load(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `indeks/${name}.js`;
      script.onload = () => { script.remove(); resolve(); };
      script.onerror = () => { script.remove(); reject(new Error(name)); };
      document.head.append(script);
    });
  }

  function fold(text) {
    let out = "";
    for (const char of text) {
      const known = core.huruf[char];
      out += known !== undefined ? known : char < "\u0080" ? char.toLowerCase() : char.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    }
    return out;
  }

  const wordsOf = (text) => [...new Set((fold(text).match(/[a-z0-9]+/g) || []).map((word) => word.slice(0, 24)))];

  function firstAtLeast(words, wanted) {
    let low = 0, high = words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle] < wanted) low = middle + 1; else high = middle;
    }
    return low;
  }

  function numbersFor(part, wanted) {
    const found = new Set();
    for (let at = firstAtLeast(part.words, wanted); at < part.words.length && part.words[at].startsWith(wanted); at++) {
      let number = 0;
      for (const step of part.postings[at].split(" ")) { number += parseInt(step, 36); found.add(number); }
    }
    return found;
  }

  function searchPart(part, wanted) {
    let kept = null;
    for (const word of wanted) {
      const numbers = numbersFor(part, word);
      kept = kept === null ? numbers : new Set([...kept].filter((number) => numbers.has(number)));
      if (!kept.size) return [];
    }
    return [...kept].sort((a, b) => a - b).map((number) => part.hits[number]);
  }

  function show(href, title, when, text) {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = href;
    link.textContent = title;
    item.append(link);
    for (const [name, words] of [["redup", when], ["", text]]) {
      if (!words) continue;
      const line = document.createElement("p");
      line.className = name;
      line.textContent = words;
      item.append(line);
    }
    list.append(item);
  }

  function showShort(wanted) {
    let count = 0;
    for (const [href, title, what, folded] of core.pendek) {
      const words = folded.split(" ");
      if (kind.value || !wanted.every((part) => words.some((word) => word.startsWith(part)))) continue;
      if (++count <= 10) show(href, title, what, "");
    }
    return Math.min(count, 10);
  }

  async function goOn(wanted, mine, before) {
    let count = before, fresh = 0;
    more.hidden = true;
    while (waiting.length && fresh < ENOUGH) {
      const name = waiting.shift().join("-");
      if (!parts.has(name)) {
        try { await load(name); } catch { news.textContent = `Berkas indeks/${name}.js tidak dapat dibuka.`; return; }
      }
      if (mine !== turn) return;
      for (const [unit, link, when, what, text] of searchPart(parts.get(name), wanted)) {
        const [slug, unitName] = core.unit[unit];
        show(`unit/${slug}/${link}`, unitName, `${when} · ${what}`, text);
        count++; fresh++;
      }
      news.textContent = `Mencari… ${count} ditemukan.`;
    }
    const rest = waiting.length > 0;
    news.textContent = count ? `${count} ditemukan${rest ? " sejauh ini" : ""}.` : "Tidak ditemukan. Coba kata yang lebih pendek.";
    more.hidden = !rest;
    more.onclick = () => { const at = list.children.length; goOn(wanted, mine, count).then(() => list.children[at]?.querySelector("a").focus()); };
  }

  function search() {
    const mine = ++turn, wanted = wordsOf(input.value);
    list.replaceChildren();
    more.hidden = true;
    news.textContent = "";
    const address = new URLSearchParams();
    if (input.value) address.set("k", input.value);
    if (kind.value) address.set("jenis", kind.value);
    try { history.replaceState(null, "", address.size ? `?${address}` : location.pathname); } catch { /* some browsers refuse on a disk */ }
    if (!wanted.length) return;
    waiting = core.bagian.filter(([partKind]) => !kind.value || kind.value === partKind);
    goOn(wanted, mine, showShort(wanted));
  }

  async function start() {
    const asked = new URLSearchParams(location.search);
    input.value = asked.get("k") || "";
    kind.value = asked.get("jenis") || "";
    if (kind.selectedIndex < 0) kind.value = "";
    try { await load("pokok"); } catch { news.textContent = "Berkas indeks/pokok.js tidak dapat dibuka."; return; }
    input.form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
    kind.addEventListener("change", search);
    if (input.value) search(); else input.focus();
    document.documentElement.dataset.siap = "1";
  }

  start();
})();
