// The one text box of the sheet. It always has the focus while somebody works in the sheet and lies
// over the active cell, unseen until something is typed: so an input method (Japanese) finds its place
// from the first key on.

const CHOOSES = new Set(["select", "multi_select", "checkbox", "person", "group", "link", "links"]);
const SEVERAL = new Set(["multi_select", "links"]);

class Editor {
  constructor(stage, picture, server, words) {
    Object.assign(this, { stage, picture, server, words });
    this.box = stage.querySelector("[data-sheet-input]");
    this.list = stage.querySelector("[data-sheet-options]");
    this.day = stage.querySelector("[data-sheet-day]");
    this.editing = false;
    this.quick = false;
    this.coarse = matchMedia("(pointer: coarse)").matches;
    this.box.inputMode = this.coarse ? "none" : "";
    this.options = [];
    this.chosen = -1;
    this.asked = 0;
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take(Number(option.dataset.place), true);
    });
    this.day.addEventListener("change", () => {
      if (this.day.value) this.box.value = this.day.value;
      this.focus();
    });
    this.box.addEventListener("input", () => {
      if (!this.editing) this.begin({ quick: true, keep: true });
      else this.suggest();
      this.fit();
    });
  }

  get field() {
    return this.picture.fields[this.picture.active.column];
  }

  get record() {
    return this.picture.at(this.picture.active.row);
  }

  get closed() {
    return !this.record || this.record.gone || this.field.fixed || !this.mayWrite(this.record);
  }

  focus() {
    this.box.focus({ preventScroll: true });
  }

  // begin with what stands in the cell, or with what was typed already
  begin({ quick = false, keep = false, text } = {}) {
    if (this.closed) {
      this.box.value = "";
      return false;
    }
    this.editing = true;
    this.quick = quick;
    this.picture.reveal();
    const { column } = this.picture.active;
    // what could not be written is still there to be corrected
    if (!keep) this.box.value = text ?? this.record.marks[column]?.mine ?? this.record.texts[column] ?? "";
    this.stage.classList.add("editing");
    if (this.coarse) {
      this.box.inputMode = "";
      this.box.blur(); // the keyboard of a phone comes with the focus
    }
    this.focus();
    if (!keep) this.box.setSelectionRange(this.box.value.length, this.box.value.length);
    this.onBegin?.();
    this.fit();
    this.suggest(!quick);
    this.day.hidden = !["date", "date_time"].includes(this.field.kind);
    if (!this.day.hidden) this.day.value = /^\d{4}-\d\d-\d\d/.exec(this.box.value)?.[0] ?? "";
    return true;
  }

  end() {
    const { value } = this.box;
    this.editing = false;
    this.quick = false;
    this.box.value = "";
    if (this.coarse) this.box.inputMode = "none";
    this.stage.classList.remove("editing");
    this.hide();
    this.day.hidden = true;
    this.fit();
    return value;
  }

  // over its cell; as large as its text while it is written
  fit() {
    const cell = this.picture.activeCell;
    if (!cell) return;
    const { frame } = this.picture;
    const outer = this.stage.getBoundingClientRect();
    const here = cell.getBoundingClientRect();
    const { style } = this.box;
    style.left = `${here.left - outer.left - frame.clientLeft + frame.scrollLeft}px`;
    style.top = `${here.top - outer.top - frame.clientTop + frame.scrollTop}px`;
    style.width = `${Math.max(here.width, this.editing ? 160 : 0)}px`;
    style.height = `${here.height}px`;
    if (this.editing && this.box.scrollHeight > here.height + 4) {
      style.height = `${Math.min(this.box.scrollHeight + 2, 200)}px`;
    }
    for (const below of [this.list, this.day]) {
      below.style.left = `${Math.max(0, Math.min(here.left - outer.left, outer.width - below.offsetWidth))}px`;
      below.style.top = `${here.top - outer.top + this.box.offsetHeight}px`;
    }
    if (!this.list.hidden) this.box.setAttribute("aria-controls", this.list.id);
    else {
      this.box.setAttribute("aria-controls", this.picture.grid.id);
      this.box.setAttribute("aria-activedescendant", cell.id);
    }
  }

  async suggest(all = false) {
    const { field } = this;
    if (!CHOOSES.has(field.kind)) return;
    const whole = this.box.value;
    const part = (SEVERAL.has(field.kind) ? whole.slice(whole.lastIndexOf(";") + 1) : whole).trim();
    const wanted = all ? "" : part;
    this.asked += 1;
    const turn = this.asked;
    let names;
    if (field.kind === "checkbox") names = [["TRUE", this.words.yes], ["FALSE", this.words.no]];
    else if (field.options) {
      const folded = wanted.normalize("NFKC").toLowerCase();
      names = field.options.filter((name) => name.normalize("NFKC").toLowerCase().includes(folded)).map((name) => [name, name]);
    } else {
      try {
        const query = new URLSearchParams({ search: wanted.slice(0, 200), limit: 20 });
        const found = await this.server.ask(`/fields/${field.id}/choices?${query}`, null, { method: "GET" });
        names = found.names.map((name) => [name, name]);
      } catch {
        names = []; // what is typed is read all the same
      }
    }
    if (turn !== this.asked || !this.editing) return;
    this.options = names;
    this.chosen = names.findIndex(([text]) => text === part);
    if (this.chosen < 0 && part && names.length && field.options) this.chosen = 0;
    this.list.replaceChildren(
      ...names.map(([, shown], place) => {
        const option = make("div", "sheet-option", { role: "option", "data-place": place });
        option.id = `${this.list.id}-${place}`;
        option.textContent = shown;
        return option;
      }),
    );
    this.list.hidden = !names.length;
    this.point();
  }

  point() {
    [...this.list.children].forEach((option, place) => {
      option.setAttribute("aria-selected", place === this.chosen);
      if (place === this.chosen) option.scrollIntoView({ block: "nearest" });
    });
    this.fit();
    if (!this.list.hidden) {
      this.box.setAttribute("aria-controls", this.list.id);
      if (this.chosen >= 0) this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
      else this.box.removeAttribute("aria-activedescendant");
    }
  }

  step(by) {
    if (this.list.hidden || !this.options.length) return false;
    this.chosen = (this.chosen + by + this.options.length) % this.options.length;
    this.moved = true;
    this.point();
    return true;
  }

  take(place, commits) {
    const option = this.options[place];
    if (!option) return;
    const several = SEVERAL.has(this.field.kind);
    const before = several ? this.box.value.slice(0, this.box.value.lastIndexOf(";") + 1) : "";
    this.box.value = before ? `${before} ${option[0]}` : option[0];
    this.hide();
    if (commits) this.onTaken?.();
  }

  // the option that is pointed at, where somebody chose it or it is the only one that fits
  settle() {
    if (this.list.hidden || this.chosen < 0) return;
    if (this.moved || this.box.value.trim()) this.take(this.chosen, false);
  }

  hide() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.options = [];
    this.chosen = -1;
    this.moved = false;
    this.asked += 1;
  }

  pick() {
    if (!this.day.hidden) {
      this.day.focus();
      try {
        this.day.showPicker();
      } catch {
        // a browser without one lets the day be typed
      }
    } else this.suggest(true);
  }
}
