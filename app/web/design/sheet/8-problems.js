// What could not be written: told at the cell, and in a list above the sheet, with what to do.

const MOST_TOLD = 50; // in the list; the rest is told at the cells

class Problems {
  constructor(sheet) {
    this.sheet = sheet;
    this.list = sheet.root.querySelector("[data-sheet-problems]");
    this.noteBox = sheet.root.querySelector("[data-sheet-note]");
  }

  unsent(error) {
    const item = this.item(this.sheet.fill(this.sheet.words.unsent, { reason: error.message }));
    this.act(item, this.sheet.words.again, () => {
      item.remove();
      this.sheet.saving.run();
    });
    this.sheet.state();
  }

  item(text) {
    const item = make("li", "");
    item.append(Object.assign(make("span", ""), { textContent: text }));
    this.list.append(item);
    this.list.hidden = false;
    return item;
  }

  act(item, label, run) {
    const button = make("button", "button secondary small", { type: "button" });
    button.textContent = label;
    button.addEventListener("click", () => {
      run();
      if (!this.list.children.length) this.list.hidden = true;
    });
    item.append(button);
  }

  // a cell that was not written: told at the cell and in the list below, with both values
  tell({ row, place, mine, told, by, at, conflict, along, values }) {
    const field = this.sheet.said.fields[place];
    const where = row ? `${this.sheet.words.record} ${row.id} · ${field.name}` : this.sheet.words.newRecord;
    const theirs = row?.words[place] || this.sheet.words.empty;
    const shown = mine || this.sheet.words.empty;
    let text = told ?? "";
    if (conflict) {
      const when = at ? new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }) : "";
      text = this.sheet.fill(this.sheet.words.conflict, { who: by, when, theirs, mine: shown });
    } else if (along) text = this.sheet.fill(this.sheet.words.along, { mine: shown });
    else if (row) text = this.sheet.fill(this.sheet.words.refused, { mine: shown, reason: told });
    if (row) {
      row.problems ??= {};
      row.problems[place]?.remove();
      row.marks[place] = { state: "problem", text, mine };
    } else if (this.sheet.said.may.create) this.sheet.picture.blank = this.sheet.emptyRow();
    if (this.list.children.length >= MOST_TOLD) return;
    const item = this.item(`${where}: ${text}`);
    const forget = () => {
      item.remove();
      if (row) {
        delete row.marks[place];
        this.settled(row, place);
      }
      this.sheet.draw();
      this.sheet.editor.focus();
    };
    if (row) row.problems[place] = item;
    const index = row ? this.sheet.rows.list.indexOf(row) : -1;
    if (index >= 0 && !row.gone) {
      this.act(item, conflict || along ? this.sheet.words.mine : this.sheet.words.correct, () => {
        forget();
        const now = this.sheet.rows.list.indexOf(row);
        if (now < 0) return this.sheet.warn(this.sheet.words.elsewhere);
        this.sheet.hand.move(now, place);
        if (conflict || along) this.sheet.saving.change({ cells: [{ row, place, text: mine }] });
        else this.sheet.editor.begin({ text: mine });
        return undefined;
      });
    } else if (values) {
      this.act(item, this.sheet.words.again, () => {
        forget();
        this.sheet.saving.change({ added: [values] });
      });
    }
    this.act(item, conflict ? this.sheet.words.theirs : this.sheet.words.leave, forget);
    this.note();
  }

  // what was told of a cell is settled: somebody wrote another value, or chose
  settled(row, place) {
    row.problems?.[place]?.remove();
    if (row.problems) delete row.problems[place];
    this.list.hidden = !this.list.children.length;
  }

  // what is wrong with the active cell, below it
  note() {
    const { row, column } = this.sheet.picture.active;
    const mark = this.sheet.picture.at(row)?.marks[column];
    const cell = this.sheet.picture.activeCell;
    this.noteBox.hidden = !(mark?.text && cell);
    if (this.noteBox.hidden) return;
    this.noteBox.textContent = mark.text;
    const outer = this.noteBox.parentElement.getBoundingClientRect();
    const here = cell.getBoundingClientRect();
    this.noteBox.style.left = "0"; // it is measured where it has all its room
    this.noteBox.style.top = `${here.bottom - outer.top + 4}px`;
    this.noteBox.style.left = `${Math.max(0, Math.min(here.left - outer.left, outer.width - this.noteBox.offsetWidth))}px`;
  }
}
