// Changes go to the appliance one after another, so that each carries the state that the one before
// made. What was typed is shown at once, and marked until it is written.

const MOST_AT_ONCE = 200; // records in one request: a megabyte is what a request may hold

class Saving {
  constructor(rows, server, told) {
    this.rows = rows;
    this.server = server;
    this.told = told; // { drawn, problem, forgotten, elsewhere, failed, added, state }
    this.queue = [];
    this.running = false;
    this.past = [];
    this.future = [];
    this.steps = []; // undo and redo that wait until everything is written
  }

  get pending() {
    return this.queue.length > 0;
  }

  // cells: [{ row, place, text }], added: [[text or undefined by place]], removed: [row]
  change({ cells = [], added = [], removed = [], kind = "do" }) {
    const real = cells.filter(({ row, place, text }) => row.texts[place] !== text);
    if (!real.length && !added.length && !removed.length) return;
    const former = new Map();
    for (const { row, place, text } of real) {
      former.set(`${row.id} ${place}`, { text: row.texts[place], words: row.words[place] });
      row.texts[place] = text;
      row.words[place] = text;
      row.marks[place] = { state: "saving" };
      this.told.forgotten(row, place);
    }
    const work = { kind, former, done: { cells: [], added: [], removed: [] } };
    const byRow = new Map();
    for (const cell of real) byRow.set(cell.row, [...(byRow.get(cell.row) ?? []), cell]);
    const parts = [];
    const split = (list, make) => {
      for (let at = 0; at < list.length; at += MOST_AT_ONCE) parts.push(make(list.slice(at, at + MOST_AT_ONCE)));
    };
    split([...byRow], (some) => ({ changes: some, added: [], removed: [] }));
    split(added, (some) => ({ changes: [], added: some, removed: [] }));
    split(removed, (some) => ({ changes: [], added: [], removed: some }));
    parts.forEach((part, at) => this.queue.push({ ...part, work, last: at === parts.length - 1 }));
    if (kind === "do") this.future = [];
    this.told.drawn();
    this.told.state();
    this.run();
  }

