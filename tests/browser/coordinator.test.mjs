// What a coordinator sees to, by keyboard alone, with a real broker and a real gateway behind the page: what nobody took, what was
// not followed up, households that may be one, who is away. And the plan on paper.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from './browser.mjs';
import { desk } from './desk.mjs';
import { bsn, live } from './town.mjs';

let browser, town, fresh, at, over, shown, aCase;
before(async () => {
  browser = await launch();
  // A service has a second to follow up.
  town = await live({
    limits: 'requests_per_second: 1000, burst: 2000, streams_per_caller: 32',
    catalogue: [['domain: education, agencies: [school], severity: 2, kind: event,', 'domain: education, agencies: [school], severity: 2, kind: event, follow_up: 1s,']],
  });
  ({ fresh, at, over, shown, aCase } = desk(browser, town));
});
after(async () => {
  await browser?.close();
  await town?.close();
});

const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Tab, until what has the focus begins with this text: a button, a link, or a field by its label. */
async function tabTo(page, wanted) {
  for (let i = 0; i < 80; i++) {
    const here = await page.evaluate(() => {
      const active = document.activeElement;
      return (active?.getAttribute('aria-label') ?? active?.labels?.[0]?.textContent ?? active?.textContent ?? '').trim();
    });
    if (typeof wanted === 'string' ? here.startsWith(wanted) : wanted.test(here)) return;
    await press(page, 'Tab');
  }
  assert.fail(`${wanted} is not reached with Tab`);
}

const top = (page) => page.locator('h1').evaluate((heading) => heading.focus());
const shut = (page) => page.waitForFunction(() => document.querySelector('dialog') === null);

test('a case that both gave back is given by keyboard; one that somebody has is given to another', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const piet = await at('piet');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  for (const page of who === 0 ? pages : [...pages].reverse()) {
    await shown(page, id);
    await top(page);
    for (let i = 0; i < 20 && !(await page.evaluate(() => document.activeElement?.textContent ?? '')).includes(id); i++) await press(page, 'j');
    await press(page, 'w');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Ik heb nu geen ruimte');
    await press(page, 'Space');
    await tabTo(page, 'Teruggeven');
    await press(page, 'Enter');
    await page.getByText(`U heeft casus ${id} teruggegeven.`).waitFor();
  }
  const { page } = piet;
  await shown(page, id);
  await top(page);
  for (let i = 0; i < 20 && !(await page.evaluate(() => document.activeElement?.textContent ?? '')).includes(id); i++) await press(page, 'j');
  await press(page, 't');
  await page.getByRole('dialog').waitFor();
  await page.getByRole('radio').first().waitFor();
  await tabTo(page, /^Anna|^Bram/);
  await press(page, 'Space');
  const first = await page.getByRole('radio', { name: /Anna/ }).isChecked() ? 'Anna' : 'Bram';
  await tabTo(page, 'Toewijzen');
  await press(page, 'Enter');
  await page.getByText(`Casus ${id} is aangeboden aan ${first}.`).waitFor();
  const [holder, next, name] = first === 'Anna' ? [anna.page, bram.page, 'Bram'] : [bram.page, anna.page, 'Anna'];
  await shown(holder, id);
  // From the one to the other, who has it then; the first reads what happened.
  await holder.goto(`${town.url}/app/casussen/${id}`);
  await holder.getByRole('button', { name: 'Aannemen' }).waitFor();
  await press(holder, 'a');
  await holder.getByRole('button', { name: 'Plan maken' }).waitFor();
  await page.goto(`${town.url}/app/casussen/${id}`);
  await page.getByRole('heading', { name: `Casus ${id}`, level: 1 }).waitFor();
  await tabTo(page, 'Aan iemand anders geven');
  await press(page, 'Enter');
  await page.getByRole('radio').first().waitFor();
  await tabTo(page, name);
  await press(page, 'Space');
  await tabTo(page, 'Toewijzen');
  await press(page, 'Enter');
  await page.getByText(`Casus ${id} is aangeboden aan ${name}.`).waitFor();
  await shown(next, id);
  await holder.getByText(`Casus ${id} is niet meer van u`).waitFor();
  await over(anna, bram, piet);
});

test('offers that nobody accepts in time go round, and come to whoever distributes, with who let them pass', async (t) => {
  // A town of its own: here a regisseur has a second.
  const own = await live({ town: [['normal: 3d', 'normal: 1s']] });
  t.after(() => own.close());
  const quick = desk(browser, own);
  const piet = await quick.at('piet');
  const { page } = piet;
  await own.household(10);
  await quick.shown(page, 'C1');
  await page.reload();
  const passed = page.getByRole('region', { name: 'Niet op tijd aangenomen' });
  for (const name of ['Anna', 'Bram']) await passed.getByText(`${name} nam casus C1 niet op tijd aan`).waitFor();
  assert.equal(await passed.getByRole('listitem').count(), 2);
  await accessible(page, 'what was not accepted in time');
  await page.locator('[data-id="C1"]').getByRole('button', { name: 'Casus C1 toewijzen' }).waitFor();
  await quick.over(piet);
});

