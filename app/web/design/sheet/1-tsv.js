// Blocks of cells as spreadsheets exchange them: tabs between cells, a line a row; a cell that holds
// a tab, a line end or a quote at its beginning stands in quotes, and quotes inside are doubled.

const readBlock = (text) => {
  const rows = [];
  let row = [];
  let at = 0;
  const ended = () => at >= text.length;
  const lineEnd = () => (text[at] === "\r" && text[at + 1] === "\n" ? 2 : /[\r\n]/.test(text[at] ?? "") ? 1 : 0);
  const plain = () => {
    const from = at;
    while (!ended() && text[at] !== "\t" && !lineEnd()) at += 1;
    return text.slice(from, at);
  };
  const quoted = () => {
    // a quote that never closes, or closes in the middle, is a character like any other
    let found = "";
    let here = at + 1;
    for (;;) {
      const next = text.indexOf('"', here);
      if (next < 0) return null;
      found += text.slice(here, next);
      if (text[next + 1] !== '"') {
        if (next + 1 < text.length && !/[\t\r\n]/.test(text[next + 1])) return null;
        at = next + 1;
        return found.replace(/\r\n?/g, "\n");
      }
      found += '"';
      here = next + 2;
    }
  };
  while (!ended()) {
    row.push((text[at] === '"' ? quoted() : null) ?? plain());
    if (text[at] === "\t") {
      at += 1;
      if (ended()) row.push("");
      else if (lineEnd()) row.push("");
      else continue;
    }
    rows.push(row);
    row = [];
    at += ended() ? 0 : lineEnd();
  }
  if (row.length) rows.push(row);
  const width = Math.max(1, ...rows.map((one) => one.length));
  return rows.map((one) => [...one, ...Array(width - one.length).fill("")]);
};

const writeBlock = (rows) =>
  rows
    .map((row) =>
      row.map((cell) => (/[\t\r\n]|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join("\t"),
    )
    .join("\r\n");

// what a spreadsheet would run as a formula becomes a text there, as in an exported file
const harmless = (cell) =>
  /^(\s*[=+\-@＝＋－＠]|[\t\r\n])/.test(cell) && !/^[+-]?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;
