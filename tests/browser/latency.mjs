// How long from a signal's POST to its case on a regisseur's screen: node tests/browser/latency.mjs [CASES]
// With a real broker, gateway and browser; says p50, p99 and the slowest in milliseconds, and judges nothing: what it is
// worth depends on what else the machine does.
import { WAIT_MS, launch, person, signIn } from './browser.mjs';
import { live } from './town.mjs';

const cases = Number(process.argv[2] ?? 100);
// All cases go to one regisseur.
const town = await live({ town: [['{id: r-bram, districts: ["*"]', '{id: r-bram, districts: ["XX"]'], ['capacity: 10, hard_capacity: 2000', 'capacity: 2000, hard_capacity: 2000']] });
const browser = await launch();
const { page } = await person(browser);
await signIn(page, town.url, 'anna', town.password);
await page.locator('main[data-live=live]').waitFor();
await page.evaluate(() => {
  // What is told of counts: the bar of new cases, or, in a list that was empty, the row itself.
  window.told = () => document.querySelectorAll('.row').length + Number(/\d+/.exec(document.querySelector('.arrivals__button')?.textContent ?? '')?.[0] ?? 0);
  window.when = (count, most) => new Promise((done, fail) => {
    setTimeout(() => fail(new Error(`case ${count} is not shown`)), most);
    const look = () => {
      if (window.told() < count) return;
      watch.disconnect();
      done(Date.now());
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
    look();
  });
});
const took = [];
for (let n = 0; n < cases; n++) {
  await town.signal('school', n);
  const seen = page.evaluate(([count, most]) => window.when(count, most), [n + 1, WAIT_MS]);
  const begun = Date.now();
  await town.signal('politie', n);
  took.push((await seen) - begun);
  if (n % 20 === 19) await page.evaluate(() => document.querySelector('.arrivals__button')?.click());
}
took.sort((a, b) => a - b);
const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
console.log(`from a signal's POST to its case on the regisseur's screen: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${took[took.length - 1]} ms, of ${took.length}`);
await browser.close();
await town.close();
