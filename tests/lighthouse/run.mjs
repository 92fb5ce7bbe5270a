// Measures pages with Lighthouse: {chrome, pages: [{url, form}]} on standard input, a JSON line per page on standard output.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const wanted = JSON.parse(await new Response(process.stdin).text());
const chrome = await launch({ chromePath: wanted.chrome, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
const screens = {
  mobile: { mobile: true, width: 390, height: 844, deviceScaleFactor: 2, disabled: false },
  desktop: { mobile: false, width: 1280, height: 800, deviceScaleFactor: 1, disabled: false },
};
// Only speed would need a page that has been still for seconds; any other throttling makes these at least five seconds each.
const unhurried = { pauseAfterFcpMs: 0, pauseAfterLoadMs: 200, networkQuietThresholdMs: 0, cpuQuietThresholdMs: 0, maxWaitForLoad: 15000 };
try {
  for (const page of wanted.pages) {
    const result = await lighthouse(page.url, {
      port: chrome.port, onlyCategories: ["accessibility", "best-practices"], logLevel: "error", formFactor: page.form,
      screenEmulation: screens[page.form], throttlingMethod: "simulate", disableFullPageScreenshot: true, ignoreStatusCode: true, ...unhurried,
    });
    const { categories, audits, finalDisplayedUrl } = result.lhr;
    const score = name => Math.round(100 * categories[name].score);
    const failed = Object.values(categories).flatMap(c => c.auditRefs)
      .filter(ref => ref.weight > 0 && audits[ref.id].score !== null && audits[ref.id].score < 1).map(ref => ref.id);
    console.log(JSON.stringify({ url: page.url, at: finalDisplayedUrl, form: page.form, accessibility: score("accessibility"),
      practices: score("best-practices"), failed: [...new Set(failed)] }));
  }
} finally {
  await chrome.kill();
}
