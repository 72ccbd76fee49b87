// Pictures of every page, to look at: node tests/browser/shots.mjs FOLDER
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, launch, person, signIn } from './browser.mjs';
import { serve, town } from './fixture.mjs';

const folder = process.argv[2] ?? 'build/screens';
const only = process.argv[3];
mkdirSync(folder, { recursive: true });
const gateway = await serve(DIST, town(Date.parse('2026-03-13T13:05:00Z')), { demonstration: process.env.DEMO === '1' });
const browser = await launch();
const PAGES = [
  [undefined, 'signin', '/app/'],
  ['anna', 'inbox', '/app/casussen'], ['anna', 'offered', '/app/casussen/C41'], ['anna', 'active', '/app/casussen/C27'], ['anna', 'print', '/app/casussen/C27/plan'],
  ['anna', 'mailbox', '/app/meldingen'], ['anna', 'absence', '/app/afwezigheid'], ['anna', 'about', '/app/over'], ['anna', 'foreign', '/app/casussen/C40'],
  ['piet', 'unassigned', '/app/verdeling'], ['piet', 'followups', '/app/opvolging'], ['piet', 'reviews', '/app/huishoudens'], ['piet', 'regisseurs', '/app/regisseurs'],
  ['piet', 'holds', '/app/bewaren'], ['piet', 'case', '/app/casussen/C40'],
  ['els', 'requests', '/app/verzoeken'], ['els', 'glass', '/app/met-reden'], ['els', 'access', '/app/inzage'], ['els', 'audit', '/app/controle'],
  ['beheer', 'overview', '/app/overzicht'], ['beheer', 'rules', '/app/regels'], ['beheer', 'editor', '/app/regels/wijzigen'], ['beheer', 'proposals', '/app/voorstellen'],
  ['beheer', 'proposal', '/app/voorstellen/4'], ['beheer', 'versions', '/app/versies'], ['beheer', 'version', '/app/versies/2'], ['beheer', 'pauses', '/app/pauzes'],
  ['beheer', 'agencies', '/app/instanties'], ['beheer', 'agency', '/app/instanties/politie'], ['beheer', 'quiet', '/app/instanties/kredietbank'], ['beheer', 'queues', '/app/wachtrijen'], ['beheer', 'keys', '/app/sleutels'], ['beheer', 'deliveries', '/app/bezorging'], ['beheer', 'explain', '/app/uitleg'], ['beheer', 'explained', '/app/uitleg?over=C41'], ['beheer', 'storage', '/app/opslag'],
];
for (const [name, options] of [['1440', { viewport: { width: 1440, height: 900 } }], ['320', { viewport: { width: 320, height: 800 } }], ['dark', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }], ['320-dark', { viewport: { width: 320, height: 800 }, colorScheme: 'dark' }]]) {
  for (const account of [undefined, 'anna', 'piet', 'beheer', 'els']) {
    const { page, context } = await person(browser, options);
    await page.clock.setFixedTime(new Date('2026-03-13T13:05:00Z'));
    if (!PAGES.some(([who, title]) => who === account && (only === undefined || only === title))) { await context.close(); continue; }
    if (account !== undefined) await signIn(page, gateway.url, account);
    for (const [who, title, path] of PAGES) {
      if (who !== account || (only !== undefined && only !== title)) continue;
      await page.goto(gateway.url + path);
      await page.locator('h1').waitFor();
      await page.locator('.waiting').waitFor({ state: 'detached' }).catch(() => undefined);
      await page.screenshot({ path: join(folder, `${title}-${name}.png`), fullPage: true });
    }
    await context.close();
  }
}
await browser.close();
await gateway.close();
