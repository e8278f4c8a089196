"use strict";
{
  const form = document.querySelector(".finder");
  const find = form.querySelector("#find");
  const verdict = form.querySelector("#verdict");
  const told = form.querySelector("output");
  const items = [...document.querySelectorAll(".item")].map((element) => ({
    element,
    text: [...element.querySelectorAll("h3,.wording,.reason")].map((each) => each.textContent).join(" ").toLowerCase(),
    scenarios: [...element.querySelectorAll(".scenario")].map((each) => ({
      element: each,
      text: each.querySelector(".title").textContent.toLowerCase(),
    })),
    list: element.querySelector(".scenarios"),
    wasOpen: element.querySelector(".scenarios")?.open,
  }));
  const others = [...document.querySelectorAll(".properties,.apart")];

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    let shown = 0;
    for (const item of items) {
      const whole = has(item.text);
      let some = false;
      for (const scenario of item.scenarios) {
        const seen = whole || has(scenario.text);
        scenario.element.hidden = !seen;
        some ||= seen;
      }
      const seen = (whole || some) && (!verdict.value || item.element.dataset.verdict === verdict.value);
      item.element.hidden = !seen;
      if (item.list) item.list.open = words.length && !whole ? some : item.wasOpen;
      shown += seen;
    }
    const filtering = words.length > 0 || verdict.value !== "";
    for (const each of others) each.hidden = filtering;
    told.textContent = filtering ? `${shown} of ${items.length} items` : "";
  };

  const show = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.hidden) {
      find.value = verdict.value = "";
      filter();
      target.scrollIntoView();
    }
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input,select")) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "Escape" && event.target === find) {
      find.value = "";
      filter();
    }
  });
  window.addEventListener("hashchange", show);
}
