// Debian's Chromium without a window, and what every test of a page asks of it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';

const from = createRequire(new URL('../../clients/console/package.json', import.meta.url));
const { chromium } = from('playwright-core');
const axe = readFileSync(from.resolve('axe-core/axe.min.js'), 'utf8');

export const DIST = new URL('../../clients/console/dist/', import.meta.url).pathname;
export const WAIT_MS = Number(process.env.VDR_WAIT_S ?? 60) * 1000;

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  assert.ok(executablePath, 'no Chromium: deploy/packages test installs it');
  return chromium.launch({ executablePath, args: ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])] });
}

/** A browser of one person: nothing of other tests in it. Anything that the page's rules forbid or that breaks is kept. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'nl-NL', reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    // A refused request is told by the page itself, in words.
    if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text())) wrong.push(message.text());
  });
  return { page, context, wrong };
}

export async function signIn(page, url, account, password = 'goed') {
  await page.goto(`${url}/app/`);
  await page.getByLabel(/Gebruikersnaam|User name/).fill(account);
  await page.getByLabel(/Wachtwoord|Password/).fill(password);
  await page.getByRole('button', { name: /^(Inloggen|Sign in)$/ }).click();
  await page.locator('header.bar').waitFor().catch(async (error) => {
    throw new Error(`${account} is not let in: ${await page.locator('body').innerText()}`, { cause: error });
  });
}

/**
 * So long goes by at once on a page whose clock is led. The library's jump is lost at times, when its own tick began before it
 * and ends after it; so the clock is read again a while later, and led again.
 */
export async function passes(page, ms) {
  const until = (await page.evaluate(() => Date.now())) + ms;
  for (let turn = 0; ; turn++) {
    await page.waitForTimeout(turn === 0 ? 0 : 200);
    const left = until - (await page.evaluate(() => Date.now()));
    if (turn > 0 && left <= 0) return;
    assert.ok(turn < 20, 'the clock of the page cannot be led');
    if (left > 0) await page.clock.fastForward(left);
  }
}

/** What axe finds on the page as it stands: nothing. */
export async function accessible(page, what) {
  await page.evaluate(axe + '; void 0').catch(async () => page.addScriptTag({ content: axe }));
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const told = found.violations.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')} ${node.failureSummary}`));
  assert.deepEqual(told, [], what);
}

/** Nothing sticks out at the side. */
export async function fits(page, what) {
  const [has, wants] = await page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
  assert.ok(wants <= has, `${what}: ${wants} wide in ${has}`);
  if (has > 320) return;
  const wide = await page.evaluate(() => [...document.querySelectorAll('.scroll:has(table)')].filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.querySelector('th')?.textContent));
  assert.deepEqual(wide, [], `${what}: tables that scroll sideways`);
}
