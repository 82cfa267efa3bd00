"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  // Columns: find by name or kind, and order.
  const controls = byId("column-controls");
  if (controls) {
    const list = byId("column-cards");
    const cards = [...list.children];
    const columns = [...cards, ...document.querySelectorAll("#columns tr[data-name]")];
    const orders = {
      gap: (a, b) => b.dataset.gap - a.dataset.gap,
      position: (a, b) => a.dataset.position - b.dataset.position,
      name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
    };
    const show = () => {
      const wanted = byId("column-filter").value.trim().toLowerCase();
      for (const column of columns) {
        column.hidden = !`${column.dataset.name} ${column.dataset.kind}`.includes(wanted);
      }
      const found = columns.filter((column) => !column.hidden).length;
      byId("column-count").value = `${found} of ${columns.length} columns`;
    };
    const order = () => list.append(...cards.sort(orders[byId("column-order").value]));
    byId("column-filter").addEventListener("input", show);
    byId("column-order").addEventListener("change", order);
    controls.addEventListener("submit", (event) => event.preventDefault());
    controls.hidden = false;
    show();
  }

  // Heat maps: the cell under the pointer in words.
  const readout = byId("pair-readout");
  const pairs = readout && JSON.parse(byId("figures").textContent).fidelity.pairs;
  if (pairs) {
    const written = (value) => (value === null ? "not known" : value.toFixed(2));
    const read = (event) => {
      const cells = event.currentTarget.querySelector(".cells");
      const place = new DOMPoint(event.clientX, event.clientY)
        .matrixTransform(cells.getScreenCTM().inverse());
      const [column, row] = [Math.floor(place.x), Math.floor(place.y)];
      if (row === column || !pairs.names[row] || !pairs.names[column]) return;
      const error = pairs.error[row][column];
      readout.textContent = `${pairs.names[row]} × ${pairs.names[column]}: ` +
        `real ${written(pairs.real[row][column])}, ` +
        `synthetic ${written(pairs.synthetic[row][column])}` +
        (error === null ? "" : `, trend error ${error.toFixed(2)} %`);
    };
    for (const map of document.querySelectorAll(".heat")) {
      map.addEventListener("pointermove", read);
    }
    readout.hidden = false;
  }

  // A print shows everything.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
