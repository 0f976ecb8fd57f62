// The records that are loaded: a window of the list, that grows at both ends while one scrolls. Where
// the appliance knows places in the list, the window can begin anywhere. Rows of the window are
// counted from its first one; `offset` is how many rows of the list lie above it, as far as known.

const PAGE = 200;
const AHEAD = 120; // rows below the window from which on the next page is fetched

class Rows {
  constructor(server, asked, fields) {
    this.server = server;
    this.asked = asked;
    this.fields = fields;
    this.columns = fields.map((field) => field.id);
    this.clear();
  }

  clear(offset = 0, after = "") {
    this.list = [];
    this.byId = new Map();
    this.offset = offset;
    this.after = after;
    this.before = "";
    this.complete = false;
    this.loading = null;
    this.turn = (this.turn ?? 0) + 1; // answers to what was asked before are of no use
  }

  // how many rows the list has, as far as it is known
  get whole() {
    const loaded = this.offset + this.count;
    return this.complete ? loaded : Math.max(loaded, this.known ?? 0);
  }

  async places() {
    const found = await this.server.ask("/records/places", { ...this.asked, columns: this.columns });
    this.every = found.every;
    this.marks = found.marks;
    this.known = found.rows;
  }

  // begin the window anew, at the place next above a row of the list
  async jump(index) {
    const place = Math.min(Math.floor(index / this.every), this.marks.length);
    this.clear(place * this.every, place ? this.marks[place - 1] : "");
    const { turn } = this;
    while (turn === this.turn && !this.complete && this.offset + this.count <= index + AHEAD) await this.more();
  }

  // the page above the window; returns how many rows came
  async above() {
    if (!this.before || this.loading) return 0;
    const { turn } = this;
    this.loading = this.ask({ before: this.before });
    const page = await this.loading.finally(() => {
      if (turn === this.turn) this.loading = null;
    });
    if (turn !== this.turn) return 0;
    const fresh = page.records.filter((record) => !this.byId.has(record.id)).map((record) => this.row(record));
    this.list.unshift(...fresh);
    this.before = page.before;
    // where less was above than was thought, or more, the window tells
    this.offset = page.before ? Math.max(0, this.offset - fresh.length) : 0;
    return fresh.length;
  }

  get count() {
    return this.list.length;
  }

  // the next page; whoever asks meanwhile waits for the same one
  more() {
    if (this.complete) return Promise.resolve();
    const { turn } = this;
    this.loading ??= this.fetch().finally(() => {
      if (turn === this.turn) this.loading = null;
    });
    return this.loading;
  }

  ask(at) {
    const asked = { ...this.asked, columns: this.columns, limit: PAGE, count: "none", typed: true, ...at };
    return this.server.ask("/records/search", asked);
  }

  async fetch() {
    const { turn } = this;
    const first = this.count === 0;
    const page = await this.ask({ after: this.after });
    if (turn !== this.turn) return;
    if (first) this.before = page.before;
    // one that was added here stands in the list already
    for (const record of page.records) if (!this.byId.has(record.id)) this.put(record);
    this.after = page.after;
    this.complete = !page.after;
  }

  put(record) {
    const row = this.row(record);
    this.list.push(row);
    return row;
  }

  row(record) {
    const row = { id: record.id, rev: record.rev, words: record.words, texts: record.texts, marks: {} };
    this.byId.set(row.id, row);
    return row;
  }

  // a record as it stands now; returns the places of the cells that are others than before
  renew(record) {
    const row = this.byId.get(record.id);
    if (!row) return [];
    const others = row.texts.flatMap((text, place) => (text === record.texts[place] ? [] : [place]));
    Object.assign(row, { rev: record.rev, words: record.words, texts: record.texts });
    return others;
  }

  remove(ids) {
    const gone = new Set(ids);
    this.list = this.list.filter((row) => !gone.has(row.id));
    for (const id of gone) this.byId.delete(id);
  }
}
