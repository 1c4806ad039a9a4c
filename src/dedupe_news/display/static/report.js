"use strict";
// The page that `Clustering.report` writes. No script of another origin, no request: the items
// are in the page, in compressed blocks that are unpacked one after another while the first are read.
(() => {
  const { html, svg, render, nothing, Virtualizer, elementScroll, observeElementOffset, observeElementRect } =
    Browsing;
  const overview = JSON.parse(document.getElementById("overview").textContent);
  const app = document.getElementById("app");
  const ROW_HEIGHT = 78;
  const MEMBERS_AT_ONCE = 50;
  const BINS = 25;
  const REFRESHED_EVERY_MS = 250;
  const FOLDED_AT_ONCE = 1000;
  const PER_MILLE = 1000;
  const GONE_WORDS = 3;
  const DAY = 86400;

  // Words and figures

  const counted = (count, noun, plural = noun + "s") => `${number(count)} ${count === 1 ? noun : plural}`;
  const format = new Intl.NumberFormat("en"); // made once: toLocaleString makes one a call
  const number = (value) => format.format(value);
  const score = (perMille) => (perMille / PER_MILLE).toFixed(2);
  const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");

  function duration(seconds) {
    for (const [unit, length] of [["d", DAY], ["h", 3600], ["min", 60]]) {
      if (seconds >= length) return `${number(Math.round(seconds / length))} ${unit}`;
    }
    return `${Math.round(seconds)} s`;
  }

  const delay = (seconds) => (seconds < 0 ? `−${duration(-seconds)}` : `+${duration(seconds)}`);
  const fold = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");

  // Items: columns of a block, read by position

  const contentOf = (block, at) => block.items.content[at];
  const timeOf = (block, at) => block.items.time?.[at] ?? null;

  function sourceOf(block, at) {
    const code = block.items.source?.[at] ?? -1;
    return code < 0 ? null : overview.sources[code];
  }

  function titleAndText(content) {
    const end = overview.titled ? content.indexOf("\n") : -1;
    return end < 0 ? ["", content] : [content.slice(0, end), content.slice(end + 1)];
  }

  // A text with the words marked in which it differs from the kept one

  // The representative, which stands beside it, has all the words.
  function cut(text) {
    const words = text.split(" ");
    if (words.length <= 2 * GONE_WORDS + 1) return text;
    return [...words.slice(0, GONE_WORDS), "…", ...words.slice(-GONE_WORDS)].join(" ");
  }

  function bothMarked(left, right, changes) {
    const pieces = [];
    let at = 0;
    for (let k = 0; k < changes.length; k += 4) {
      const [start, stop, begin, end] = changes.slice(k, k + 4);
      const replaces = start < stop && begin < end;
      pieces.push({ kind: "same", text: right.slice(at, begin) });
      if (start < stop) {
        const gone = cut(left.slice(start, stop).replace(/\s+/g, " "));
        pieces.push({ kind: "delete", text: replaces ? gone : begin ? ` ${gone}` : `${gone} `, replaces });
      }
      if (begin < end) pieces.push({ kind: "insert", text: right.slice(begin, end), replaces });
      at = end;
    }
    pieces.push({ kind: "same", text: right.slice(at) });
    return pieces;
  }

  function oneMarked(text, changes, kind) {
    const pieces = [];
    const side = kind === "delete" ? 0 : 2;
    let at = 0;
    for (let k = 0; k < changes.length; k += 4) {
      const [start, stop] = changes.slice(k + side, k + side + 2);
      const replaces = changes[k] < changes[k + 1] && changes[k + 2] < changes[k + 3];
      pieces.push({ kind: "same", text: text.slice(at, start) });
      if (start < stop) pieces.push({ kind, text: text.slice(start, stop), replaces });
      at = stop;
    }
    pieces.push({ kind: "same", text: text.slice(at) });
    return pieces;
  }

  function drawn(pieces) {
    const parts = [];
    for (let k = 0; k < pieces.length; k++) {
      const { kind, text, replaces } = pieces[k];
      if (!text) continue;
      const follows = pieces[k + 1];
      if (kind === "delete" && replaces && follows?.kind === "insert" && follows.replaces) {
        parts.push(html`<mark><del>${text}</del> <ins>${follows.text}</ins></mark>`);
        k++;
      } else if (kind === "same") parts.push(text);
      else {
        const marked = kind === "delete" ? html`<del>${text}</del>` : html`<ins>${text}</ins>`;
        parts.push(replaces ? html`<mark>${marked}</mark>` : marked);
      }
    }
    return parts;
  }

  function body(pieces) {
    if (!overview.titled) return html`<p class="text">${drawn(pieces)}</p>`;
    const title = [];
    const text = [];
    let part = title;
    for (const piece of pieces) {
      const end = part === title && piece.kind !== "delete" ? piece.text.indexOf("\n") : -1;
      if (end < 0) part.push(piece);
      else {
        title.push({ ...piece, text: piece.text.slice(0, end) });
        text.push({ ...piece, text: piece.text.slice(end + 1) });
        part = text;
      }
    }
    const hasTitle = title.some((piece) => piece.text.trim());
    const hasText = text.some((piece) => piece.text.trim());
    return html`${hasTitle ? html`<p class="title">${drawn(title)}</p>` : nothing}
      ${hasText ? html`<p class="text">${drawn(text)}</p>` : nothing}`;
  }

  // Clusters, stories and templates as rows of a list

  class Row {
    constructor(block, k, start) {
      const { number, size, summary, sources, shown } = block;
      Object.assign(this, { block, number: number[k], size: size[k], summary: summary[k], nSources: sources[k], start, stop: start + shown[k] });
      this.pattern = block.pattern?.[k] ?? "";
      this.variants = block.variants?.[k] ?? [];
      this.folded = null;
      this.first = Infinity;
      this.last = -Infinity;
      const { time, relation, jaccard, probability } = block.items;
      if (time) {
        for (let at = start; at < this.stop; at++) {
          if (time[at] === null) continue;
          this.first = Math.min(this.first, time[at]);
          this.last = Math.max(this.last, time[at]);
        }
      }
      if (!relation) return;
      this.relations = 0;
      this.jaccard = PER_MILLE;
      this.probability = PER_MILLE;
      for (let at = start + 1; at < this.stop; at++) {
        this.relations |= 1 << relation[at];
        this.jaccard = Math.min(this.jaccard, jaccard[at]);
        this.probability = Math.min(this.probability, probability[at]);
      }
    }

    get timed() {
      return this.first <= this.last;
    }

    holds(words) {
      if (this.folded === null) {
        const { content, id } = this.block.items;
        const parts = [this.pattern];
        for (let at = this.start; at < this.stop; at++) {
          if (at === this.start || content[at] !== content[this.start]) parts.push(content[at]);
          parts.push(id[at]);
        }
        this.folded = fold(parts.join("\n"));
      }
      return words.every((word) => this.folded.includes(word));
    }

    hasSource(code) {
      return this.block.items.source.slice(this.start, this.stop).includes(code);
    }
  }

  function read(block) {
    let start = 0;
    return block.size.map((_, k) => {
      const row = new Row(block, k, start);
      start = row.stop;
      return row;
    });
  }

  // State: one list for the clusters, one for the stories, one for the templates

  const NO_FILTERS = { source: -1, relations: 0, least: null, most: null, from: "", to: "", low: null, high: null };

  function makeList(kind, total) {
    return {
      kind, total, rows: [], shown: [], query: "", sort: "largest", filters: { ...NO_FILTERS },
      measure: overview.policy === "news" ? "probability" : "jaccard", open: false, selected: -1,
      drawnMembers: MEMBERS_AT_ONCE, virtualizer: null,
    };
  }

  const KINDS = overview.kinds;
  const lists = Object.fromEntries(Object.entries(KINDS).map(([kind, { total }]) => [kind, makeList(kind, total)]));
  const state = { tab: "clusters", judged: new Map() };
  const plural = (kind, count) => counted(count, KINDS[kind].noun, kind);

  const SORTS = {
    largest: ["Largest first", (a, b) => b.size - a.size || a.number - b.number],
    newest: ["Newest first", (a, b) => b.last - a.last || a.number - b.number],
    oldest: ["Oldest first", (a, b) => a.first - b.first || a.number - b.number],
    doubtful: ["Most doubtful first", (a, b) => a.probability - b.probability || a.jaccard - b.jaccard || a.number - b.number],
    different: ["Most different first", (a, b) => a.jaccard - b.jaccard || a.number - b.number],
  };

  function sortsOf(list) {
    const names = ["largest", ...(overview.timed ? ["newest", "oldest"] : [])];
    if (list.kind === "clusters") names.push(...(overview.policy === "news" ? ["doubtful"] : []), "different");
    return names;
  }

  const seconds = (date, days) => (date ? Date.parse(`${date}T00:00:00Z`) / 1000 + days * DAY : null);

  function passes(list, row, words, bounds) {
    const f = list.filters;
    if (f.least !== null && row.size < f.least) return false;
    if (f.most !== null && row.size > f.most) return false;
    if (f.relations && !(row.relations & f.relations)) return false;
    if (bounds.from !== null && !(row.last >= bounds.from)) return false;
    if (bounds.to !== null && !(row.first < bounds.to)) return false;
    if (f.source >= 0 && !row.hasSource(f.source)) return false;
    return !words.length || row.holds(words);
  }

  const inScores = (list, row) => {
    const { low, high } = list.filters;
    const value = row[list.measure];
    return (low === null || value >= low * PER_MILLE - 0.5) && (high === null || value <= high * PER_MILLE + 0.5);
  };

  function select(list, row) {
    list.selected = row;
    list.drawnMembers = MEMBERS_AT_ONCE;
  }

  function refresh(list, { keep = false } = {}) {
    const before = list.shown[list.selected];
    const words = fold(list.query).split(/\s+/).filter(Boolean);
    const bounds = { from: seconds(list.filters.from, 0), to: seconds(list.filters.to, 1) };
    const passing = list.rows.filter((row) => passes(list, row, words, bounds));
    list.histogram = new Array(BINS).fill(0);
    if (list.kind === "clusters") {
      for (const row of passing) {
        list.histogram[Math.min(BINS - 1, Math.floor((row[list.measure] / PER_MILLE) * BINS + 1e-9))]++;
      }
    }
    list.shown = passing.filter((row) => list.kind !== "clusters" || inScores(list, row)).sort(SORTS[list.sort][1]);
    const at = keep && before ? list.shown.indexOf(before) : -1;
    if (at >= 0) list.selected = at;
    else select(list, list.shown.length ? 0 : -1);
    if (list.virtualizer) {
      list.virtualizer.setOptions({ ...list.virtualizer.options, count: list.shown.length });
      list.virtualizer.measure();
      if (!keep) list.virtualizer.scrollToOffset(0);
    }
    draw();
  }

  // Export

  // A spreadsheet would take such a text for a formula, and run it.
  const isFormula = (text) => /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.,]+$/.test(text);

  function cell(value) {
    const said = value === null || value === undefined ? "" : String(value);
    const text = isFormula(said) ? `'${said}` : said;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csvOf(list) {
    const lines = [`${KINDS[list.kind].noun},role,id,source,published,title,text,relation,jaccard,containment,probability`];
    for (const row of list.shown) {
      for (let at = row.start; at < row.stop; at++) {
        const d = row.block.items;
        const time = timeOf(row.block, at);
        const [title, text] = titleAndText(d.content[at]);
        const own = [
          row.number, d.role[at], d.id[at], sourceOf(row.block, at),
          time === null ? "" : new Date(time * 1000).toISOString(), title, text,
        ];
        const scores = d.relation && d.relation[at] >= 0
          ? [overview.relations[d.relation[at]], ...["jaccard", "containment", "probability"].map((m) => d[m][at] / PER_MILLE)]
          : ["", "", "", ""];
        lines.push([...own, ...scores].map(cell).join(","));
      }
    }
    return lines.join("\r\n") + "\r\n";
  }

  function download(name, text, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const save = (list) => download(`${list.kind}.csv`, csvOf(list), "text/csv;charset=utf-8");

  // Labels: pairs that the reader judged otherwise

  const LABELS = ["duplicate", "related", "template", "different"];
  const LABEL_WORDS = { duplicate: "duplicate", related: "same story", template: "template", different: "no match" };

  // As JSON: a number of many digits would be another one here.
  const idOf = (items, at) => items.idJson?.[at] ?? JSON.stringify(items.id[at]);

  function judge(pair, label) {
    if (label) state.judged.set(pair, label);
    else state.judged.delete(pair);
    draw();
  }

  function saveLabels() {
    const lines = [...state.judged].map(([pair, label]) => `{${pair}, "label": ${JSON.stringify(label)}}\n`);
    download("labels.jsonl", lines.join(""), "application/jsonl");
  }

  // The list

  function facts(row, list) {
    const parts = [];
    if (row.nSources) parts.push(row.nSources === 1 ? sourceName(row) : counted(row.nSources, "source"));
    if (row.timed) parts.push(moment(row.first).slice(0, 10));
    if (list.kind === "clusters") {
      const least = row[list.measure];
      parts.push(list.measure === "probability" ? `${Math.floor(least / 10)} % sure or more` : `Jaccard ${score(least)} or more`);
    }
    return parts.join(" · ");
  }

  function sourceName(row) {
    for (let at = row.start; at < row.stop; at++) {
      const name = sourceOf(row.block, at);
      if (name !== null) return name;
    }
    return "1 source";
  }

  function optionOf(list, item) {
    const row = list.shown[item.index];
    if (!row) return nothing;
    const [title, text] = titleAndText(contentOf(row.block, row.start));
    const heading = row.pattern || title || text;
    const line = row.pattern ? row.variants.filter(Boolean).join(" · ") : title ? text : "";
    return html`<div role="option" id="${list.kind}-${item.index}" class="row"
      aria-selected=${item.index === list.selected} aria-setsize=${list.shown.length} aria-posinset=${item.index + 1}
      .style=${`transform: translateY(${item.start}px)`}
      @click=${() => { select(list, item.index); draw(); }}>
      <span class="size">${number(row.size)}<span class="unseen"> items</span></span>
      <span class="lines"><span class="line strong">${heading.slice(0, 300)}</span>
      <span class="line">${line.slice(0, 300)}</span><span class="line quiet">${facts(row, list)}</span></span>
    </div>`;
  }

  function move(list, to) {
    if (!list.shown.length) return;
    select(list, Math.max(0, Math.min(list.shown.length - 1, to)));
    list.virtualizer.scrollToIndex(list.selected);
    draw();
  }

  function onKey(list, event) {
    const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / ROW_HEIGHT) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) move(list, list.selected + steps[event.key]);
    else if (event.key === "Enter") document.getElementById(`${list.kind}-detail`).focus();
    else return;
    event.preventDefault();
  }

  function listOf(list) {
    const items = list.virtualizer ? list.virtualizer.getVirtualItems() : [];
    const height = list.virtualizer ? list.virtualizer.getTotalSize() : 0;
    return html`<div class="list" role="listbox" tabindex="0" id="${list.kind}-list"
      aria-label=${KINDS[list.kind].heading}
      aria-activedescendant=${list.selected >= 0 ? `${list.kind}-${list.selected}` : nothing}
      @keydown=${(event) => onKey(list, event)}>
      <div class="spacer" role="presentation" .style=${`height: ${height}px`}>${items.map((item) => optionOf(list, item))}</div>
    </div>`;
  }

  // The detail

  function meta(block, at, before, after, startTime = null) {
    const time = timeOf(block, at);
    const source = sourceOf(block, at);
    const said = time === null ? null : startTime === null ? `${moment(time)} UTC` : delay(time - startTime);
    return html`<p class="meta">${before}
      ${source === null ? nothing : html`<span>${source}</span>`}
      ${said === null ? nothing : html`<time datetime=${new Date(time * 1000).toISOString()} title="${moment(time)} UTC">${said}</time>`}
      <span class="id">${block.items.id[at]}</span>${after}</p>`;
  }

  function whyOf(row, at) {
    const d = row.block.items;
    if (!d.why?.[at]) return nothing;
    const pair = `"id1": ${idOf(d, row.start)}, "id2": ${idOf(d, at)}`;
    const chosen = state.judged.get(pair) ?? "";
    return html`<div class="reason"><details class="why"><summary>why?</summary><p>${d.why[at]}</p>
      <p class="quiet">${scoresOf(d, at)}</p></details>
      <label class="judge ${chosen ? "judged" : ""}">Your label <select @change=${(event) => judge(pair, event.target.value)}>
        <option value="" ?selected=${!chosen}>none</option>
        ${LABELS.map((label) => html`<option value=${label} ?selected=${chosen === label}>${LABEL_WORDS[label]}</option>`)}</select></label></div>`;
  }

  function scoresOf(d, at) {
    const measures = [["Jaccard", "jaccard"], ["containment", "containment"]];
    if (overview.policy === "news") measures.push(["probability", "probability"]);
    return measures.map(([name, measure]) => `${name} ${score(d[measure][at])}`).join(", ");
  }

  function standsFor(row, at) {
    const nDuplicates = row.block.items.nDuplicates?.[at] ?? 0;
    return nDuplicates ? html`<span>stands for ${counted(nDuplicates, "duplicate")}</span>` : nothing;
  }

  function itemOf(row, at, pieces) {
    const d = row.block.items;
    const isFirst = at === row.start;
    const changes = d.changes?.[at] ?? [];
    const isAlike = !isFirst && d.changes && !changes.length;
    const isSame = d.content[at] === d.content[row.start];
    const role = html`<b class=${isFirst ? "keep" : ""}>${d.role[at]}</b>`;
    return html`<li class="card">${meta(row.block, at, role, standsFor(row, at), isFirst ? null : timeOf(row.block, row.start))}
      ${isAlike && isSame ? nothing : html`<div class=${isAlike ? "alike" : ""}>${body(pieces)}</div>`}
      ${isAlike ? html`<p class="quiet">${isSame ? "the same text" : "the same words"}</p>` : nothing}
      ${whyOf(row, at)}</li>`;
  }

  function piecesOf(row, at, isPair) {
    const d = row.block.items;
    const content = d.content[at];
    if (!d.changes) return [{ kind: "same", text: content }];
    if (isPair && at === row.start) return oneMarked(content, d.changes[at + 1], "delete");
    if (isPair) return oneMarked(content, d.changes[at], "insert");
    return bothMarked(d.content[row.start], content, d.changes[at]);
  }

  function moreOf(list, hidden, noun) {
    return hidden > 0
      ? html`<li><button type="button" @click=${() => { list.drawnMembers += MEMBERS_AT_ONCE; draw(); }}>
              Show ${number(Math.min(hidden, MEMBERS_AT_ONCE))} of ${counted(hidden, `more ${noun}`)}</button></li>`
      : nothing;
  }

  // Who looks for errors sees the member first for which the cluster is where it is in the list.
  const MEASURES = { doubtful: "probability", different: "jaccard" };

  function othersOf(list, row) {
    const places = Array.from({ length: row.stop - row.start - 1 }, (_, k) => row.start + 1 + k);
    const values = row.block.items[MEASURES[list.sort]];
    return values ? places.sort((a, b) => values[a] - values[b]) : places;
  }

  function groupDetail(list, row) {
    const kind = KINDS[list.kind];
    const isPair = list.kind === "clusters" && row.size === 2;
    const all = othersOf(list, row);
    const others = all.slice(0, list.drawnMembers).map((at) => itemOf(row, at, piecesOf(row, at, isPair)));
    const variants = row.variants.filter(Boolean);
    const nBeyond = list.kind === "templates" ? row.size - (row.stop - row.start) : 0;
    return html`<h2>${row.summary} <code>result.${list.kind}[${row.number}]</code></h2>
      <p class="quiet">${kind.says}</p>
      ${row.pattern ? html`<p class="template">${row.pattern}</p>` : nothing}
      ${variants.length ? html`<p class="quiet">… is ${variants.map((v, k) => html`${k ? "; " : ""}“${v}”`)}</p>` : nothing}
      <div class="sides">
        <ol class="kept">${itemOf(row, row.start, piecesOf(row, row.start, isPair))}</ol>
        <ol>${others}${moreOf(list, all.length - others.length, kind.rowNoun)}
        ${nBeyond > 0 ? html`<li class="quiet">and ${counted(nBeyond, "more item")}, at result.templates[${row.number}].members</li>` : nothing}</ol>
      </div>`;
  }

  function detailOf(list) {
    const row = list.shown[list.selected];
    const isLoading = list.rows.length < list.total;
    const empty = list.total === 0
      ? `There are no ${list.kind} in this result.`
      : isLoading ? "Nothing yet; still reading." : "Nothing fits. Widen the search or clear the filters.";
    return html`<section class="detail" id="${list.kind}-detail" tabindex="0"
      aria-label="The ${KINDS[list.kind].noun} chosen">
      ${row ? groupDetail(list, row) : html`<p class="quiet">${empty}</p>`}
    </section>`;
  }

  // Search and filters

  const figure = (event) => (event.target.value === "" ? null : Number(event.target.value));

  function set(list, name, value) {
    list.filters[name] = value;
    refresh(list);
  }

  function nActive(list) {
    return Object.keys(NO_FILTERS).filter((name) => list.filters[name] !== NO_FILTERS[name]).length;
  }

  function histogramOf(list) {
    const most = Math.max(1, ...list.histogram);
    const { low, high } = list.filters;
    const bars = list.histogram.map((count, k) => {
      const height = count ? Math.max(1, (count / most) * 40) : 0;
      const isIn = (low === null || (k + 1) / BINS > low) && (high === null || k / BINS < high);
      return svg`<rect x=${k * 8} y=${42 - height} width="7" height=${height} class=${isIn ? "in" : "out"}><title>${(k / BINS).toFixed(2)} to ${((k + 1) / BINS).toFixed(2)}: ${counted(count, "cluster")}</title></rect>`;
    });
    const hasThreshold = overview.policy === "similar" && list.measure === "jaccard";
    const x = overview.threshold * BINS * 8;
    return html`<svg class="histogram" viewBox="0 0 200 44" role="img"
      aria-label="Clusters by the least ${list.measure} of a member, from 0 to 1">${bars}
      <path d="M0 42.5H200" class="axis"></path>
      ${hasThreshold ? svg`<path d="M${x} 0V42" class="threshold"></path>` : nothing}</svg>`;
  }

  // Made once: a feed has thousands of sources, and they never change.
  function sourcesOf(list) {
    if (!list.open) return nothing;
    if (!list.sources) {
      list.sources = document.createElement("select");
      list.sources.setAttribute("aria-label", "Source");
      const names = overview.sources.map((name, code) => [name, code]).sort((a, b) => a[0].localeCompare(b[0]));
      for (const [name, code] of [["any", -1], ...names]) list.sources.add(new Option(name, code));
      list.sources.addEventListener("change", () => set(list, "source", Number(list.sources.value)));
    }
    list.sources.value = list.filters.source;
    return list.sources;
  }

  function filtersOf(list) {
    const f = list.filters;
    const isClusters = list.kind === "clusters";
    const sizes = html`<fieldset><legend>Items</legend><span class="controls">
      <input type="number" min="2" aria-label="At least so many items" placeholder="from" .value=${f.least ?? ""} @change=${(e) => set(list, "least", figure(e))}>
      <span aria-hidden="true">–</span>
      <input type="number" min="2" aria-label="At most so many items" placeholder="to" .value=${f.most ?? ""} @change=${(e) => set(list, "most", figure(e))}></span></fieldset>`;
    const times = html`<fieldset><legend>Published</legend><span class="controls">
      <input type="date" aria-label="Published from" .value=${f.from} @change=${(e) => set(list, "from", e.target.value)}>
      <span aria-hidden="true">–</span>
      <input type="date" aria-label="Published to" .value=${f.to} @change=${(e) => set(list, "to", e.target.value)}></span></fieldset>`;
    const sources = html`<fieldset><legend>Source</legend><span class="controls">${sourcesOf(list)}</span></fieldset>`;
    const relations = html`<fieldset><legend>Relation</legend><span class="controls checks">
      ${overview.relations.slice(0, 4).map((name, k) => html`<label><input type="checkbox" .checked=${Boolean(f.relations & (1 << k))}
        @change=${() => set(list, "relations", f.relations ^ (1 << k))}> ${name}</label>`)}</span></fieldset>`;
    const scores = html`<fieldset><legend>Least score of a member</legend><span class="controls">
      <select aria-label="Which score" @change=${(e) => { list.measure = e.target.value; refresh(list); }}>
        ${["jaccard", "probability"].map((name) => html`<option value=${name} ?selected=${list.measure === name}>${name}</option>`)}</select>
      <input type="number" min="0" max="1" step="0.05" aria-label="Score at least" placeholder="0" .value=${f.low ?? ""} @change=${(e) => set(list, "low", figure(e))}>
      <span aria-hidden="true">–</span>
      <input type="number" min="0" max="1" step="0.05" aria-label="Score at most" placeholder="1" .value=${f.high ?? ""} @change=${(e) => set(list, "high", figure(e))}>
      ${histogramOf(list)}</span></fieldset>`;
    return html`<div class="filters" id="${list.kind}-filters" ?hidden=${!list.open}>
      ${overview.sources.length ? sources : nothing}${isClusters ? relations : nothing}${sizes}
      ${overview.timed ? times : nothing}${isClusters ? scores : nothing}
      <button type="button" class="clear" ?disabled=${!nActive(list)} @click=${() => { list.filters = { ...NO_FILTERS }; refresh(list); }}>Clear filters</button></div>`;
  }

  function statusOf(list) {
    const isLoading = list.rows.length < list.total;
    if (isLoading) return `Reading: ${number(list.rows.length)} of ${plural(list.kind, list.total)}`;
    return list.shown.length === list.total
      ? plural(list.kind, list.total)
      : `${number(list.shown.length)} of ${plural(list.kind, list.total)}`;
  }

  function barOf(list) {
    const active = nActive(list);
    return html`<form class="bar" role="search" @submit=${(event) => event.preventDefault()}>
      <input type="search" id="${list.kind}-search" aria-label="Search ${list.kind}" placeholder="Search words and ids" autocomplete="off" spellcheck="false"
        .value=${list.query} @input=${(event) => { list.query = event.target.value; refresh(list); }}>
      <select aria-label="Order" @change=${(event) => { list.sort = event.target.value; refresh(list); }}>
        ${sortsOf(list).map((name) => html`<option value=${name} ?selected=${list.sort === name}>${SORTS[name][0]}</option>`)}</select>
      <button type="button" aria-expanded=${list.open} aria-controls="${list.kind}-filters"
        @click=${() => { list.open = !list.open; draw(); }}>Filters${active ? html` <span class="badge">${active}<span class="unseen"> in use</span></span>` : nothing}</button>
      <button type="button" ?disabled=${!list.shown.length} @click=${() => save(list)}>Export CSV</button>
      ${list.kind === "clusters" && state.judged.size ? html`<button type="button" @click=${saveLabels}>Export ${counted(state.judged.size, "label")}</button>` : nothing}
      <p role="status">${statusOf(list)}</p></form>`;
  }

  // Figures

  const COLOURS = ["exact", "near", "truncated", "contained"];

  function distribution(measure) {
    const counts = overview.histograms[measure];
    const n = counts[0].length;
    const totals = counts[0].map((_, k) => counts.reduce((sum, each) => sum + each[k], 0));
    const most = Math.max(1, ...totals);
    const bars = [];
    for (let k = 0; k < n; k++) {
      let y = 150;
      counts.forEach((each, relation) => {
        const height = (each[k] / most) * 128;
        y -= height;
        if (height) bars.push(svg`<rect x=${40 + k * 11} y=${y} width="10" height=${height} class=${COLOURS[relation]}></rect>`);
      });
    }
    const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map((v) => svg`<text x=${40 + v * n * 11} y="168" text-anchor="middle">${v.toFixed(1)}</text>`);
    const hasThreshold = overview.policy === "similar" && measure === "jaccard";
    const x = 40 + overview.threshold * n * 11;
    return html`<svg class="chart" viewBox="0 0 640 190" role="img" aria-label="Matches by ${measure}, by relation; the table below has the figures">
      <path d="M40 150.5H590" class="axis"></path>${bars}${ticks}
      <text x="34" y="14" text-anchor="end">${most >= 10000 ? `${Math.round(most / 1000)}k` : number(most)}</text><text x="42" y="14">matches</text><text x="34" y="154" text-anchor="end">0</text>
      <text x="315" y="186" text-anchor="middle">${measure === "jaccard" ? "Jaccard similarity" : "probability of a duplicate"}</text>
      ${hasThreshold ? svg`<path d="M${x} 6V150" class="threshold"></path><text x=${x - 5} y="14" text-anchor="end">threshold ${overview.threshold}</text>` : nothing}</svg>`;
  }

  function tableOf(measure) {
    const counts = overview.histograms[measure];
    const step = 5;
    const rows = [];
    for (let k = 0; k < counts[0].length; k += step) {
      const sums = counts.map((each) => each.slice(k, k + step).reduce((a, b) => a + b, 0));
      rows.push(html`<tr><th scope="row">${(k / 50).toFixed(1)}–${((k + step) / 50).toFixed(1)}</th>${sums.map((n) => html`<td>${number(n)}</td>`)}</tr>`);
    }
    return html`<details><summary>Figures of the ${measure} chart</summary><table><thead><tr><th scope="col">${measure}</th>
      ${COLOURS.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></details>`;
  }

  function figuresPanel() {
    const totals = COLOURS.map((_, k) => overview.histograms.jaccard[k].reduce((a, b) => a + b, 0));
    const sizes = overview.sizes;
    const few = sizes.length > 12 ? sizes.slice(0, 11) : sizes;
    const rest = sizes.slice(few.length).reduce((sum, [, n]) => sum + n, 0);
    return html`<div class="figures-panel">
      ${overview.note ? html`<p class="note">${overview.note}</p>` : nothing}
      <h2>How similar matches are</h2>
      <p class="legend">${COLOURS.map((name, k) => html`<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" class=${name}></rect></svg> ${name} <b>${number(totals[k])}</b></span>`)}</p>
      ${overview.policy === "news" ? html`${distribution("probability")}${tableOf("probability")}` : nothing}
      ${distribution("jaccard")}${tableOf("jaccard")}
      <div class="columns"><div><h2>How large clusters are</h2>
      <table><thead><tr><th scope="col">items</th><th scope="col">clusters</th></tr></thead><tbody>
      ${few.map(([size, n]) => html`<tr><th scope="row">${number(size)}</th><td>${number(n)}</td></tr>`)}
      ${rest ? html`<tr><th scope="row">${number(sizes[few.length][0])} to ${number(sizes.at(-1)[0])}</th><td>${number(rest)}</td></tr>` : nothing}</tbody></table></div>
      <div><h2>Settings</h2><table><tbody>${overview.settings.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div></div>
      <p class="quiet">${counted(overview.nMatches, "match", "matches")} among ${counted(overview.nCandidates, "compared pair")},
      found in ${overview.seconds.toFixed(1)} s. Written ${overview.madeAt} UTC.</p></div>`;
  }

  // The page

  const TABS = [...Object.entries(KINDS).map(([kind, { heading }]) => [kind, heading]), ["figures", "Figures"]];

  function onTabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = TABS.findIndex(([name]) => name === state.tab);
    open(TABS[(at + step + TABS.length) % TABS.length][0]);
    document.getElementById(`tab-${state.tab}`).focus();
    event.preventDefault();
  }

  function open(name) {
    state.tab = name;
    draw();
    lists[name]?.virtualizer?._willUpdate();
    lists[name]?.virtualizer?.measure();
    draw();
  }

  const panel = (name, content) => html`<div role="tabpanel" id="panel-${name}" class="panel" aria-labelledby="tab-${name}" ?hidden=${state.tab !== name}>${content}</div>`;

  function page() {
    return html`<header class="top"><h1>${overview.title}</h1>
      <dl>${overview.figures.map(([name, value, remark]) => html`<div><dt>${name}</dt><dd>${value} <span>${remark}</span></dd></div>`)}</dl>
      <div role="tablist" aria-label="What to look at" @keydown=${onTabKey}>${TABS.map(([name, label]) => html`<button type="button" role="tab" id="tab-${name}"
        aria-selected=${state.tab === name} aria-controls="panel-${name}" tabindex=${state.tab === name ? 0 : -1} @click=${() => open(name)}>${label}
        ${name in lists ? html`<span>${number(lists[name].total)}</span>` : nothing}</button>`)}</div></header>
      <main>${Object.values(lists).map((list) => panel(list.kind, html`${barOf(list)}${filtersOf(list)}<div class="browser">${listOf(list)}${detailOf(list)}</div>`))}
      ${panel("figures", state.tab === "figures" ? figuresPanel() : nothing)}</main>`;
  }

  const draw = () => render(page(), app);

  function mount(list) {
    const element = document.getElementById(`${list.kind}-list`);
    list.virtualizer = new Virtualizer({
      count: list.shown.length, getScrollElement: () => element, estimateSize: () => ROW_HEIGHT, overscan: 6,
      scrollToFn: elementScroll, observeElementRect, observeElementOffset, onChange: draw,
    });
    list.virtualizer._didMount();
    list.virtualizer._willUpdate();
  }

  // Reading

  function bytesOf(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let k = 0; k < binary.length; k++) bytes[k] = binary.charCodeAt(k);
    return bytes;
  }

  // Chunk by chunk: piped into a Response, the bytes are copied from stream to stream.
  async function unpack(element) {
    const { readable, writable } = new DecompressionStream("gzip");
    const writer = writable.getWriter();
    // Where the block is broken, the reading below says so.
    writer.write(bytesOf(element.textContent)).catch(() => {});
    writer.close().catch(() => {});
    element.remove();
    const decoder = new TextDecoder();
    let text = "";
    for (const reader = readable.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return JSON.parse(text + decoder.decode());
      text += decoder.decode(value, { stream: true });
    }
  }

  async function load(list) {
    let drawnAt = -Infinity;
    for (const element of document.querySelectorAll(`script.${list.kind}`)) {
      const rows = read(await unpack(element));
      for (const row of rows) list.rows.push(row);
      if (performance.now() - drawnAt >= REFRESHED_EVERY_MS) {
        refresh(list, { keep: true });
        drawnAt = performance.now();
      }
      await new Promise((resume) => setTimeout(resume)); // let the page answer in between
    }
    refresh(list, { keep: true });
  }

  // So that the first search is as quick as the second.
  async function prepare(list) {
    for (let k = 0; k < list.rows.length; k++) {
      list.rows[k].holds([]);
      if (k % FOLDED_AT_ONCE === 0) await new Promise((resume) => setTimeout(resume));
    }
  }

  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName);
    const search = document.getElementById(`${state.tab}-search`);
    if (event.key === "/" && !isTyping && search) {
      search.focus();
      event.preventDefault();
    }
  });

  async function start() {
    if (typeof DecompressionStream === "undefined") {
      app.textContent = "This browser cannot unpack the documents in this page; one of 2023 or later can.";
      return;
    }
    app.replaceChildren();
    Object.values(lists).forEach((list) => { list.histogram = new Array(BINS).fill(0); });
    draw();
    Object.values(lists).forEach(mount);
    draw();
    for (const list of Object.values(lists)) await load(list);
    document.documentElement.dataset.ready = "true";
    for (const list of Object.values(lists)) await prepare(list);
  }

  start();
})();
