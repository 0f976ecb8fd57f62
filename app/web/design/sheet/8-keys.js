// Keys, pointer and clipboard: what a person does, as movements and changes of the sheet.

class Hand {
  constructor({ picture, editor, blocks, saving, rows, leave }) {
    Object.assign(this, { picture, editor, blocks, saving, rows, leave });
    const { box } = editor;
    box.addEventListener("keydown", (event) => this.key(event));
    // a browser copies only what is selected, unless it is told that something is
    for (const name of ["beforecopy", "beforecut"]) {
      box.addEventListener(name, (event) => !editor.editing && event.preventDefault());
    }
    box.addEventListener("copy", (event) => !editor.editing && blocks.copy(event));
    box.addEventListener("cut", (event) => {
      if (!editor.editing && blocks.copy(event)) blocks.clear();
    });
    box.addEventListener("paste", (event) => {
      if (editor.editing) return;
      event.preventDefault();
      blocks.paste(event.clipboardData.getData("text/plain"));
    });
    box.addEventListener("blur", (event) => {
      const inside = event.relatedTarget && picture.stage.contains(event.relatedTarget);
      if (editor.editing && !editor.coarse && !inside) this.commit();
    });
    editor.onTaken = () => this.commit();
    this.pointer();
  }

  move(row, column, extends_ = false) {
    const { picture } = this;
    picture.active = {
      row: Math.max(0, Math.min(row, picture.count - 1)),
      column: Math.max(0, Math.min(column, picture.fields.length - 1)),
    };
    if (!extends_) picture.anchor = { ...picture.active };
    picture.reveal();
    this.editor.fit();
    this.onMove?.();
  }

  commit() {
    const { editor, picture } = this;
    if (!editor.editing) return;
    editor.settle();
    const place = picture.active.column;
    const row = picture.at(picture.active.row);
    const text = editor.end();
    if (!row) return;
    if (row.texts[place] === text) {
      if (row.marks[place]?.state === "problem") {
        delete row.marks[place];
        this.saving.told.forgotten(row, place);
        this.saving.told.drawn();
      }
      return;
    }
    if (row.id) this.saving.change({ cells: [{ row, place, text }] });
    else {
      row.words[place] = text;
      this.saving.change({ added: [picture.fields.map((_field, at) => (at === place ? text : undefined))] });
      picture.renew();
    }
  }

  // go to a row of the list, and then on: the window begins anew where that row is not in it
  async far(row, then) {
    await this.onFar?.(row);
    then();
  }

  // the end of what is filled in a direction, as Ctrl and an arrow go in a spreadsheet
  edge(byRow, byColumn) {
    const { picture } = this;
    let { row, column } = picture.active;
    const filled = (r, c) => Boolean(picture.at(r)?.texts[c]);
    const inside = (r, c) => r >= 0 && c >= 0 && r < picture.count && c < picture.fields.length;
    const began = filled(row, column) && inside(row + byRow, column + byColumn) && filled(row + byRow, column + byColumn);
    while (inside(row + byRow, column + byColumn)) {
      if (began && !filled(row + byRow, column + byColumn)) break;
      row += byRow;
      column += byColumn;
      if (!began && filled(row, column)) break;
    }
    return [row, column];
  }

  key(event) {
    // an input method has the keys while it converts: none of them is ours
    if (event.isComposing || event.keyCode === 229) return;
    const done = this.editor.editing ? this.keyWhileEditing(event) : this.keyWhileMoving(event);
    if (done) event.preventDefault();
  }

  keyWhileEditing(event) {
    const { editor, picture } = this;
    const { row, column } = picture.active;
    const go = (down, right) => {
      this.commit();
      this.move(row + down, column + right);
      return true;
    };
    switch (event.key) {
      case "Escape":
        editor.end();
        return true;
      case "Enter":
        if (event.altKey || event.ctrlKey || event.metaKey) {
          editor.box.setRangeText("\n", editor.box.selectionStart, editor.box.selectionEnd, "end");
          editor.fit();
          return true;
        }
        return go(event.shiftKey ? -1 : 1, 0);
      case "Tab":
        return go(0, event.shiftKey ? -1 : 1);
      case "ArrowDown":
      case "ArrowUp":
        if (event.altKey) editor.pick();
        else if (!editor.step(event.key === "ArrowDown" ? 1 : -1)) {
          return editor.quick ? go(event.key === "ArrowDown" ? 1 : -1, 0) : false;
        }
        return true;
      case "ArrowLeft":
      case "ArrowRight":
        return editor.quick ? go(0, event.key === "ArrowRight" ? 1 : -1) : false;
      case "F2":
        editor.quick = false;
        return true;
      default:
        return false;
    }
  }