  async run() {
    if (this.running) return;
    this.running = true;
    while (this.queue.length) {
      const part = this.queue[0];
      let answer;
      part.key ??= crypto.randomUUID();
      try {
        answer = await this.server.ask("/cells", this.body(part), { key: part.key });
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && ![401, 408, 429].includes(error.status)) {
          this.queue.shift();
          this.refuse(part, error.message);
          continue;
        }
        // nothing is lost: it is sent again when somebody asks for it
        this.running = false;
        this.told.failed(error);
        return;
      }
      this.queue.shift();
      this.settle(part, answer);
    }
    this.running = false;
    this.told.state();
    this.next();
  }

  body(part) {
    const id = (place) => this.rows.columns[place];
    const texts = (cells) => Object.fromEntries(cells.map(({ place, text }) => [id(place), text === "" ? null : text]));
    return {
      changes: part.changes.map(([row, cells]) => ({ record: row.id, rev: row.rev, values: texts(cells) })),
      added: part.added.map((values) =>
        texts(values.flatMap((text, place) => (text === undefined ? [] : [{ place, text }]))),
      ),
      removed: part.removed.map((row) => ({ record: row.id, rev: row.rev })),
      columns: this.rows.columns,
    };
  }

  back(part, row) {
    for (const [one, cells] of part.changes) {
      if (one !== row) continue;
      for (const { place } of cells) {
        const former = part.work.former.get(`${row.id} ${place}`);
        row.texts[place] = former.text;
        row.words[place] = former.words;
        delete row.marks[place];
      }
    }
  }

  refuse(part, told) {
    for (const [row, cells] of part.changes) {
      this.back(part, row);
      for (const { place, text } of cells) this.told.problem({ row, place, mine: text, told });
    }
    if (part.added.length || part.removed.length) this.told.problem({ row: null, place: 0, mine: "", told });
    this.finish(part);
  }

  settle(part, answer) {
    const { done, former } = part.work;
    const place = (field) => this.rows.columns.indexOf(field);
    const written = new Set(answer.records.map((record) => record.id));
    for (const record of [...answer.records, ...answer.newest]) {
      const row = this.rows.byId.get(record.id);
      if (!row) continue;
      const cells = part.changes.find(([one]) => one === row)?.[1] ?? [];
      if (written.has(record.id)) {
        for (const cell of cells) {
          done.cells.push({ id: row.id, place: cell.place, before: former.get(`${row.id} ${cell.place}`).text, after: cell.text });
        }
      }
      for (const cell of cells) delete row.marks[cell.place];
      this.keepQueued(row, record);
    }
    const gone = answer.refused.filter((one) => one.record && !one.field && !written.has(one.record));
    for (const one of gone) {
      const row = this.rows.byId.get(one.record);
      if (!row) continue;
      this.back(part, row);
      row.gone = true;
    }
    this.report(part, answer, place);
    const fresh = answer.added.map((record) => this.rows.put(record));
    done.added.push(...fresh.map((row) => row.id));
    if (answer.removed.length) {
      done.removed.push(...part.removed.filter((row) => answer.removed.includes(row.id)).map((row) => [...row.texts]));
      this.rows.remove(answer.removed);
    }
    if (fresh.length || answer.removed.length) this.told.added(fresh);
    this.finish(part);
  }

  // what waits behind this change stays on the page
  keepQueued(row, record) {
    const waiting = this.queue.flatMap((part) => part.changes).filter(([one]) => one === row).flatMap(([, cells]) => cells);
    this.rows.renew(record);
    for (const { place, text } of waiting) {
      row.texts[place] = text;
      row.words[place] = text;
    }
  }

  report(part, answer, place) {
    const typed = (id, at) => part.changes.find(([row]) => row.id === id)?.[1].find((cell) => cell.place === at)?.text ?? "";
    const named = new Set();
    for (const one of answer.conflicts) {
      const row = this.rows.byId.get(one.record);
      const at = place(one.field);
      named.add(`${one.record} ${at}`);
      this.told.problem({ row, place: Math.max(at, 0), mine: typed(one.record, at), by: one.by, at: one.at, conflict: true });
    }
    for (const one of answer.refused) {
      const row = one.record ? this.rows.byId.get(one.record) : null;
      const at = place(one.field);
      const mine = one.record ? typed(one.record, at) : (part.added[one.place]?.[at] ?? "");
      named.add(`${one.record} ${at}`);
      this.told.problem({
        row, place: Math.max(at, 0), mine, told: one.told, values: one.record ? null : part.added[one.place],
      });
    }
    // a record is written whole or not at all: its other cells are told too
    const stopped = new Set(answer.newest.map((record) => record.id));
    for (const [row, cells] of part.changes) {
      if (!stopped.has(row.id)) continue;
      for (const cell of cells) {
        if (!named.has(`${row.id} ${cell.place}`)) this.told.problem({ row, place: cell.place, mine: cell.text, along: true });
      }
    }
  }

  finish(part) {
    const { work } = part;
    if (part.last) {
      const { done } = work;
      if (done.cells.length || done.added.length || done.removed.length) {
        if (work.kind === "undo") this.future.push(done);
        else this.past.push(done);
      }
    }
    this.told.drawn();
    this.told.state();
  }

  again(from, kind) {
    const done = from.pop();
    if (!done) return;
    const row = (id) => this.rows.byId.get(id);
    if (![...done.cells.map((cell) => cell.id), ...done.added].every(row)) {
      from.push(done);
      this.told.elsewhere();
      return;
    }
    this.change({
      cells: done.cells.filter((cell) => row(cell.id)).map((cell) => ({ row: row(cell.id), place: cell.place, text: cell.before })),
      added: done.removed.map((texts) => this.rows.fields.map((field, place) => (field.fixed ? undefined : texts[place]))),
      removed: done.added.map(row).filter(Boolean),
      kind,
    });
  }

  undo() {
    this.steps.push("undo");
    this.next();
  }

  redo() {
    this.steps.push("redo");
    this.next();
  }

  next() {
    while (this.steps.length && !this.pending) {
      const step = this.steps.shift();
      this.again(step === "undo" ? this.past : this.future, step);
    }
  }
}
