// A list as a sheet: puts the parts together in the place of the plain list, which stays what there is
// without a script.

const NARROW = "(width < 40rem)"; // a phone has no room for frozen columns

class Sheet {
  constructor(root) {
    const said = JSON.parse(root.dataset.sheet);
    Object.assign(this, { root, said, words: { ...root.dataset } });
    for (const name of Object.keys(this.words)) {
      if (name.startsWith("word")) this.words[name[4].toLowerCase() + name.slice(5)] = this.words[name];
    }
    const stage = root.querySelector("[data-sheet-stage]");
    this.server = new Server(said.table);
    this.rows = new Rows(this.server, said.asked, said.fields);
    this.picture = new Picture(root, stage, this.rows, said.fields, this.words, said.base);
    this.saving = new Saving(this.rows, this.server, {
      drawn: () => this.draw(),
      problem: (one) => this.problems.tell(one),
      elsewhere: () => this.warn(this.words.elsewhere),
      forgotten: (row, place) => this.problems.settled(row, place),
      failed: (error) => this.problems.unsent(error),
      added: (fresh) => this.added(fresh),
      state: () => this.state(),
    });
    this.editor = new Editor(stage, this.picture, this.server, this.words);
    this.editor.mayWrite = (row) => (row.id ? said.may.edit : said.may.create);
    this.blocks = new Blocks({
      picture: this.picture, rows: this.rows, saving: this.saving, server: this.server,
      words: this.words, told: this, may: said.may, free: said.free,
    });
    this.hand = new Hand({
      picture: this.picture, editor: this.editor, blocks: this.blocks, saving: this.saving,
      rows: this.rows, leave: (back) => this.leave(back),
    });
    this.hand.onMove = () => this.problems.note();
    this.hand.onFar = (row) => this.far(row);
    this.hand.onResize = () => this.remember();
    this.picture.onDrawn = () => this.scrolled();
    this.status = root.querySelector("[data-sheet-status]");
    this.problems = new Problems(this);
    this.others = new Others(this);
    if (said.may.create) this.picture.blank = this.emptyRow();
    this.buttons();
    this.recall();
    matchMedia(NARROW).addEventListener("change", () => this.recall());
    root.classList.add("on");
    stage.hidden = false;
    root.querySelector("[data-sheet-bar]").hidden = false;
    root.querySelector("[data-sheet-plain]").remove();
    this.start();
  }

  emptyRow() {
    return { id: 0, rev: 0, words: this.said.fields.map(() => ""), texts: this.said.fields.map(() => ""), marks: {} };
  }

  async start() {
    try {
      await this.rows.more();
    } catch (error) {
      this.warn("{reason}", { reason: error.message });
    }
    if (!this.rows.complete) {
      try {
        await this.rows.places();
      } catch {
        // the list is read from page to page, as it is without places
      }
    }
    this.draw();
    this.editor.fit();
    this.root.dataset.ready = "";
    this.state();
    this.others.start();
    addEventListener("beforeunload", (event) => this.saving.pending && event.preventDefault());
  }

  draw() {
    this.picture.renew();
    this.editor.fit();
    this.problems.note();
  }

  scrolled() {
    this.editor.fit();
    this.problems.note();
    if (this.loads || this.rows.loading || !this.rows.count) return;
    const { picture, rows } = this;
    let load;
    if (rows.marks?.length && (picture.bottom < 0 || picture.top > rows.count + AHEAD)) {
      if (this.saving.pending || this.editor.editing) return; // it goes on when that is done
      const row = Math.floor(picture.onTop);
      load = () => this.begin(row, row);
    } else if (rows.before && picture.top < AHEAD / 2) load = () => this.above();
    else if (!rows.complete && picture.last + AHEAD >= rows.count) load = () => rows.more();
    else return;
    this.loads = true;
    load().then(
      () => {
        this.loads = false;
        this.picture.draw();
        this.state();
      },
      (error) => {
        this.loads = false; // it is tried again when somebody scrolls
        this.warn("{reason}", { reason: error.message });
      },
    );
  }

  // the window of rows begins anew around a row of the list; not while something is to be saved
  async begin(row, active) {
    if (this.saving.pending || this.editor.editing) return;
    this.root.dataset.state = "loading";
    await this.rows.jump(row);
    const { picture, rows } = this;
    const now = Math.max(0, Math.min(active - rows.offset, picture.count - 1));
    picture.active = { row: now, column: picture.active.column };
    picture.anchor = { ...picture.active };
    this.draw();
  }

