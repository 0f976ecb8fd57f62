// Blocks of cells: copied, cut, pasted, cleared, filled down.

class Blocks {
  constructor({ picture, rows, saving, server, words, told, may, free }) {
    Object.assign(this, { picture, rows, saving, server, words, told, may, free });
    this.copied = null; // what was copied last, as it was and as the clipboard holds it
  }

  get rowsOfRange() {
    const { top, bottom } = this.picture.range;
    return this.rows.list.slice(top, bottom + 1);
  }

  texts(rows) {
    const { left, right } = this.picture.range;
    return rows.map((row) => row.texts.slice(left, right + 1));
  }

  // a block up to some cells is copied as it stands; a larger one is an export, asked for first
  copy(event) {
    const rows = this.rowsOfRange;
    if (!rows.length) return false;
    const { left, right } = this.picture.range;
    event.preventDefault();
    if (rows.length * (right - left + 1) <= this.free) {
      const texts = this.texts(rows);
      event.clipboardData.setData("text/plain", this.keep(texts, left));
      this.told.say(this.words.copied, { count: rows.length * (right - left + 1) });
      return true;
    }
    this.copyMuch(rows, left, right);
    return false;
  }

  keep(texts, left) {
    const isNumber = (at) => this.rows.fields[left + at].number;
    const written = writeBlock(texts.map((row) => row.map((cell, at) => (isNumber(at) ? cell : harmless(cell)))));
    this.copied = { texts, written };
    return written;
  }

  async copyMuch(rows, left, right) {
    if (!this.may.export) {
      this.told.warn(this.words.copyLimit, { count: this.free });
      return;
    }
    try {
      const answer = await this.server.ask("/records/copy", {
        records: rows.map((row) => row.id),
        columns: this.rows.columns.slice(left, right + 1),
      });
      await navigator.clipboard.writeText(this.keep(answer.rows, left));
      this.told.say(this.words.copied, { count: rows.length * (right - left + 1) });
    } catch (error) {
      this.told.warn(this.words.notCopied, { reason: error.message });
    }
  }

  open(row, place) {
    return row && !row.gone && !this.rows.fields[place].fixed && (row.id ? this.may.edit : this.may.create);
  }

  clear() {
    const { top, bottom, left, right } = this.picture.range;
    const cells = [];
    for (let index = top; index <= bottom; index += 1) {
      const row = this.rows.list[index];
      for (let place = left; place <= right; place += 1) {
        if (this.open(row, place)) cells.push({ row, place, text: "" });
      }
    }
    this.saving.change({ cells });
  }

  fillDown() {
    const { top, bottom, left, right } = this.picture.range;
    const from = top === bottom ? top - 1 : top;
    const source = this.rows.list[from];
    if (!source) return;
    const cells = [];
    for (let index = from + 1; index <= bottom; index += 1) {
      const row = this.rows.list[index];
      for (let place = left; place <= right; place += 1) {
        if (this.open(row, place)) cells.push({ row, place, text: source.texts[place] });
      }
    }
    this.saving.change({ cells });
  }

  async paste(text) {
    const same = this.copied && text.replace(/\r\n?/g, "\n").trimEnd() === this.copied.written.replace(/\r\n?/g, "\n").trimEnd();
    const block = same ? this.copied.texts : readBlock(text);
    if (!block.length) return;
    const { top, bottom, left, right } = this.picture.range;
    const width = block[0].length;
    // a block goes as often into what is selected as it fits there, as in a spreadsheet
    const down = (bottom - top + 1) % block.length === 0 ? bottom - top + 1 : block.length;
    const across = (right - left + 1) % width === 0 ? right - left + 1 : width;
    while (!this.rows.complete && top + down > this.rows.count) await this.rows.more();
    const cells = [];
    const added = [];
    let outside = 0;
    for (let at = 0; at < down; at += 1) {
      const row = this.rows.list[top + at];
      const fresh = this.rows.fields.map(() => undefined);
      for (let step = 0; step < across; step += 1) {
        const place = left + step;
        const value = block[at % block.length][step % width];
        if (place >= this.rows.fields.length) outside += 1;
        else if (row && this.open(row, place)) cells.push({ row, place, text: value });
        else if (row || this.rows.fields[place].fixed) outside += value === "" ? 0 : 1;
        else if (value !== "") fresh[place] = value;
      }
      if (!row && fresh.some((one) => one !== undefined)) added.push(fresh);
    }
    if (added.length && !this.may.create) {
      outside += added.length;
      added.length = 0;
    }
    if (outside) this.told.warn(this.words.outside, { count: outside });
    this.saving.change({ cells, added });
    this.picture.anchor = { row: top, column: left };
    this.picture.active = {
      row: Math.min(top + down - 1, Math.max(0, this.picture.count - 1)),
      column: Math.min(left + across - 1, this.rows.fields.length - 1),
    };
    this.picture.reveal();
  }
}
