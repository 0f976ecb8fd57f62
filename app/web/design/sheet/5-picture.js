// The sheet as it is drawn: only the rows in the window, each at its place below the head.

const OVERSCAN = 8;
const NARROWEST = 56;
const WIDEST = 900;
const HEAD = 56; // the column with the records' numbers
const MOST_PIXELS = 12_000_000; // browsers draw no element that is much higher: beyond it a pixel
// of the scrollbar is more than a pixel of the list

const make = (tag, className, attributes = {}) => {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

class Picture {
  constructor(root, stage, rows, fields, words, base) {
    Object.assign(this, { root, stage, rows, fields, words, base });
    this.frame = stage.querySelector("[data-sheet-frame]");
    this.grid = stage.querySelector("[role=grid]");
    this.drawn = new Map();
    this.heads = [];
    this.widths = fields.map((field) => this.usual(field));
    this.frozen = 0;
    this.active = { row: 0, column: 0 };
    this.anchor = { row: 0, column: 0 };
    this.blank = null; // the empty row below the last one, for who may add records
    this.build();
  }

  usual(field) {
    const moments = { date_time: 200, created_at: 200, updated_at: 200 };
    const others = { long_text: 280, address: 280, text: 200, checkbox: 80, date: 160, integer: 110 };
    return moments[field.kind] ?? others[field.kind] ?? 150;
  }

  get height() {
    // the style says it in rem, so that rows grow with the letters
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    this.measured ??= rem * (parseFloat(getComputedStyle(this.stage).getPropertyValue("--row")) || 2);
    return this.measured;
  }

  get count() {
    return this.rows.count + (this.blank && this.rows.complete ? 1 : 0);
  }

  // rows that the scrollbar spans
  get spanned() {
    return Math.max(this.rows.whole, this.rows.offset + this.count);
  }

  // pixels of the list for one of the scrollbar
  get scale() {
    return Math.max(1, (this.spanned * this.height) / MOST_PIXELS);
  }

  // the row of the list that is on top of the window, with its fraction
  get onTop() {
    return (Math.max(0, this.frame.scrollTop) * this.scale) / this.height;
  }

  scrollTo(row) {
    this.frame.scrollTop = (row * this.height) / this.scale;
  }

  at(index) {
    return this.rows.list[index] ?? (index === this.rows.count ? this.blank : undefined);
  }

  build() {
    const head = make("div", "sheet-row sheet-titles", { role: "row", "aria-rowindex": 1 });
    const corner = make("div", "sheet-number", { role: "columnheader", "aria-colindex": 1 });
    corner.append(Object.assign(make("span", "unseen"), { textContent: this.words.number }));
    head.append(corner);
    this.fields.forEach((field, place) => {
      const title = make("div", "sheet-title", { role: "columnheader", "aria-colindex": place + 2 });
      const name = Object.assign(make("span", ""), { textContent: field.name, title: field.name });
      const handle = make("span", "sheet-handle", { "data-resizes": place, "aria-hidden": "true" });
      title.append(name, handle);
      if (field.number) title.classList.add("number");
      this.heads.push(title);
      head.append(title);
    });
    const group = make("div", "sheet-heads", { role: "rowgroup" });
    group.append(head);
    this.body = make("div", "sheet-body", { role: "rowgroup" });
    this.grid.append(group, this.body);
    this.head = head;
    this.grid.setAttribute("aria-colcount", this.fields.length + 1);
    this.frame.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  place(element, column) {
    element.style.width = `${this.widths[column]}px`;
    const is = column < this.frozen;
    element.classList.toggle("frozen", is);
    element.classList.toggle("edge", is && column === this.frozen - 1);
    element.style.insetInlineStart = is ? `${this.left(column)}px` : "";
  }

  left(column) {
    return HEAD + this.widths.slice(0, column).reduce((sum, one) => sum + one, 0);
  }

  arrange() {
    const whole = this.left(this.fields.length);
    this.grid.style.width = `${whole}px`;
    this.heads.forEach((title, column) => this.place(title, column));
    for (const [, row] of this.drawn) [...row.children].slice(1).forEach((cell, column) => this.place(cell, column));
    this.draw();
  }

  // everything anew; scrolling alone draws only what comes into sight
  renew() {
    for (const [, row] of this.drawn) row.remove();
    this.drawn.clear();
    this.draw();
  }

  draw() {
    const { scale, height } = this;
    this.body.style.height = `${(this.spanned * height) / scale}px`;
    const known = this.rows.complete || this.rows.known;
    this.grid.setAttribute("aria-rowcount", known ? this.spanned + 1 : -1);
    const top = Math.floor(this.onTop) - this.rows.offset;
    const seen = Math.ceil(this.frame.clientHeight / height);
    this.top = top;
    this.bottom = top + seen;
    this.first = Math.max(0, top - OVERSCAN);
    this.last = Math.min(this.count - 1, top + seen + OVERSCAN);
    const kept = new Set([this.active.row]);
    for (let index = this.first; index <= this.last; index += 1) kept.add(index);
    for (const [index, row] of this.drawn) {
      if (kept.has(index)) continue;
      row.remove();
      this.drawn.delete(index);
    }
    for (const index of kept) {
      if (!this.drawn.has(index) && this.at(index)) this.drawRow(index);
    }
    const from = this.frame.scrollTop - this.onTop * height;
    for (const [index, row] of this.drawn) {
      row.style.transform = `translateY(${from + (index + this.rows.offset) * height}px)`;
    }
    this.paint();
    this.onDrawn?.();
  }

  drawRow(index) {
    const record = this.at(index);
    const row = make("div", "sheet-row", { role: "row", "aria-rowindex": index + this.rows.offset + 2 });
    const number = make("div", "sheet-number", { role: "rowheader", "aria-colindex": 1 });
    if (record.id) {
      const link = make("a", "", { href: `${this.base}/records/${record.id}`, tabindex: -1 });
      link.textContent = record.id;
      number.append(link);
    } else {
      number.textContent = "＋";
      number.title = this.words.add;
    }
    row.append(number);
    this.fields.forEach((field, column) => row.append(this.cell(record, index, field, column)));
    const after = [...this.drawn.keys()].filter((one) => one > index).sort((a, b) => a - b)[0];
    this.body.insertBefore(row, after === undefined ? null : this.drawn.get(after));
    this.drawn.set(index, row);
  }

  cell(record, index, field, column) {
    const cell = make("div", "sheet-cell", { role: "gridcell", "aria-colindex": column + 2 });
    cell.id = `${this.grid.id}-${index}-${column}`;
    cell.dataset.row = index;
    cell.dataset.column = column;
    const text = record.words[column] ?? "";
    cell.textContent = text;
    if (field.number) cell.classList.add("number");
    if (field.fixed || record.gone) {
      cell.classList.add("fixed");
      cell.setAttribute("aria-readonly", "true");
    }
    if (record.gone) cell.classList.add("gone");
    const mark = record.marks[column];
    if (mark) cell.dataset.mark = mark.state;
    if (mark?.state === "problem") cell.setAttribute("aria-invalid", "true");
    this.place(cell, column);
    return cell;
  }

  get range() {
    const { active, anchor } = this;
    return {
      top: Math.min(active.row, anchor.row),
      bottom: Math.max(active.row, anchor.row),
      left: Math.min(active.column, anchor.column),
      right: Math.max(active.column, anchor.column),
    };
  }

  paint() {
    const { top, bottom, left, right } = this.range;
    for (const [index, row] of this.drawn) {
      [...row.children].slice(1).forEach((cell, column) => {
        const chosen = index >= top && index <= bottom && column >= left && column <= right;
        cell.setAttribute("aria-selected", chosen);
        cell.classList.toggle("active", index === this.active.row && column === this.active.column);
      });
    }
  }

  get activeCell() {
    return this.drawn.get(this.active.row)?.children[this.active.column + 1];
  }

  // bring the active cell into sight, beside what is frozen and below the head
  reveal() {
    const { row, column } = this.active;
    const { frame, height } = this;
    const here = row + this.rows.offset;
    const inside = (frame.clientHeight - this.head.offsetHeight) / height;
    if (here < this.onTop) this.scrollTo(here);
    else if (here + 1 > this.onTop + inside) this.scrollTo(here + 1 - inside);
    if (column >= this.frozen) {
      const left = this.left(column);
      const fixed = this.left(this.frozen);
      if (left < frame.scrollLeft + fixed) frame.scrollLeft = left - fixed;
      else if (left + this.widths[column] > frame.scrollLeft + frame.clientWidth) {
        frame.scrollLeft = Math.min(left - fixed, left + this.widths[column] - frame.clientWidth);
      }
    }
    this.draw();
  }

  resize(column, width) {
    this.widths[column] = Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
    this.arrange();
  }
}
