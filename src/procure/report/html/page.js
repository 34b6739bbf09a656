"use strict";
(() => {
  const articles = [...document.querySelectorAll("article[lang]")];
  const buttons = [...document.querySelectorAll("button[data-language]")];
  const isShown = (article) => !article.hidden;

  // The section at the top of the window, and how far it has been read: the other language opens there.
  const place = () => {
    const sections = [...articles.find(isShown).querySelectorAll("section[id]")];
    const read = sections.filter((section) => section.getBoundingClientRect().top <= 80).pop();
    return read && { key: read.id.slice(read.id.indexOf("-")), top: read.getBoundingClientRect().top };
  };

  const show = (language) => {
    for (const article of articles) article.hidden = article.lang !== language;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.language === language));
    document.documentElement.lang = language;
    document.title = articles.find(isShown).dataset.title;
  };

  const chosen = () => {
    const language = decodeURIComponent(location.hash.slice(1)).split("-")[0];
    return articles.some((article) => article.lang === language) ? language : null;
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const at = place();
      show(button.dataset.language);
      const section = at && document.getElementById(button.dataset.language + at.key);
      if (section) window.scrollBy({ top: section.getBoundingClientRect().top - at.top, behavior: "instant" });
      else window.scrollTo(0, 0);
    });
  }
  window.addEventListener("hashchange", () => {
    const language = chosen();
    if (!language || document.documentElement.lang === language) return;
    show(language);
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  });
  show(chosen() ?? articles[0].lang);

  const data = document.getElementById("data");
  if (data) board(JSON.parse(data.textContent));

  // Sliders over solved cases: at the steps what was solved, as it was written; between them straight lines, marked as such.
  function board({ axes, lines, cases }) {
    const inputs = [...document.querySelectorAll("input[data-axis]")];
    const at = axes.map((_, k) => Number(inputs.find((input) => Number(input.dataset.axis) === k).defaultValue));

    // The solved cases around the sliders, each with its weight; one of weight 1 at the steps.
    const corners = () => {
      let found = [{ place: 0, weight: 1 }];
      axes.forEach((axis, k) => {
        const low = Math.floor(at[k]);
        const beyond = at[k] - low;
        const next = (base, step, weight) => ({ place: base.place * axis.values.length + step, weight: base.weight * weight });
        found = found.flatMap((base) =>
          beyond > 0 ? [next(base, low, 1 - beyond), next(base, low + 1, beyond)] : [next(base, low, 1)],
        );
      });
      return found;
    };

    const read = (value, kind) => {
      const number = kind === "share" ? 100 * value : value;
      if (Math.abs(number) < 0.05) return "-";
      const digits = kind === "share" ? Number(Math.abs(number) < 9.95) : 0;
      return number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    };

    const figure = ([value, text]) => {
      if (value === null) return text;
      const element = document.createElement("data");
      element.value = String(value);
      element.textContent = text;
      return element;
    };

    const text = (k) => {
      const { values, texts } = axes[k];
      const low = Math.floor(at[k]);
      if (low === at[k]) return texts[low];
      return `≈ ${Number((values[low] + (at[k] - low) * (values[low + 1] - values[low])).toPrecision(4))}`;
    };

    const number = (around, k, state) => {
      const pairs = state === "none" ? [[null, "-"]] : around.map((one) => one.numbers[k]);
      if (pairs.length === 1) return figure(pairs[0]);
      if (pairs.some(([value]) => value === null)) return "-";
      return `≈ ${read(pairs.reduce((sum, [value], corner) => sum + value * around[corner].weight, 0), lines[k])}`;
    };

    const update = () => {
      const around = corners().map(({ place, weight }) => ({ weight, ...cases[place] }));
      const state = around.some((one) => !one.numbers) ? "none" : around.length > 1 ? "between" : "solved";
      for (const status of document.querySelectorAll(".state")) {
        status.textContent = [status.dataset[state], around.length === 1 ? around[0].message : ""].filter(Boolean).join(" ");
        status.classList.toggle("between", state !== "solved");
      }
      const programmes = [...new Set(around.map((one) => one.programme ?? "-"))].join(" / ");
      for (const cell of document.querySelectorAll("[data-programme]")) cell.textContent = programmes;
      for (const cell of document.querySelectorAll("[data-line]")) {
        cell.replaceChildren(number(around, Number(cell.dataset.line), state));
      }
      for (const output of document.querySelectorAll("output[data-axis]")) output.textContent = text(Number(output.dataset.axis));
      for (const input of inputs) {
        const k = Number(input.dataset.axis);
        input.value = String(at[k]);
        input.setAttribute("aria-valuetext", `${text(k)} ${input.dataset.unit}`.trim());
      }
    };

    for (const input of inputs) {
      input.addEventListener("input", () => {
        at[Number(input.dataset.axis)] = Number(input.value);
        update();
      });
    }
    update();
  }
})();
