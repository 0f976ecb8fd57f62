// What other people do meanwhile: asked for every few seconds, for the rows around the window.

const POLL_MS = 5000;
const AROUND = 60; // rows above and below the window that are kept new

class Others {
  constructor(sheet) {
    this.sheet = sheet;
    this.mark = "";
  }

  start() {
    setInterval(() => this.poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => this.poll());
  }

  async poll() {
    if (document.visibilityState !== "visible" || this.polling || this.ended) return;
    const busy = new Set(this.sheet.saving.queue.flatMap((part) => [...part.changes.map(([row]) => row), ...part.removed]));
    if (this.sheet.editor.editing) busy.add(this.sheet.editor.record); // who types is told of it when it is saved
    const from = Math.max(0, (this.sheet.picture.first ?? 0) - AROUND);
    const shown = this.sheet.rows.list.slice(from, (this.sheet.picture.last ?? 0) + AROUND).filter((row) => !busy.has(row) && !row.gone);
    this.polling = true;
    try {
      const answer = await this.sheet.server.ask(
        "/records/newer",
        {
          seen: Object.fromEntries(shown.slice(0, 400).map((row) => [row.id, row.rev])),
          since: this.mark,
          columns: this.sheet.rows.columns,
        },
        { polls: true },
      );
      this.heard(answer);
    } catch (error) {
      if (error instanceof Refused && [401, 403, 404].includes(error.status)) this.ended = true;
      // else the next question may be answered
    } finally {
      this.polling = false;
    }
  }

  heard(answer) {
    const busy = new Set(this.sheet.saving.queue.flatMap((part) => part.changes.map(([row]) => row)));
    if (this.sheet.editor.editing) busy.add(this.sheet.editor.record);
    let others = 0;
    for (const record of answer.records) {
      const row = this.sheet.rows.byId.get(record.id);
      if (!row || busy.has(row) || record.rev <= row.rev) continue;
      for (const place of this.sheet.rows.renew(record)) {
        others += 1;
        if (row.marks[place]?.state !== "problem") row.marks[place] = { state: "theirs" };
      }
    }
    for (const id of answer.gone) {
      const row = this.sheet.rows.byId.get(id);
      if (row) row.gone = true;
    }
    if (this.mark && answer.added) this.sheet.root.querySelector("[data-sheet-reload]").hidden = false;
    this.mark = answer.mark;
    if (!others && !answer.gone.length) return;
    if (others) this.sheet.say(this.sheet.words.others, { count: others });
    if (this.sheet.editor.editing) this.sheet.picture.renew();
    else this.sheet.draw();
  }
}