  async above() {
    const count = await this.rows.above();
    for (const one of [this.picture.active, this.picture.anchor]) one.row += count;
    this.draw();
  }

  async far(row) {
    const at = row - this.rows.offset;
    if (!this.rows.marks?.length || this.loads || (at >= 0 && at < this.rows.count)) return;
    this.loads = true;
    try {
      await this.begin(row, row);
    } catch (error) {
      this.warn("{reason}", { reason: error.message });
    } finally {
      this.loads = false;
    }
  }

  fill(text, values = {}) {
    return text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
  }

  // the words for as many as there are: English has others for one
  told(text, values) {
    const one = String(values?.count) === "1" && Object.keys(this.words).find((name) => this.words[name] === text);
    return this.fill((one && this.words[`${one}One`]) || text, values);
  }

  say(text, values) {
    this.status.textContent = this.told(text, values);
  }

  warn(text, values) {
    const detail = { text: this.told(text, values), kind: "danger" };
    document.dispatchEvent(new CustomEvent("toast", { detail }));
  }

  state() {
    const { saving, rows } = this;
    const cells = saving.queue.reduce((sum, part) => sum + part.changes.reduce((all, [, some]) => all + some.length, 0) + part.added.length, 0);
    if (saving.pending) this.say(this.words.saving, { count: cells || 1 });
    else if (saving.past.length || saving.future.length) this.say(this.words.saved);
    else this.say(rows.complete || rows.known ? this.words.rows : this.words.rowsSoFar, { count: rows.whole.toLocaleString() });
    this.root.dataset.state = saving.pending ? "saving" : "still";
    this.root.querySelector("[data-sheet-undo]").disabled = saving.pending || !saving.past.length;
    this.root.querySelector("[data-sheet-redo]").disabled = saving.pending || !saving.future.length;
  }

  buttons() {
    const on = (name, run) =>
      this.root.querySelector(`[data-sheet-${name}]`)?.addEventListener("click", () => {
        run();
        this.editor.focus();
      });
    on("undo", () => this.saving.undo());
    on("redo", () => this.saving.redo());
    on("freeze", () => {
      const upTo = this.picture.active.column + 1;
      this.picture.frozen = this.picture.frozen === upTo ? 0 : upTo;
      this.picture.arrange();
      this.remember();
    });
    on("reload", () => this.reload());
  }

  async reload() {
    this.root.querySelector("[data-sheet-reload]").hidden = true;
    this.others.mark = "";
    const { rows, picture } = this;
    const row = rows.offset + picture.active.row;
    const wanted = Math.max(picture.last, 1);
    if (rows.offset) await this.begin(row, row);
    else {
      rows.clear();
      while (!rows.complete && rows.count <= wanted) await rows.more();
    }
    this.draw();
    this.state();
  }

  // widths and what is frozen: kept in this browser, for this person and this table
  get key() {
    return `tenshu-sheet-${this.said.owner}-${this.said.table}`;
  }

  remember() {
    const widths = Object.fromEntries(this.said.fields.map((field, place) => [field.id, this.picture.widths[place]]));
    try {
      localStorage.setItem(this.key, JSON.stringify({ widths, frozen: this.picture.frozen }));
    } catch {
      // a browser that keeps nothing shows the usual widths
    }
  }

  recall() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(this.key)) ?? {};
    } catch {
      // as if nothing was kept
    }
    this.said.fields.forEach((field, place) => {
      const width = Number(kept.widths?.[field.id]);
      if (width >= NARROWEST && width <= WIDEST) this.picture.widths[place] = width;
    });
    const narrow = matchMedia(NARROW).matches;
    const frozen = Number.isInteger(kept.frozen) ? kept.frozen : 1;
    this.picture.frozen = narrow ? 0 : Math.max(0, Math.min(frozen, this.said.fields.length));
    this.picture.arrange();
  }

  added(fresh) {
    this.others.mark = ""; // what is new is known: it came from here
    if (this.said.may.create) this.picture.blank = this.emptyRow();
    if (fresh.length) this.say(this.words.addedRows, { count: fresh.length });
    const { active, anchor, count } = this.picture;
    active.row = Math.max(0, Math.min(active.row, count - 1));
    anchor.row = Math.max(0, Math.min(anchor.row, count - 1));
  }

  leave(back) {
    const after = this.problems.list.querySelector("button") ?? this.root.querySelector("[data-sheet-keys] summary");
    const before = this.root.querySelector("[data-sheet-bar] button:not([disabled])");
    (back ? before : after)?.focus();
  }
}

tenshu.attach("[data-sheet]", (root) => new Sheet(root));
