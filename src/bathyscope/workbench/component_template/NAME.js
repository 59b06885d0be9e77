/**
 * How many samples of each value pass the filter. Click a value to filter every other view by it.
 *
 * The default export is the whole component. `page` is the workbench: README.md lists what it offers.
 */

/** How many of the samples in the mask have each value; one count more at the end for those without a value. */
export function counted(column, mask) {
  const counts = new Array(column.values.length + 1).fill(0);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) counts[column.codes[i] < 0 ? column.values.length : column.codes[i]]++;
  }
  return counts;
}

export default {
  title: "How many samples there are of each kind",

  // Each with a kind (text, number, flag, choice, texts, json), a default and a sentence.
  options: {
    column: { type: "text", default: "label", says: "Column of categories whose values are counted." },
  },

  // Colours come from the page's variables, so that light and dark both work.
  styles: `
    ol { padding: 0 12px 12px; }
    button { display: grid; grid-template-columns: 12ch 1fr 6ch; gap: 8px; align-items: center; width: 100%;
      font: inherit; color: inherit; text-align: left; background: none; border: 0; padding: 3px 0; cursor: pointer; }
    button[aria-pressed="true"] { font-weight: 600; }
    .bar { display: block; height: 12px; min-width: 1px; }
    .count { text-align: right; font-variant-numeric: tabular-nums; }
    p { padding: 0 12px 12px; color: var(--ink-2); }
  `,

  // true, or the reason in a sentence why this recording cannot be shown so.
  applies: (recording) => recording.nSamples > 0 || "The recording holds no sample yet.",

  mount(page) {
    const list = document.createElement("ol");
    const note = document.createElement("p");
    note.setAttribute("role", "status");
    page.root.append(list, note);

    async function draw() {
      const name = page.options.get("column");
      try {
        const column = await page.columns(name);
        if (page.signal.aborted) return;
        if (column.kind !== "category") throw new Error(`“${name}” holds no categories.`);
        const counts = counted(column, page.mask());
        const most = Math.max(1, ...counts);
        const chosen = page.filter.get();
        list.replaceChildren(...column.values.map((value, code) => line(name, value, code, counts[code], most, chosen)));
        const missing = counts[column.values.length];
        note.textContent = missing > 0 ? `${missing} without a value` : "";
      } catch (error) {
        list.replaceChildren();
        note.textContent = error.message;
      }
    }

    function line(name, value, code, count, most, chosen) {
      const button = document.createElement("button");
      const bar = document.createElement("span");
      const number = document.createElement("span");
      bar.className = "bar";
      bar.style.width = `${(100 * count) / most}%`;
      bar.style.background = page.colours.of(code);
      number.className = "count";
      number.textContent = String(count);
      // Data are put in as text, never as HTML.
      button.append(Object.assign(document.createElement("span"), { textContent: value }), bar, number);
      button.type = "button";
      button.title = `Show only samples where ${name} is ${value}`;
      const pressed = chosen !== "" && page.filter.values(name).includes(value);
      button.setAttribute("aria-pressed", String(pressed));
      button.addEventListener("click", () => page.filter.only(name, pressed ? [] : [value]), { signal: page.signal });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }

    page.on(draw);
    draw();
    return () => page.root.replaceChildren();
  },
};
