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
})();
