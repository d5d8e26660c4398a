// The table of items: searched, filtered, sorted and paged here. Every text is set as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const [search, model, code, failing, body, status] = ["search", "model", "code", "failing", "rows", "status"].map(
    find,
  );
  const PAGE = 50;
  const state = { by: null, down: false, page: 0 };

  const option = (select, value, text) => {
    const element = document.createElement("option");
    element.value = value;
    element.textContent = text;
    select.append(element);
  };
  for (const [i, { reference }] of data.models.entries()) option(model, String(i), reference);

  const codes = () => {
    code.replaceChildren();
    option(code, "", "all codes");
    for (const [i, name] of data.models[Number(model.value)].codes.entries()) option(code, String(i), name);
  };

  /** One line an item and code: [item, original, code, encoding, K, fact, wrong, answers]. */
  const lines = () => {
    const { codes: names, rows } = data.models[Number(model.value)];
    const wanted = search.value.trim().toLowerCase();
    const found = [];
    names.forEach((name, c) => {
      if (code.value !== "" && Number(code.value) !== c) return;
      rows[c].forEach(([text, k, fact, wrong, said], i) => {
        const item = data.items[i];
        if (failing.checked && wrong === "") return;
        const whole = [item.id, item.cluster, item.original, name, text ?? "", wrong, said ?? ""]
          .join("\n")
          .toLowerCase();
        if (wanted !== "" && !whole.includes(wanted)) return;
        found.push([item.id, item.original, name, text, k, fact, wrong, said]);
      });
    });
    if (state.by !== null) {
      const sign = state.down ? -1 : 1;
      found.sort((a, b) => {
        const [x, y] = [a[state.by], b[state.by]];
        // What has no value stays at the end, whichever way it is sorted.
        if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
        return sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
      });
    }
    return found;
  };

  const cell = (value, column) => {
    const element = document.createElement(column === 0 ? "th" : "td");
    if (column === 0) element.scope = "row";
    if (column === 4 || column === 5) {
      element.className = "number";
      element.textContent = value === null ? "–" : String(value).replace("-", "−");
      return element;
    }
    const text = document.createElement("span");
    text.dir = "auto";
    text.className = column === 6 ? (value === "" ? "good" : "bad") : "text";
    element.className = [1, 3, 7].includes(column) && value !== null ? "long" : "name";
    text.textContent = value === null ? "–" : column === 6 && value === "" ? "as close as paraphrases" : value;
    element.append(text);
    return element;
  };

  const show = () => {
    const all = lines();
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    state.page = Math.min(Math.max(0, state.page), pages - 1);
    const from = state.page * PAGE;
    body.replaceChildren(
      ...all.slice(from, from + PAGE).map((line) => {
        const row = document.createElement("tr");
        row.append(...line.map(cell));
        return row;
      }),
    );
    const to = Math.min(all.length, from + PAGE);
    status.textContent = all.length === 0 ? "nothing found" : `${from + 1} to ${to} of ${all.length}`;
    find("previous").disabled = state.page === 0;
    find("next").disabled = state.page === pages - 1;
    for (const head of document.querySelectorAll("th[data-column]")) {
      const mine = Number(head.dataset.column) === state.by;
      if (mine) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };

  const again = () => {
    state.page = 0;
    show();
  };
  model.addEventListener("change", () => {
    codes();
    again();
  });
  for (const control of [code, failing]) control.addEventListener("change", again);
  search.addEventListener("input", again);
  for (const head of document.querySelectorAll("th[data-column]")) {
    head.querySelector("button").addEventListener("click", () => {
      const column = Number(head.dataset.column);
      state.down = state.by === column && !state.down;
      state.by = column;
      again();
    });
  }
  for (const [id, step] of [
    ["previous", -1],
    ["next", 1],
  ]) {
    find(id).addEventListener("click", () => {
      state.page += step;
      show();
    });
  }
  codes();
  show();
  find("items-table").hidden = false;
})();
