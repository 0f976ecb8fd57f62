// Lighthouse on pages, one after the other, in one browser:
//   node lighthouse.mjs MODULES CHROMIUM PROFILE < pages.json
// pages.json: [{"url": …, "cookie": "name=value" or ""}]; answer: [{"url", "scores", "failed", "error"}].
// A trace that was not recorded (NO_NAVSTART, on a busy machine) is Lighthouse's to record again.
// Cookies go into a header of their own: its command line would show them to every process.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium, profile] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.join(modules, file)));
const { default: lighthouse, desktopConfig } = await load("lighthouse/core/index.js");
const { launch } = await load("chrome-launcher/dist/index.js");

const browser = await launch({
  chromePath: chromium,
  userDataDir: profile,
  chromeFlags: [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--lang=ja",
    "--ignore-certificate-errors",
    "--host-resolver-rules=MAP *.home.arpa 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
});
const told = [];
try {
  for (const { url, cookie } of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const flags = {
      port: browser.port,
      logLevel: "error",
      onlyCategories: ["accessibility", "best-practices", "performance"],
      disableFullPageScreenshot: true,
      extraHeaders: cookie ? { Cookie: cookie } : {},
    };
    let { lhr } = await lighthouse(url, flags, desktopConfig);
    if (lhr.runtimeError?.code === "NO_NAVSTART") ({ lhr } = await lighthouse(url, flags, desktopConfig));
    const failed = Object.values(lhr.audits)
      .filter((audit) => audit.score !== null && audit.score < 0.9)
      .map((audit) => [audit.id, audit.score, audit.displayValue ?? ""]);
    const scores = Object.entries(lhr.categories).map(([id, { score }]) => [id, Math.round(score * 100)]);
    told.push({
      url: lhr.finalDisplayedUrl,
      scores: Object.fromEntries(scores),
      failed,
      error: lhr.runtimeError?.code ?? "",
    });
  }
} finally {
  browser.kill();
}
console.log(JSON.stringify(told));