  keyWhileMoving(event) {
    const { editor, picture, saving, blocks } = this;
    const { row, column } = picture.active;
    const control = event.ctrlKey || event.metaKey;
    const { shiftKey: shift } = event;
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key in arrows) {
      const [down, right] = arrows[event.key];
      if (event.altKey && shift && right) picture.resize(column, picture.widths[column] + right * 16);
      else if (event.altKey && down > 0) editor.begin() && editor.pick();
      else if (event.altKey) return false;
      else if (control) this.move(...this.edge(down, right), shift);
      else this.move(row + down, column + right, shift);
      if (event.altKey && shift) this.onResize?.();
      return true;
    }
    if (control) {
      const commands = {
        a: () => this.all(),
        d: () => blocks.fillDown(),
        z: () => (shift ? saving.redo() : saving.undo()),
        y: () => saving.redo(),
        home: () => this.far(0, () => this.move(0, 0, shift)),
        end: () => this.far(this.rows.whole - 1, () => this.move(picture.count - 1, picture.fields.length - 1, shift)),
      };
      const command = commands[event.key.toLowerCase()];
      command?.();
      return Boolean(command);
    }
    const page = Math.max(1, Math.floor(picture.frame.clientHeight / picture.height) - 2);
    switch (event.key) {
      case "Tab":
        return this.tab(shift ? -1 : 1);
      case "Enter":
      case "F2":
        editor.begin();
        return true;
      case "Escape":
        this.move(row, column);
        return true;
      case "Home":
        this.move(row, 0, shift);
        return true;
      case "End":
        this.move(row, picture.fields.length - 1, shift);
        return true;
      case "PageUp":
        this.move(row - page, column, shift);
        return true;
      case "PageDown":
        this.move(row + page, column, shift);
        return true;
      case "Delete":
      case "Backspace":
        blocks.clear();
        return true;
      case "F6":
        this.leave(shift);
        return true;
      case " ":
        return this.tick();
      default:
        return false;
    }
  }

  // from cell to cell, line by line; from the last one out of the sheet, so that nobody is caught in it
  tab(by) {
    const { picture } = this;
    const last = picture.fields.length - 1;
    let { row, column } = picture.active;
    column += by;
    if (column > last) [row, column] = [row + 1, 0];
    else if (column < 0) [row, column] = [row - 1, last];
    if (row < 0 || row >= picture.count) return false;
    this.move(row, column);
    return true;
  }

  tick() {
    const { editor, picture, saving } = this;
    if (editor.field.kind !== "checkbox") return false;
    const place = picture.active.column;
    const row = picture.at(picture.active.row);
    if (!editor.closed && row.id) saving.change({ cells: [{ row, place, text: row.texts[place] === "TRUE" ? "FALSE" : "TRUE" }] });
    return true;
  }

  all() {
    const { picture, rows } = this;
    picture.anchor = { row: 0, column: 0 };
    picture.active = { row: Math.max(0, rows.count - 1), column: picture.fields.length - 1 };
    picture.draw();
    this.editor.fit();
    this.onMove?.();
  }

  pointer() {
    const { picture, editor } = this;
    const cellOf = (event) => {
      const cell = event.target.closest?.(".sheet-cell");
      return cell && [Number(cell.dataset.row), Number(cell.dataset.column)];
    };
    let dragging = false;
    let again = false;
    picture.body.addEventListener("pointerdown", (event) => {
      const cell = cellOf(event);
      if (!cell || event.button !== 0) return;
      if (event.pointerType === "mouse") event.preventDefault(); // the focus stays with the box
      again = cell[0] === picture.active.row && cell[1] === picture.active.column;
      this.commit();
      if (event.pointerType !== "mouse") return; // a finger scrolls; its tap is a click
      this.move(...cell, event.shiftKey);
      editor.focus();
      dragging = true;
    });
    picture.body.addEventListener("pointermove", (event) => {
      const cell = dragging && cellOf(event);
      if (!cell) return;
      const { row, column } = picture.active;
      if (cell[0] === row && cell[1] === column) return;
      [picture.active.row, picture.active.column] = cell;
      picture.paint();
    });
    addEventListener("pointerup", () => {
      if (dragging) editor.fit();
      dragging = false;
    });
    picture.body.addEventListener("click", (event) => {
      const cell = cellOf(event);
      if (!cell || (event.pointerType === "mouse" && event.detail < 2)) return;
      const opens = event.detail === 2 || (event.pointerType !== "mouse" && again);
      if (event.pointerType !== "mouse") this.move(...cell);
      editor.focus();
      if (opens && !editor.editing) editor.begin();
    });
    this.resizing();
  }

  resizing() {
    const { picture } = this;
    picture.head.addEventListener("pointerdown", (event) => {
      const handle = event.target.closest("[data-resizes]");
      if (!handle) return;
      event.preventDefault();
      const column = Number(handle.dataset.resizes);
      const from = event.clientX - picture.widths[column];
      handle.setPointerCapture(event.pointerId);
      const drag = (moved) => picture.resize(column, moved.clientX - from);
      handle.addEventListener("pointermove", drag);
      handle.addEventListener(
        "lostpointercapture",
        () => {
          handle.removeEventListener("pointermove", drag);
          this.editor.fit();
          this.onResize?.();
        },
        { once: true },
      );
    });
  }
}
