"use strict";
(() => {
  const { words, titles, about, file, numbers: own, form, isLive } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const kept = [];
  let language = document.documentElement.lang;
  let limits = []; // those added: as they are asked for, and what is told of each
  let values = new Map(own.map((number) => [number.path, number.value]));
  let shown = null; // the answer on the page, and its setting
  let faults = null;
  let isBusy = false;
  let isDrawing = false; // busy with a picture, which nothing waits for
  let isQueued = false;
  let waiting = 0;
  let note = () => "";
  let far = { done: 0, total: 0 };
  let sketches = { key: "", drawn: new Map() }; // the pictures of the answer
  let reasons = null; // why two answers differ

  const say = (key, fill = {}) => words[language][key].replace(/\{(\w+)\}/g, (_, name) => String(fill[name]));
  const numbers = () => [...own, ...limits.map((limit) => limit.told.number)];
  const setting = () => ({
    values: Object.fromEntries(numbers().filter((n) => values.get(n.path) !== n.value).map((n) => [n.path, values.get(n.path)])),
    limits: limits.map((limit) => limit.asked),
  });
  const keyOf = (at) => JSON.stringify([Object.entries(at.values).sort(), at.limits]);
  const isShown = () => shown !== null && keyOf(shown.at) === keyOf(setting());

  // What stands in the page comes in as text, never as markup.
  const element = (name, properties = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key in made) made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const act = (key, does, of = "") => {
    const made = element("button", { type: "button" }, say(key));
    if (of) made.setAttribute("aria-label", `${say(key)}: ${of}`);
    made.addEventListener("click", does);
    return made;
  };

  const figure = (cell) => {
    if (typeof cell === "string") return cell;
    return cell.value === undefined ? cell.text : element("data", { value: String(cell.value) }, cell.text);
  };

  const parts = {
    prose: (part) => element("p", part.is_lead ? { className: "lead" } : {}, part.text),
    tiles: (part) =>
      element(
        "dl",
        { className: "tiles" },
        ...part.tiles.map((tile) =>
          element("div", {}, element("dt", {}, tile.says), element("dd", {}, figure(tile.figure), " ", element("span", {}, tile.unit))),
        ),
      ),
    table: (part) => {
      const kind = (k) => (part.numbers.includes(k) ? { className: "number" } : {});
      const row = (cells, isBold) =>
        element(
          "tr",
          isBold ? { className: "bold" } : {},
          ...cells.map((cell, k) => (k === 0 && cell !== "" ? element("th", { scope: "row" }, figure(cell)) : element("td", kind(k), figure(cell)))),
        );
      return scroll(
        part.caption,
        part.headings.map((heading, k) => (heading === "" ? element("td", kind(k)) : element("th", { scope: "col", ...kind(k) }, heading))),
        part.groups.map((group) =>
          element(
            "tbody",
            {},
            ...(group.heading
              ? [element("tr", { className: "group" }, element("th", { scope: "rowgroup", colSpan: part.headings.length }, group.heading))]
              : []),
            ...group.rows.map((cells, k) => row(cells, group.bold.includes(k))),
          ),
        ),
      );
    },
  };

  const scroll = (caption, headings, bodies) =>
    element(
      "div",
      { className: "scroll", tabIndex: 0, role: "group", "aria-label": caption || say("table_of") },
      element(
        "table",
        {},
        ...(caption ? [element("caption", {}, element("span", {}, caption))] : []),
        element("thead", {}, element("tr", {}, ...headings)),
        ...bodies,
      ),
    );

  // A drawing is taken over element by element, and only what drawings are made of.
  const DRAWN = new Set(["svg", "g", "defs", "clipPath", "path", "rect", "use", "text", "tspan", "title", "line", "circle", "ellipse", "polygon", "polyline", "pattern"]);
  const ALLOWED = /^(d|x|y|x1|x2|y1|y2|r|rx|ry|cx|cy|width|height|transform|viewBox|role|id|points|href|clip-path|clipPathUnits|pattern[A-Za-z]+|aria-labelledby|(fill|stroke|font|text|opacity)[a-z-]*)$/;
  const copied = (from) => {
    const made = document.createElementNS(from.namespaceURI, from.localName);
    for (const { name, value } of from.attributes) {
      if (ALLOWED.test(name) && (name !== "href" || value.startsWith("#"))) made.setAttribute(name, value);
    }
    for (const child of from.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) made.append(child.data);
      else if (child.nodeType === Node.ELEMENT_NODE && DRAWN.has(child.localName)) made.append(copied(child));
    }
    return made;
  };
  const picture = (text) =>
    element(
      "div",
      { className: "scroll picture", tabIndex: 0, role: "group", "aria-label": say("picture") },
      copied(new DOMParser().parseFromString(text, "text/html").querySelector("svg")),
    );

  // ------------------------------------------------------------------ numbers, each with a slider and a field

  const board = new Map(); // by path: slider, field, label
  const unitOf = (number) => words[language][`unit_${number.unit}`] ?? number.unit;
  const showBoard = () => {
    board.clear();
    byId("board").replaceChildren(
      ...numbers().map((number, k) => {
        const slider = element("input", { type: "range", id: `slider-${k}`, min: number.low, max: number.high, step: number.step });
        const field = element("input", { type: "number", id: `value-${k}`, step: "any" });
        const label = element("label", { htmlFor: `slider-${k}` });
        const unit = element("span", { className: "unit" });
        board.set(number.path, { number, slider, field, label, unit });
        for (const each of [slider, field]) {
          each.addEventListener("input", () => {
            if (each.value === "" || !Number.isFinite(Number(each.value))) return;
            values.set(number.path, Number(each.value));
            faults = null;
            showNumber(number.path);
            update();
            if (isLive) solve();
          });
        }
        const [low, high] = number.ends.map((end) => element("span", {}, end));
        return element(
          "div",
          { className: "slider" },
          label, " ", field, " ", unit, slider,
          element("p", { className: "ends", "aria-hidden": "true" }, low, high),
        );
      }),
    );
    for (const path of board.keys()) showNumber(path);
  };
  const showNumber = (path) => {
    const { number, slider, field, label, unit } = board.get(path);
    const value = values.get(path);
    const name = number.words[language];
    slider.value = String(value);
    if (Number(field.value) !== value || field.value === "") field.value = String(value);
    label.textContent = name;
    unit.textContent = unitOf(number);
    label.title = slider.title = field.title = say("path_of", { path });
    slider.setAttribute("aria-valuetext", `${value} ${unitOf(number)}`.trim());
    slider.setAttribute("aria-description", path);
    field.setAttribute("aria-label", say("exact_value", { what: name }));
  };

  // ------------------------------------------------------------------ limits: those added, and the form that adds one

  const showLimits = () =>
    byId("limits").replaceChildren(
      ...(limits.length
        ? [
            element("h3", {}, say("limits_added")),
            element(
              "ul",
              { className: "added" },
              ...limits.map((limit) =>
                element(
                  "li",
                  {},
                  `${limit.told.says[language]}${language === "ja" ? "、" : ", "}${limit.told.years[language]} `,
                  act("remove", () => withLimits(limits.filter((each) => each !== limit)), limit.told.says[language]),
                ),
              ),
            ),
          ]
        : []),
    );
  let filled = {}; // what the form holds, by key
  let kind = "share";
  let preset = "";
  const choice = (id, label, options, chosen, changed) => {
    const select = element("select", { id }, ...options.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
    select.addEventListener("change", () => changed(select.value));
    return element("div", { className: "field" }, element("label", { htmlFor: id }, label), select);
  };
  const showForm = () => {
    const { fields } = form.kinds[kind];
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    byId("fields").replaceChildren(
      choice(
        "preset", say("preset"),
        [["", say("own_limit")], ...form.presets.map((each) => [each.name, each.words[language]])],
        preset,
        (name) => {
          preset = name;
          const found = form.presets.find((each) => each.name === name);
          filled = found ? { ...found.fills } : {};
          if (found) kind = found.kind;
          showForm();
          byId("preset").focus();
        },
      ),
      choice(
        "kind", say("kind"),
        Object.entries(form.kinds).map(([name, each]) => [name, each.title[language]]),
        kind,
        (name) => {
          kind = name;
          preset = "";
          showForm();
          byId("kind").focus();
        },
      ),
      ...fields.map((field) => {
        const id = `limit-${field.key}`;
        const value = filled[field.key] ?? field.default;
        if (field.options) {
          const options = field.options.some((each) => same(each.value, value))
            ? field.options
            : [...field.options, { value, words: { [language]: [value].flat().join(" ") } }];
          const chosen = String(options.findIndex((each) => same(each.value, value)));
          return choice(id, field.words[language], options.map((each, k) => [String(k), each.words[language]]), chosen, (k) => {
            filled[field.key] = options[k].value;
          });
        }
        const input = element("input", { type: "text", id, value: String(value), inputMode: "decimal", autocomplete: "off" });
        input.placeholder = field.example || say("optional");
        input.addEventListener("input", () => {
          const text = input.value.trim();
          filled[field.key] = text === "" || Number.isNaN(Number(text)) ? text : Number(text);
        });
        return element("div", { className: "field" }, element("label", { htmlFor: id }, field.words[language]), input);
      }),
    );
  };
  const asked = () => {
    const { fields } = form.kinds[kind];
    const known = fields
      .map((field) => [field.key, filled[field.key] ?? field.default])
      .filter(([key, value], k) => value !== "" && (k === 0 || JSON.stringify(value) !== JSON.stringify(fields[k].default)));
    const taken = new Set(limits.map((limit) => limit.told.name));
    const stem = preset ? preset.replace(/\W/g, "_") : kind;
    let name = stem;
    for (let k = 2; taken.has(name); k += 1) name = `${stem}_${k}`;
    return { name, kind, ...Object.fromEntries(known) };
  };
  // The limits of the page from now on: what each says comes first, since none may be wrong.
  const withLimits = async (wanted, moved = {}, isAdding = false) => {
    if (!(await ready())) return;
    let isKnown = wanted.length === 0;
    let told = [];
    if (wanted.length) {
      await work("limits", { limits: wanted.map((limit) => limit.asked) }, async (reply) => {
        told = await reply.json();
        isKnown = true;
      });
    }
    if (!isKnown) {
      render();
      return;
    }
    const before = values;
    limits = wanted.map((limit, k) => ({ asked: limit.asked, told: told[k] }));
    values = new Map(numbers().map((number) => [number.path, moved[number.path] ?? before.get(number.path) ?? number.value]));
    if (isAdding) {
      filled = {};
      preset = "";
      byId("adding").open = false;
      byId("adding").querySelector("summary").focus();
    }
    showBoard();
    showLimits();
    showForm();
    solve();
  };

  // ------------------------------------------------------------------ answers side by side, and why they differ

  // A unit is written as it is on screens.
  const moved = (each) => {
    const lines = each.numbers
      .filter((number) => number.path in each.at.values)
      .map((number) => `${number.words[language]} = ${each.at.values[number.path]} ${unitOf(number)}`.trim());
    const added = each.limits.map((limit) => limit.told.says[language]);
    const all = [...lines, ...added];
    return all.length ? element("ul", { className: "plain" }, ...all.map((line) => element("li", {}, line))) : say("as_model");
  };

  // The answer of the page, then those that were kept, a column each.
  const beside = () => {
    if (shown === null) return [];
    const answers = [shown, ...kept];
    const lines = new Map();
    answers.forEach((each, k) => {
      for (const line of each.answer[language].lines) {
        const key = `${line.name}\n${line.unit}`;
        if (!lines.has(key)) lines.set(key, { ...line, cells: answers.map(() => "-") });
        lines.get(key).cells[k] = line.cell;
      }
    });
    const row = (name, unit, cells, className) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { className: "unit" }, unit), ...cells.map((cell) => element("td", { className }, cell)));
    const heading = (each, k) => element("th", { scope: "col", className: "number" }, k === 0 ? say("this") : say("kept", { number: each.number }));
    const acts = kept.map((each) => {
      const name = say("kept", { number: each.number });
      const drop = () => {
        kept.splice(kept.indexOf(each), 1);
        if (reasons?.number === each.number) reasons = null;
        render();
      };
      return element("li", {}, `${name}: `, act("why", () => why(each), name), " ", act("back", () => go(each), name), " ", act("drop", drop, name));
    });
    return [
      scroll(
        say("beside_table"),
        [element("td"), element("th", { scope: "col", className: "unit" }, say("unit")), ...answers.map(heading)],
        [
          element(
            "tbody",
            {},
            row(say("numbers_set"), "", answers.map(moved), "set"),
            ...(answers.some((each) => each.answer.programme !== "-") ? [row(say("level"), "", answers.map((each) => each.answer.programme), "number wide")] : []),
            ...[...lines.values()]
              .filter((each) => each.cells.some((cell) => cell !== "-" && cell.text !== "-"))
              .map((each) => row(each.name, each.unit, each.cells.map(figure), "number")),
          ),
        ],
      ),
      ...(kept.length ? [element("ul", { className: "kept" }, ...acts)] : []),
    ];
  };
  const why = async (each) => {
    if (!isShown() || !(await ready())) return;
    await work("why", { ...shown.at, beside: each.at, number: each.number }, async (reply) => {
      reasons = { number: each.number, told: await reply.json() };
      note = () => "";
    });
    render();
    byId("why").focus();
    drawSoon();
  };

  // ------------------------------------------------------------------ what the page shows

  const render = () => {
    document.documentElement.lang = language;
    document.title = titles[language];
    byId("title").textContent = titles[language];
    byId("about").textContent = about[language];
    for (const each of document.querySelectorAll("[data-word]")) each.textContent = say(each.dataset.word);
    for (const each of document.querySelectorAll("button[data-language]")) each.setAttribute("aria-pressed", String(each.dataset.language === language));
    for (const path of board.keys()) showNumber(path);
    byId("answer").replaceChildren(...(shown ? shown.answer[language].parts.map((part) => parts[part.kind](part)) : []));
    byId("beside").replaceChildren(...beside());
    byId("why").replaceChildren(
      ...(reasons
        ? [element("h3", {}, say("why_heading", { number: reasons.number })), ...reasons.told[language].map((part) => parts[part.kind](part))]
        : []),
    );
    showPictures();
    update();
  };
  const showPictures = () => {
    const drawn = shown ? shown.answer.pictures.filter((name) => sketches.drawn.has(name)) : [];
    byId("pictures").replaceChildren(
      ...(drawn.length ? drawn.map((name) => picture(sketches.drawn.get(name)[language])) : [element("p", {}, say("pictures_later"))]),
    );
  };

  // What changes while numbers move: no table is made again for it.
  const update = () => {
    byId("answer").classList.toggle("stale", shown !== null && !isShown());
    byId("pictures").classList.toggle("stale", shown !== null && !isShown());
    byId("keep").disabled = !isShown();
    const isWorking = isBusy && !isDrawing;
    byId("cancel").disabled = !isWorking;
    byId("progress").hidden = !isWorking;
    if (far.total > 0) {
      byId("progress").max = far.total;
      byId("progress").value = far.done;
    } else byId("progress").removeAttribute("value");
    for (const id of ["save-file", "save-report"]) byId(id).disabled = isWorking;
    const lines = faults ? [say(faults.head), ...faults.lines.map((fault) => fault[language])] : [note()];
    if (!faults && !isWorking && shown !== null && !isShown()) lines.push(say("moved"));
    byId("state").classList.toggle("between", faults !== null || !isShown());
    const [first, ...others] = lines.filter(Boolean);
    byId("state").replaceChildren(first ?? "", ...(others.length ? [element("ul", {}, ...others.map((line) => element("li", {}, line)))] : []));
  };

  const post = (what, body = {}) =>
    fetch(`/${what}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin" });

  // Whether something may be asked now: a picture that is being drawn is waited for, and no other is begun.
  const ready = async () => {
    if (isBusy && !isDrawing) return false;
    waiting += 1;
    while (isBusy) await new Promise((resolve) => setTimeout(resolve, 30));
    waiting -= 1;
    return true;
  };

  // Something that the one solver process works on; meanwhile the page says how far it is.
  const work = async (what, body, use, isQuiet = false) => {
    isBusy = true;
    isDrawing = isQuiet;
    if (!isQuiet) {
      faults = null;
      note = () => say("working", { seconds: 0 });
    }
    far = { done: 0, total: 0 };
    update();
    const watch = setInterval(async () => {
      try {
        const { seconds, done, total, what: step } = await (await fetch("/state", { credentials: "same-origin" })).json();
        if (!isBusy || !seconds || isQuiet) return;
        far = { done, total };
        const at = () => (step[language] ? ` ${say(total ? "step" : "step_alone", { what: step[language], done, total })}` : "");
        note = () => say("working", { seconds: Math.round(seconds) }) + at();
        update();
      } catch {
        /* the question itself says that nobody answers */
      }
    }, 500);
    const head = what === "limits" ? "not_added" : "none";
    try {
      for (let tries = 0; ; tries += 1) {
        const reply = await post(what, body);
        if (reply.ok) {
          await use(reply);
          break;
        }
        const { ended, faults: lines } = await reply.json();
        if (ended === "busy" && tries < 20 && !isQuiet) {
          await new Promise((resolve) => setTimeout(resolve, 500)); // another window is being answered
          continue;
        }
        if (!isQuiet) faults = { head, lines };
        break;
      }
    } catch {
      faults = { head, lines: [Object.fromEntries(Object.keys(words).map((each) => [each, words[each].lost]))] };
    }
    clearInterval(watch);
    isBusy = isDrawing = false;
  };

  const solve = async () => {
    if (isBusy) {
      isQueued = true;
      return;
    }
    do {
      isQueued = false;
      const at = setting();
      const here = { numbers: numbers(), limits: [...limits] };
      await work("solve", at, async (reply) => {
        const answer = await reply.json();
        shown = { at, ...here, answer };
        reasons = null;
        note = () => say("solved", { seconds: answer.seconds });
      });
      render();
    } while (isQueued);
    drawSoon();
  };

  // Pictures are drawn one by one, while nothing else is asked for.
  let soon = 0;
  const drawSoon = () => {
    clearTimeout(soon);
    soon = setTimeout(draw, isLive ? 700 : 50);
  };
  const draw = async () => {
    if (!isShown()) return;
    const key = keyOf(shown.at);
    if (sketches.key !== key) sketches = { key, drawn: new Map() };
    for (const name of shown.answer.pictures) {
      if (sketches.drawn.has(name)) continue;
      if (isBusy || waiting || isQueued || !isShown() || sketches.key !== keyOf(shown.at)) return;
      const at = shown.at;
      await work("picture", { ...at, name }, async (reply) => {
        sketches.drawn.set(name, await reply.json());
      }, true);
      if (isQueued) {
        solve();
        return;
      }
      showPictures();
      update();
      if (!sketches.drawn.has(name)) return;
    }
  };

  const save = async (what, name, type) => {
    if (!(await ready())) return;
    await work(what, { ...setting(), language }, async (reply) => {
      const link = element("a", { href: URL.createObjectURL(new Blob([await reply.arrayBuffer()], { type })), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      note = () => say("saved", { name });
    });
    update();
    drawSoon();
  };

  const go = (each) => {
    faults = null;
    withLimits(each.limits, Object.fromEntries(each.numbers.map((number) => [number.path, each.at.values[number.path] ?? number.value])));
  };

  for (const button of document.querySelectorAll("button[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      showLimits();
      showForm();
      render();
    });
  }
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    withLimits([...limits, { asked: asked() }], {}, true);
  });
  byId("solve").addEventListener("click", solve);
  byId("cancel").addEventListener("click", () => {
    isQueued = false;
    post("cancel").catch(() => {});
  });
  byId("reset").addEventListener("click", () => go({ limits: [], numbers: own, at: { values: {} } }));
  let count = 0;
  byId("keep").addEventListener("click", () => {
    if (!isShown()) return;
    count += 1;
    kept.push({ ...shown, number: count });
    render();
  });
  byId("save-file").addEventListener("click", () => save("file", `${file}.toml`, "application/toml"));
  byId("save-report").addEventListener("click", () => save("report", `${file}.html`, "text/html"));

  showBoard();
  showForm();
  render();
  solve();
})();
