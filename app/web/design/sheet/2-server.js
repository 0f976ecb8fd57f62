// What the sheet asks of the appliance: the operations of the REST API, as the person who is signed in.

class Refused extends Error {
  constructor(status, told) {
    super(told);
    this.status = status;
  }
}

class Server {
  constructor(table) {
    this.base = `/api/v1/tables/${table}`;
  }

  async ask(path, body, { polls = false, method = "POST", key = "" } = {}) {
    const headers = { accept: "application/json" };
    if (body) headers["content-type"] = "application/json";
    if (polls) headers["tenshu-poll"] = "1"; // nobody is at work because a page asks by itself
    if (key) headers["idempotency-key"] = key; // sent again, it is not done again
    const answer = await fetch(this.base + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      credentials: "same-origin",
    });
    if (answer.ok) return answer.json();
    let told = "";
    try {
      const problem = await answer.json();
      told = [problem.title, problem.detail].filter(Boolean).join(" ");
    } catch {
      // an answer without words has its number
    }
    throw new Refused(answer.status, told || `HTTP ${answer.status}`);
  }
}