test('what a service did not follow up in time comes by itself, and goes when it answers', async () => {
  const piet = await at('piet');
  const { page } = piet;
  await page.goto(`${town.url}/app/opvolging`);
  await page.getByRole('heading', { name: 'Opvolging', level: 1 }).waitFor();
  await page.locator('main[data-live=live]').waitFor();
  const id = 'nobody-followed-up';
  await town.signal('school', fresh(), {}, id);
  await page.locator('.arrivals__button').or(page.getByRole('heading', { name: /^Jeugdteam/ })).first().waitFor();
  await page.evaluate(() => document.querySelector('.arrivals__button')?.click());
  await page.getByRole('row').filter({ hasText: 'Verzuim' }).first().waitFor();
  await accessible(page, 'what was not followed up');
  const { items } = await page.evaluate(async () => (await fetch('/v1/follow-ups')).json());
  for (const item of items) await town.post('service:jeugdteam', `/v1/signals/${item.id}/feedback`, { agency: 'school', result: 'Gesproken met de ouders.' });
  await page.reload();
  await page.getByText('Alle signalen zijn op tijd opgevolgd').waitFor();
  await over(piet);
});

test('households that may be one: joined, told apart, and split, by keyboard', async () => {
  const piet = await at('piet');
  const { page } = piet;
  await page.goto(`${town.url}/app/huishoudens`);
  await page.getByRole('heading', { name: 'Huishoudens', level: 1 }).waitFor();
  // Persons known apart, then named together: may they be one household?
  const together = async (first, second) => {
    await town.signal('school', first, { persons: [{ bsn: bsn(first), role: 'youth' }, { bsn: bsn(second), role: 'adult' }] });
    await page.locator('.arrivals__button').or(page.locator('.pair:not(.row--gone)')).first().waitFor();
    await page.evaluate(() => document.querySelector('.arrivals__button')?.click());
    await page.locator('.pair:not(.row--gone) .pair__side').nth(1).waitFor();
  };
  const answer = async (button, go, said) => {
    await top(page);
    await tabTo(page, button);
    await press(page, 'Enter');
    await page.getByRole('dialog').waitFor();
    await accessible(page, String(button));
    await tabTo(page, go);
    await press(page, 'Enter');
    await page.getByText(said).waitFor();
    await shut(page);
  };
  const [apart, other] = [fresh(), fresh()];
  for (const person of [apart, other]) await town.signal('school', person);
  await together(apart, other);
  await answer(/zijn niet hetzelfde$/, 'Apart houden', 'De vraag is van de lijst.');
  await page.getByText('Niets te beoordelen').waitFor();

  const one = fresh();
  for (const person of [one, one + 1, one + 2]) await town.signal('school', person);
  await together(one, one + 1);
  await answer(/samenvoegen$/, 'Samenvoegen', /zijn nu één huishouden/);
  await page.getByText('Niets te beoordelen').waitFor();
  // A third one may be of them; one of the two is not, and goes first.
  await together(one, one + 2);
  await top(page);
  await tabTo(page, /^H\d+ splitsen/);
  await press(page, 'Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'Splitsen');
  await press(page, 'Enter');
  await page.getByRole('dialog').getByText('Kies ten minste één').waitFor();
  await accessible(page, 'splitting, with nobody ticked');
  await tabTo(page, /BSN \d{9}$|^Persoon \d/);
  await press(page, 'Space');
  await tabTo(page, 'Splitsen');
  await press(page, 'Enter');
  await page.getByText(/is gesplitst/).waitFor();
  await shut(page);
  await over(piet);
});

test('an absence is written down and taken back by keyboard, by the coordinator and by the regisseur', async () => {
  const anna = await at('anna');
  const piet = await at('piet');
  await anna.page.goto(`${town.url}/app/afwezigheid`);
  await anna.page.getByRole('heading', { name: 'Mijn afwezigheid', level: 1 }).waitFor();
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const { page } = anna;
  await page.getByLabel('Eerste dag').fill(day(3)); // how a date is typed is the browser's
  await page.getByLabel('Laatste dag').fill(day(9));
  await tabTo(page, 'Toevoegen');
  await press(page, 'Enter');
  await page.getByText('De afwezigheid is opgeslagen.').waitFor();
  await accessible(page, 'an absence');
  await piet.page.goto(`${town.url}/app/regisseurs`);
  await piet.page.getByRole('heading', { name: 'Regisseurs', level: 1 }).waitFor();
  await tabTo(piet.page, 'Afwezigheid van Anna');
  await press(piet.page, 'Enter');
  await tabTo(piet.page, 'Weghalen');
  await press(piet.page, 'Enter');
  await piet.page.getByText('Geen afwezigheid opgegeven.').waitFor();
  await page.reload();
  await page.getByText('Geen afwezigheid opgegeven.').waitFor();
  await over(anna, piet);
});

test('the plan on paper has what, who and when, and no numbers of persons', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  const page = pages[who];
  await page.goto(`${town.url}/app/casussen/${id}`);
  await page.getByRole('button', { name: 'Aannemen' }).click();
  await page.getByRole('button', { name: 'Plan maken' }).click();
  await page.getByLabel('Wat willen we bereiken?').fill('Elke dag naar school.');
  await page.getByLabel('Wie zorgt ervoor?').selectOption({ label: 'Het gezin' });
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByText('Het plan is opgeslagen.').waitFor();
  await page.getByRole('link', { name: 'Voor het gezin (afdrukken)' }).click();
  await page.getByRole('heading', { name: 'Ons plan', level: 1 }).waitFor();
  await page.getByText('Elke dag naar school.').waitFor();
  await page.emulateMedia({ media: 'print' });
  const words = await page.locator('main').innerText();
  assert.match(words, /Het gezin/);
  assert.match(words, /Handtekening gezin/);
  assert.doesNotMatch(words, /\d{9}|BSN|Politie|Verzuim/);
  assert.equal(await page.getByRole('button', { name: 'Afdrukken' }).isVisible(), false);
  await page.emulateMedia({ media: 'screen' });
  await accessible(page, 'the plan for the family');
  await over(anna, bram);
});
