// MDN HTTP Observatory on one address, as somebody who holds a cookie:
//   node observatory.mjs MODULES HOST:PORT/PATH [SET-COOKIE]
// Its own command line knows neither cookies nor names that only the tests know.
import dns from "node:dns";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, address, cookie] = process.argv.slice(2);
const source = path.join(modules, "@mdn", "mdn-http-observatory", "src");
const load = (file) => import(pathToFileURL(path.join(source, file)));

const lookup = dns.lookup;
dns.lookup = (name, options, done) =>
  lookup(name.endsWith(".home.arpa") ? "127.0.0.1" : name, options, done);

const { Session } = await load("retriever/session.js");
const { scan } = await load("scanner/index.js");
Session.fromUrl = async (url, options) => {
  const session = new Session(url, options);
  if (cookie && url.protocol === "https:") session.jar.setCookieSync(cookie, url.href);
  return session.init();
};

const { scan: result, tests } = await scan(address);
const told = Object.entries(tests).map(([name, test]) => [name, [test.result, test.pass]]);
console.log(JSON.stringify({ ...result, tests: Object.fromEntries(told) }));
