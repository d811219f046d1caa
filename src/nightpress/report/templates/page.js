(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 100;
  const at = (id) => document.getElementById(id);
  // everything below comes from plugins: it is put in place as text, never as markup
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const number = (value) => (value === undefined ? "" : value.toLocaleString("en"));
  const moment = (text) => (text ? text.slice(0, 16).replace("T", " ") : "");
  const sum = (list, key) => list.reduce((total, one) => total + (one[key] || 0), 0);
  const best = (list, key) => list.reduce((most, one) => (one[key] > most ? one[key] : most), "");
  const least = (list, key) => {
    const held = list.map((one) => one[key]).filter((value) => value !== undefined);
    return held.length ? Math.min(...held) : undefined;
  };

  const named = data.order.map((state) => data.states[state]);
  const rows = data.plugins.map((plugin) => {
    const own = plugin.documents || [];
    return {
      plugin, slug: plugin.slug, name: plugin.name || plugin.slug, state: data.order.indexOf(plugin.state),
      size: sum(own, "size") || undefined, was: least(own, "size_before") === undefined ? undefined : sum(own, "size_before"),
      score: least(own, "score"), tries: sum(own, "tries"), last: best(own, "last"), words: null,
    };
  });
  // The plugins that the page has no room for lie beside it, their rows in one file and their documents in others: as
  // scripts that hand over data, for a page that was opened as a file may read nothing else. One that is missing rejects.
  const handed = {};
  window.nightpress = (name, value) => { handed[name] = value; };
  const beside = (name) => new Promise((take, refuse) => {
    if (handed[name]) { take(handed[name]); return; }
    const one = make("script");
    one.src = `rows/${name}.js`;
    one.addEventListener("load", () => (handed[name] ? take(handed[name]) : refuse()));
    one.addEventListener("error", refuse);
    document.head.append(one);
  });
  const brief = ([slug, name, state, file, size, was, score, tries, last]) => ({
    plugin: null, slug, name: name || slug, state, file, size: size || undefined, was: was ?? undefined,
    score: score ?? undefined, tries, last, words: null,
  });
  let missing = data.more || 0;
  // what a row can be found by; put together at the first search, so that opening stays fast
  const words = (row) => {
    if (row.words === null) {
      const own = (row.plugin && row.plugin.documents) || [];
      row.words = [row.name, row.slug, named[row.state]].concat(own.flatMap((one) => [
        one.target, one.type, ...(one.reasons || []), ...(one.findings || []).map((found) => found.check),
        one.provenance ? one.provenance.answered : "", ...(one.attempts || []).map((tried) => tried.said),
      ])).join("\n").toLowerCase();
    }
    return row.words;
  };

  let shown = rows;
  let note = "loading";
  let page = 0;
  let sorting = { key: "state", down: false };

  const compare = (a, b) => {
    const x = a[sorting.key];
    const y = b[sorting.key];
    if (x === y) return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
    if (x === undefined) return 1;
    if (y === undefined) return -1;
    const order = typeof x === "string" ? (x.toLowerCase() < y.toLowerCase() ? -1 : 1) : x - y;
    return sorting.down ? -order : order;
  };

  // a path of the project, seen from the folder of this page
  const link = (text, path) => {
    const [file, place] = path.split("#");
    const one = make("a", text);
    one.href = file.split("/").map(encodeURIComponent).join("/") + (place ? "#" + encodeURIComponent(place) : "");
    return one;
  };
  const copier = (text) => {
    const button = make("button", "copy", "copy");
    button.type = "button";
    button.dataset.copy = text;
    button.setAttribute("aria-label", "copy " + text);
    return button;
  };

  const cell = (row, text, name) => row.append(make("td", text, name));
  const list = (into, title, lines) => {
    if (!lines || !lines.length) return;
    into.append(make("h4", title));
    const items = make("ul");
    lines.forEach((line) => items.append(make("li", line)));
    into.append(items);
  };
  const grid = (into, title, heads, lines, of) => {
    if (!lines.length) return;
    into.append(make("h4", title));
    const table = make("table");
    const head = make("tr");
    heads.forEach((text) => { const one = make("th", text); one.scope = "col"; head.append(one); });
    const body = make("tbody");
    lines.forEach((cells) => { const row = make("tr"); cells.forEach((text, place) => cell(row, text, place === cells.length - 1 ? undefined : "name")); body.append(row); });
    const top = make("thead");
    top.append(head);
    table.append(top, body);
    const wide = make("div", undefined, "scroll");
    wide.tabIndex = 0;
    wide.setAttribute("role", "region");
    wide.setAttribute("aria-label", `${title}: ${of}`);
    wide.append(table);
    into.append(wide);
  };
  const pairs = (into, title, lines) => {
    into.append(make("h4", title));
    const all = make("dl");
    lines.filter(([, text]) => text).forEach(([name, text]) => {
      const said = make("dd");
      said.append(make("code", text));
      all.append(make("dt", name), said);
    });
    into.append(all);
  };
  const commands = (into, lines) => {
    into.append(make("h4", "Commands"));
    const all = make("dl");
    lines.filter(([, text]) => text).forEach(([name, text]) => {
      const said = make("dd");
      said.append(make("code", text), " ", copier(text));
      all.append(make("dt", name), said);
    });
    into.append(all);
  };
  const shell = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replaceAll("'", `'"'"'`) + "'");
  const difference = (into, lines, of) => {
    if (!lines || !lines.length) return;
    into.append(make("h4", "Difference from the file before"));
    const block = make("pre");
    block.tabIndex = 0;
    block.setAttribute("role", "region");
    block.setAttribute("aria-label", `Difference: ${of}`);
    lines.forEach((line) => {
      const kind = line.startsWith("+") ? "add" : line.startsWith("-") ? "cut" : line.startsWith("@") ? "place" : "same";
      block.append(make("span", line, kind));
    });
    into.append(block);
  };

  const document_ = (one) => {
    const part = make("section");
    const title = make("h3");
    const name = make("code");
    name.append(one.size ? link(one.target, "../../" + one.target) : one.target);
    title.append(name, " ", make("span", data.states[one.state], "pill tone-" + one.state));
    if (one.draft) title.append(" ", link("its draft", "../" + one.draft));
    part.append(title);
    if (one.window) part.append(make("p", `target size: ${number(one.window[0])} to ${number(one.window[1])} bytes`, "quiet"));
    list(part, "Why", one.reasons);
    grid(part, "Attempts, the last first", ["when (UTC)", "ended", "model", "seconds", "tokens", "why"],
      (one.attempts || []).map((tried) => [moment(tried.at), tried.status, tried.model, (tried.seconds || 0).toFixed(1), number(tried.tokens || 0), tried.said || ""]), one.target);
    list(part, "Findings", (one.findings || []).map((found) => `${found.severity}: ${found.check}${found.line ? ", line " + found.line : ""}: ${found.message}`)
      .concat(one.findings_left_out ? [`and ${one.findings_left_out} more`] : []));
    difference(part, one.diff, one.target);
    const from = one.provenance;
    if (from) {
      pairs(part, "Provenance", [
        ["made", `${moment(from.at)} UTC, ${from.status}`], ["asked", from.asked], ["answered", from.answered],
        ["calls", from.calls ? `${from.calls}, ${number((from.tokens_in || 0) + (from.tokens_out || 0))} tokens` : ""],
        ["sha256", from.sha256], ["prompt", from.prompt], ["generator", from.template],
      ]);
    }
    commands(part, [
      ["where it comes from", from ? "nightpress why " + shell(one.target) : ""],
      ["make it again", `nightpress build ${shell(one.job)} --force`],
      ["take it back", from ? from.restore : ""],
    ]);
    return part;
  };

  const toggle = (button, row, line) => {
    const opened = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!opened));
    if (opened) { open.delete(row.slug); line.nextSibling.remove(); return; }
    open.add(row.slug);
    const more = make("tr", undefined, "more");
    const wide = make("td");
    wide.colSpan = [...line.children].filter((one) => one.offsetParent !== null).length; // on a phone some hide
    const tell = () => {
      const own = row.plugin.documents || [];
      wide.replaceChildren(...own.map(document_));
      if (!own.length) wide.append(make("p", "Its manifest has problems: see nightpress validate."));
    };
    if (row.plugin) tell();
    else {
      beside(row.file).then((plugins) => {
        row.plugin = plugins.find((one) => one.slug === row.slug);
        row.words = null;
        tell();
      }).catch(() => wide.replaceChildren(make("p", `rows/${row.file}.js beside this page is missing, or of another report: reload, or nightpress report.`)));
      wide.append(make("p", "loading"));
    }
    more.append(wide);
    line.after(more);
  };

  // what is looked for, sorted by and opened stands in the address, to be sent and reloaded
  const open = new Set();
  const remember = () => {
    if (missing) return; // what it asks for may be yet to come
    const held = new URLSearchParams();
    const keep = (name, value, usual) => { if (value !== usual) held.set(name, value); };
    keep("q", at("search").value, "");
    keep("state", at("state").value, "");
    keep("sort", (sorting.down ? "-" : "") + sorting.key, "state");
    keep("page", String(page + 1), "1");
    open.forEach((slug) => held.append("open", slug));
    const text = held.toString();
    if (text || location.hash.includes("=")) history.replaceState(null, "", "#" + text);
  };
  const recall = () => {
    const held = new URLSearchParams(location.hash.slice(1));
    if (location.hash && !location.hash.includes("=")) return; // a place in the page
    at("search").value = held.get("q") || "";
    at("state").value = data.order.includes(held.get("state")) ? held.get("state") : "";
    const key = (held.get("sort") || "state").replace(/^-/, "");
    const head = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (head) sort(head, (held.get("sort") || "").startsWith("-"));
    open.clear();
    held.getAll("open").forEach((slug) => open.add(slug));
    choose(Math.max(0, (Number.parseInt(held.get("page"), 10) || 1) - 1));
  };

  const line = (row) => {
    const one = make("tr");
    const head = make("th");
    head.scope = "row";
    const button = make("button", row.name, "open");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => { toggle(button, row, one); remember(); });
    head.append(button);
    const state = make("td");
    state.append(make("span", named[row.state], "pill tone-" + data.order[row.state]));
    one.append(head, state);
    cell(one, number(row.size), "n");
    cell(one, number(row.was), "n wider");
    cell(one, number(row.score), "n wider");
    cell(one, number(row.tries), "n wider");
    cell(one, moment(row.last), "wider");
    return one;
  };

  const show = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(page, pages - 1);
    const held = shown.slice(page * PAGE, (page + 1) * PAGE).map((row) => [row, line(row)]);
    at("rows").replaceChildren(...held.map(([, one]) => one));
    held.filter(([row]) => open.has(row.slug)).forEach(([row, one]) => toggle(one.querySelector(".open"), row, one));
    at("count").textContent = `${number(shown.length)} of ${number(rows.length)} plugins` + (missing ? ` (${number(missing)} more: ${note})` : "");
    at("page").textContent = `page ${page + 1} of ${pages}`;
    at("back").disabled = page === 0;
    at("next").disabled = page >= pages - 1;
    remember();
  };
  const sort = (button, down) => {
    sorting = { key: button.dataset.key, down };
    document.querySelectorAll("[aria-sort]").forEach((head) => head.setAttribute("aria-sort", "none"));
    button.parentElement.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  const choose = (to = 0) => {
    const wanted = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = at("state").value;
    shown = rows.filter((row) => (!state || data.order[row.state] === state) && wanted.every((word) => words(row).includes(word)));
    shown.sort(compare);
    page = to;
    show();
  };

  data.order.filter((state) => data.counts[state]).forEach((state) => {
    const option = make("option", `${data.states[state]} (${number(data.counts[state])})`);
    option.value = state;
    at("state").append(option);
  });
  document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => {
    sort(button, sorting.key === button.dataset.key && !sorting.down);
    choose();
  }));
  at("search").addEventListener("input", () => choose());
  at("state").addEventListener("change", () => choose());
  const copy = copying((text) => { at("copied").textContent = text.split("\n")[0]; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy);
  });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  at("back").addEventListener("click", () => { page -= 1; show(); at("plugins").focus(); });
  at("next").addEventListener("click", () => { page += 1; show(); at("plugins").focus(); });
  at("table").hidden = false;
  window.addEventListener("hashchange", recall);
  choose();
  recall();
  if (missing) {
    at("search").placeholder += ` (of all but ${number(rows.length)}: name and state)`;
    beside("all").then((all) => {
      all.forEach((one) => rows.push(brief(one)));
      missing = 0;
      recall();
      if (!location.hash.includes("=")) choose();
    }).catch(() => { note = "the folder rows is missing beside this page"; choose(page); });
  }
})();
