"use strict";
(() => {
  const { words, titles, about, file, numbers, isLive } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const fields = numbers.map((_, k) => [byId(`slider-${k}`), byId(`value-${k}`)]);
  const values = numbers.map((number) => number.value);
  const kept = [];
  let language = document.documentElement.lang;
  let shown = null; // the answer on the page: its values, and what was said
  let faults = null;
  let isBusy = false;
  let isQueued = false;
  let note = () => "";

  const say = (key, fill = {}) => words[language][key].replace(/\{(\w+)\}/g, (_, name) => String(fill[name]));
  const moved = (own = values) =>
    Object.fromEntries(numbers.map((number, k) => [number.path, own[k]]).filter((_, k) => own[k] !== numbers[k].value));
  const isShown = () => shown !== null && shown.values.every((value, k) => value === values[k]);

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
          ...cells.map((cell, k) => (k === 0 ? element("th", { scope: "row" }, figure(cell)) : element("td", kind(k), figure(cell)))),
        );
      return scroll(
        part.caption,
        part.headings.map((heading, k) => element("th", { scope: "col", ...kind(k) }, heading)),
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
      { className: "scroll", tabIndex: 0, role: "group", "aria-label": caption },
      element(
        "table",
        {},
        element("caption", {}, element("span", {}, caption)),
        element("thead", {}, element("tr", {}, ...headings)),
        ...bodies,
      ),
    );

  const setting = (own) => {
    const lines = Object.entries(moved(own)).map(([path, value]) => `${path} = ${value}`);
    return lines.join("\n") || say("as_model");
  };

  // The answer of the page, then those that were kept, a column each.
  const beside = () => {
    if (shown === null) return [];
    const answers = [shown, ...kept];
    const rows = shown.answer[language].lines.map((line, k) => ({ ...line, cells: answers.map((each) => each.answer[language].lines[k].cell) }));
    const row = (name, unit, cells, kind) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { className: "unit" }, unit), ...cells.map((cell) => element("td", { className: kind }, figure(cell))));
    const heading = (each, k) => element("th", { scope: "col", className: "number" }, k === 0 ? say("this") : say("kept", { number: each.number }));
    const button = (each, key, act) => {
      const made = element("button", { type: "button" }, say(key));
      made.setAttribute("aria-label", `${say(key)}: ${say("kept", { number: each.number })}`);
      made.addEventListener("click", act);
      return made;
    };
    const acts = kept.map((each) =>
      element(
        "td",
        { className: "number" },
        button(each, "back", () => go(each.values)),
        " ",
        button(each, "drop", () => {
          kept.splice(kept.indexOf(each), 1);
          render();
        }),
      ),
    );
    return [
      scroll(
        say("beside_table"),
        [element("td"), element("th", { scope: "col", className: "unit" }, say("unit")), ...answers.map(heading)],
        [
          element(
            "tbody",
            {},
            row(say("numbers_set"), "", answers.map((each) => setting(each.values)), "set"),
            row(say("level"), "", answers.map((each) => each.answer.programme), "number wide"),
            ...rows.filter((each) => each.cells.some((cell) => figure(cell) !== "-" && cell.text !== "-")).map((each) => row(each.name, each.unit, each.cells, "number")),
            ...(kept.length ? [element("tr", {}, element("td"), element("td"), element("td"), ...acts)] : []),
          ),
        ],
      ),
    ];
  };

  const render = () => {
    document.documentElement.lang = language;
    document.title = titles[language];
    byId("title").textContent = titles[language];
    byId("about").textContent = about[language];
    for (const each of document.querySelectorAll("[data-word]")) each.textContent = say(each.dataset.word);
    for (const each of document.querySelectorAll("button[data-language]")) each.setAttribute("aria-pressed", String(each.dataset.language === language));
    fields.forEach(([, field], k) => field.setAttribute("aria-label", say("exact_value", { path: numbers[k].path })));
    byId("answer").replaceChildren(...(shown ? shown.answer[language].parts.map((part) => parts[part.kind](part)) : []));
    byId("beside").replaceChildren(...beside());
    update();
  };

  // What changes while numbers move: no table is made again for it.
  const update = () => {
    byId("answer").classList.toggle("stale", shown !== null && !isShown());
    byId("keep").disabled = !isShown();
    byId("cancel").disabled = !isBusy;
    for (const id of ["save-file", "save-report"]) byId(id).disabled = isBusy;
    const lines = faults ? [say("none"), ...faults.map((fault) => fault[language])] : [note()];
    if (!faults && !isBusy && shown !== null && !isShown()) lines.push(say("moved"));
    byId("state").classList.toggle("between", faults !== null || !isShown());
    const [first, ...others] = lines.filter(Boolean);
    byId("state").replaceChildren(first ?? "", ...(others.length ? [element("ul", {}, ...others.map((line) => element("li", {}, line)))] : []));
  };

  const post = (what, body = {}) =>
    fetch(`/${what}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin" });

  // Something that the one solver process works on; meanwhile the page says how far it is.
  const work = async (what, body, use) => {
    isBusy = true;
    faults = null;
    note = () => say("working", { seconds: 0 });
    update();
    const watch = setInterval(async () => {
      try {
        const { seconds, done, total, what: step } = await (await fetch("/state", { credentials: "same-origin" })).json();
        if (!isBusy || !seconds) return;
        const far = step ? ` ${say("step", { what: step, done, total })}` : "";
        note = () => say("working", { seconds: Math.round(seconds) }) + far;
        update();
      } catch {
        /* the question itself says that nobody answers */
      }
    }, 500);
    try {
      const reply = await post(what, body);
      if (reply.ok) await use(reply);
      else faults = (await reply.json()).faults;
    } catch {
      faults = [Object.fromEntries(Object.keys(words).map((each) => [each, words[each].lost]))];
    }
    clearInterval(watch);
    isBusy = false;
  };

  const solve = async () => {
    if (isBusy) {
      isQueued = true;
      return;
    }
    do {
      isQueued = false;
      const own = [...values];
      await work("solve", { values: moved(own) }, async (reply) => {
        const answer = await reply.json();
        shown = { values: own, answer };
        note = () => say("solved", { seconds: answer.seconds });
      });
      render();
    } while (isQueued);
  };

  const save = async (what, name, type) => {
    if (isBusy) return;
    await work(what, { values: moved(), language }, async (reply) => {
      const link = element("a", { href: URL.createObjectURL(new Blob([await reply.arrayBuffer()], { type })), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      note = () => say("saved", { name });
    });
    update();
  };

  const show = (k) => {
    const [slider, field] = fields[k];
    slider.value = String(values[k]);
    if (Number(field.value) !== values[k]) field.value = String(values[k]);
    slider.setAttribute("aria-valuetext", `${values[k]} ${numbers[k].unit}`.trim());
  };

  const go = (own) => {
    own.forEach((value, k) => {
      values[k] = value;
      fields[k][1].value = String(value);
      show(k);
    });
    faults = null;
    update();
    if (!isShown()) solve();
  };

  fields.forEach((both, k) => {
    for (const field of both) {
      field.addEventListener("input", () => {
        if (field.value === "" || !Number.isFinite(Number(field.value))) return;
        values[k] = Number(field.value);
        faults = null;
        show(k);
        update();
        if (isLive) solve();
      });
    }
  });
  for (const button of document.querySelectorAll("button[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      render();
    });
  }
  byId("solve").addEventListener("click", solve);
  byId("cancel").addEventListener("click", () => {
    isQueued = false;
    post("cancel").catch(() => {});
  });
  byId("reset").addEventListener("click", () => go(numbers.map((number) => number.value)));
  let count = 0;
  byId("keep").addEventListener("click", () => {
    count += 1;
    kept.push({ ...shown, number: count });
    render();
  });
  byId("save-file").addEventListener("click", () => save("file", `${file}.toml`, "application/toml"));
  byId("save-report").addEventListener("click", () => save("report", `${file}.html`, "text/html"));

  fields.forEach(([, field], k) => {
    field.value = String(values[k]);
    show(k);
  });
  render();
  solve();
})();
