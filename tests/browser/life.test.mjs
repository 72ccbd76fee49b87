// Whole stories, with a real broker and a real gateway behind the page: what a regisseur and a coordinator live through.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WAIT_MS, accessible, launch, person } from './browser.mjs';
import { desk } from './desk.mjs';
import { bsn, live } from './town.mjs';

let browser, town, sessions, fresh, at, over, shown, aCase;
before(async () => {
  browser = await launch();
  town = await live({ demonstration: true });
  ({ sessions, fresh, at, over, shown, aCase } = desk(browser, town));
});
after(async () => {
  await browser?.close();
  await town?.close();
});

test('a signal posted over HTTP appears in the right inbox by itself', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  await shown(pages[who], id);
  await pages[who].locator(`[data-id="${id}"]`).getByRole('button', { name: 'Aannemen' }).waitFor();
  assert.equal(await pages[1 - who].locator(`[data-id="${id}"]`).count(), 0);
  await over(anna, bram);
});

test('the whole life of a case by keyboard alone', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const { id, who } = await aCase([anna.page, bram.page]);
  const { page } = [anna, bram][who];
  await shown(page, id);
  const key = (...keys) => keys.reduce((before, one) => before.then(() => page.keyboard.press(one)), Promise.resolve());
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  // To its row, and into it.
  await page.locator('h1').evaluate((heading) => heading.focus());
  for (let i = 0; i < 20 && (await focused()) !== `Casus ${id}`; i++) await key('j');
  assert.equal(await focused(), `Casus ${id}`);
  await key('Enter');
  await page.getByRole('heading', { name: `Casus ${id}`, level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Aannemen' }).waitFor();
  await page.getByText('2 leefgebieden').waitFor();
  await accessible(page, 'an offered case');
  await key('a');
  await page.getByRole('button', { name: 'Plan maken' }).waitFor();

  // The plan: field by field with Tab.
  const tabTo = async (wanted) => {
    for (let i = 0; i < 60; i++) {
      if (await page.evaluate((text) => {
        const active = document.activeElement;
        const label = active?.labels?.[0]?.textContent ?? active?.textContent ?? '';
        return label.trim().startsWith(text);
      }, wanted)) return;
      await key('Tab');
    }
    assert.fail(`${wanted} is not reached with Tab`);
  };
  await tabTo('Plan maken');
  await key('Enter');
  await tabTo('Wat willen we bereiken?');
  await page.keyboard.type('Elke dag naar school.');
  await tabTo('Wie zorgt ervoor?');
  await page.keyboard.type('Ik');
  await tabTo('Plan opslaan');
  await key('Enter');
  await page.getByText('Het plan is opgeslagen.').waitFor();
  await page.getByRole('cell', { name: 'Elke dag naar school.' }).waitFor();

  // Up: to whom, and why.
  await page.locator('h1').evaluate((heading) => heading.focus());
  await key('u');
  await page.getByRole('dialog').waitFor();
  await tabTo('Procesregisseur');
  await key('Space');
  await tabTo('Wat is er aan de hand?');
  await page.keyboard.type('De school levert niet.');
  await tabTo('Opschalen');
  await key('Enter');
  await page.getByText(`Casus ${id} is opgeschaald.`).waitFor();

  // A word to an agency.
  await page.waitForFunction(() => document.querySelector('dialog') === null);
  await tabTo('Schrijven');
  await key('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo('Aan');
  await page.keyboard.type('Scho');
  await tabTo('Bericht');
  await page.keyboard.type('Lukt het dinsdag?');
  await tabTo('Versturen');
  await key('Enter');
  await page.locator('.letter').getByText('Lukt het dinsdag?').waitFor();

  // The goal is reached; the case can be closed.
  await page.waitForFunction(() => document.querySelector('dialog') === null);
  await tabTo('Wijzigen');
  await key('Enter');
  await tabTo('Hoe staat het ervoor?');
  await page.keyboard.type('Gel');
  await tabTo('Plan opslaan');
  await key('Enter');
  await page.getByRole('cell', { name: 'Gelukt' }).waitFor();
  await page.locator('h1').evaluate((heading) => heading.focus());
  await key('Backspace');
  await page.getByRole('heading', { name: 'Mijn casussen', level: 1 }).waitFor();
  await page.locator('.group--close').locator(`[data-id="${id}"]`).waitFor();
  for (let i = 0; i < 20 && (await focused()) !== `Casus ${id}`; i++) await key('j');
  await key('Enter');
  await page.getByRole('button', { name: 'Afsluiten' }).waitFor();
  await key('x');
  await page.getByRole('dialog').waitFor();
  await tabTo('Hoe staat het gezin ervoor?');
  await page.keyboard.type('Duur');
  await tabTo('Afsluiten');
  await key('Enter');
  await page.getByText(`Casus ${id} is afgesloten.`).waitFor();
  await page.getByText('Duurzaam verbeterd').waitFor();
  await accessible(page, 'a closed case');
  await over(anna, bram);
});

test('a hand-over: the old one stays responsible until the new one accepts; who comes too late sees what happened', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  const [from, to] = [pages[who], pages[1 - who]];
  const [old, other] = who === 0 ? ['Anna', 'Bram'] : ['Bram', 'Anna'];
  await shown(from, id);
  await from.locator(`[data-id="${id}"]`).getByRole('button', { name: 'Aannemen' }).click();
  await from.getByText(`U bent nu regisseur van casus ${id}.`).waitFor();
  await from.goto(`${town.url}/app/casussen/${id}`);
  await from.getByRole('button', { name: 'Overdragen' }).click();
  await from.getByLabel('Aan wie?').selectOption({ label: other });
  await from.getByRole('button', { name: 'Aanbieden' }).click();
  await from.getByText('U blijft verantwoordelijk').first().waitFor();
  assert.equal(await from.getByRole('button', { name: 'Afsluiten' }).isEnabled(), true);

  // It comes to the other one by itself, who looks at it in two windows and accepts in one.
  await shown(to, id);
  await to.goto(`${town.url}/app/casussen/${id}`);
  await to.getByText(`${old} wil deze casus aan u overdragen`).waitFor();
  await to.getByRole('button', { name: 'Overnemen' }).click();
  await to.getByText(`U heeft casus ${id} overgenomen.`).waitFor();
  await to.getByRole('button', { name: 'Overdragen' }).waitFor();

  // The old one had it open all the while.
  await from.getByText(`Casus ${id} is niet meer van u`).waitFor();
  assert.equal(await from.getByRole('button', { name: 'Afsluiten' }).count(), 0);
  await accessible(from, 'a case that was lost');
  await over(anna, bram);
});

test('two who reach for one case: one has it, the other reads what happened', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const piet = await at('piet');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  const [slow, quick] = [pages[who], pages[1 - who]];
  const name = who === 0 ? 'Bram' : 'Anna';
  const row = await shown(slow, id);
  // The page of the slow one hears nothing more: what they see is old when they press.
  await slow.context().route('**/v1/cases?*', (route) => route.abort());
  await piet.page.goto(`${town.url}/app/casussen/${id}`);
  await piet.page.getByRole('button', { name: 'Aan iemand anders geven' }).click();
  await piet.page.getByRole('radio', { name: new RegExp(name) }).check();
  await piet.page.getByRole('dialog').getByRole('button', { name: 'Toewijzen' }).click();
  await piet.page.getByText(`Casus ${id} is aangeboden aan ${name}.`).waitFor();
  await shown(quick, id);
  await quick.locator(`[data-id="${id}"]`).getByRole('button', { name: 'Aannemen' }).click();
  await quick.getByText(`U bent nu regisseur van casus ${id}.`).waitFor();
  await row.getByRole('button', { name: 'Aannemen' }).click();
  await slow.getByText(`Casus ${id} is intussen naar iemand anders gegaan.`).waitFor();
  await slow.context().unroute('**/v1/cases?*');
  await slow.reload();
  await slow.getByRole('heading', { name: 'Mijn casussen', level: 1 }).waitFor();
  await slow.waitForFunction(() => document.querySelector('.waiting') === null);
  assert.equal(await slow.locator(`[data-id="${id}"]`).count(), 0);
  for (const one of [anna, bram, piet]) await one.context.close();
});

test('reload, a lost connection and a killed broker in between: nothing is lost or doubled on the screen', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const pages = [anna.page, bram.page];
  const mine = [];
  const take = async () => {
    const { id, who } = await aCase(pages);
    mine.push({ id, who });
    return pages[who];
  };
  await shown(await take(), mine[0].id);
  // The network of one is gone; a case comes; it is back.
  await anna.context.setOffline(true);
  await bram.context.setOffline(true);
  await Promise.all(pages.map((page) => page.getByText('Geen verbinding.').waitFor()));
  await town.household(fresh());
  await anna.context.setOffline(false);
  await bram.context.setOffline(false);
  await Promise.all(pages.map((page) => page.locator('main[data-live=live]').waitFor()));
  await Promise.all(pages.map((page) => page.getByText('Geen verbinding.').waitFor({ state: 'detached' })));
  // The broker is killed, and comes back.
  await town.ask({ do: 'stop broker', hard: true });
  await town.ask({ do: 'start broker' });
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const { status } = await town.ask({ do: 'publish', agency: 'school', person: 900, id: 'after-the-kill' });
    if (status === 201 || status === 200) break;
    assert.ok(Date.now() < until, `the gateway does not find the broker again: ${status}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  await town.signal('politie', 900);
  // What each screen has in the end is what the broker says, each case once.
  for (const page of pages) {
    const wanted = async () => page.evaluate(async () => {
      const answer = await fetch('/v1/cases');
      return answer.ok ? (await answer.json()).items.map((found) => found.id).sort() : [];
    });
    await page.waitForFunction(() => fetch('/v1/cases').then((answer) => answer.ok));
    await page.waitForFunction(async () => {
      document.querySelector('.arrivals__button')?.click();
      const { items } = await (await fetch('/v1/cases')).json();
      const told = items.map((found) => found.id).sort().join();
      return told === [...document.querySelectorAll('.row:not(.row--gone)')].map((row) => row.dataset.id).sort().join();
    });
    const before = await wanted();
    await page.reload();
    await page.locator('.row').first().waitFor();
    assert.deepEqual(await page.locator('.row').evaluateAll((rows) => rows.map((row) => row.dataset.id).sort()), before);
  }
  await over(anna, bram);
});

test('a coordinator gives what nobody took, and joins two households', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const piet = await at('piet');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  // Both give it back.
  for (const page of who === 0 ? pages : [...pages].reverse()) {
    await shown(page, id);
    await page.locator(`[data-id="${id}"]`).getByRole('button', { name: 'Teruggeven' }).click();
    await page.getByRole('radio', { name: 'Ik heb nu geen ruimte' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Teruggeven' }).click();
    await page.getByText(`U heeft casus ${id} teruggegeven.`).waitFor();
  }
  await shown(piet.page, id);
  await piet.page.locator(`[data-id="${id}"]`).getByRole('button', { name: 'Toewijzen' }).click();
  await piet.page.getByRole('radio', { name: /Anna/ }).check();
  await piet.page.getByRole('dialog').getByRole('button', { name: 'Toewijzen' }).click();
  await piet.page.getByText(`Casus ${id} is aangeboden aan Anna.`).waitFor();
  await shown(anna.page, id);
  await accessible(piet.page, 'to assign');

  // Two persons known apart, then named together: may they be one household?
  const person = fresh();
  await town.signal('school', person);
  await town.signal('school', person + 1);
  await town.signal('school', person, { persons: [{ bsn: bsn(person), role: 'youth' }, { bsn: bsn(person + 1), role: 'adult' }] });
  await piet.page.goto(`${town.url}/app/huishoudens`);
  await piet.page.getByRole('button', { name: /samenvoegen$/ }).first().click();
  await accessible(piet.page, 'joining');
  await piet.page.getByRole('dialog').getByRole('button', { name: 'Samenvoegen' }).click();
  await piet.page.getByText(/zijn nu één huishouden/).waitFor();
  await piet.page.getByText('Niets te beoordelen').waitFor();
  await over(anna, bram, piet);
});

test('a coordinator says who is away, and takes it back', async () => {
  const piet = await at('piet');
  await piet.page.goto(`${town.url}/app/regisseurs`);
  await piet.page.getByRole('button', { name: 'Afwezigheid van Bram' }).click();
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await piet.page.getByLabel('Eerste dag').fill(day(3));
  await piet.page.getByLabel('Laatste dag').fill(day(9));
  await piet.page.getByRole('button', { name: 'Toevoegen' }).click();
  await piet.page.getByText('De afwezigheid is opgeslagen.').waitFor();
  await piet.page.getByRole('button', { name: 'Weghalen' }).click();
  await piet.page.getByText('Geen afwezigheid opgegeven.').waitFor();
  await piet.page.keyboard.press('Escape');
  assert.deepEqual(piet.wrong, []);
  await piet.context.close();
});

test('a regisseur and an agency write to each other about a case, and each sees the other by itself', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  const page = pages[who];
  await shown(page, id);
  await page.locator(`[data-id="${id}"]`).getByRole('button', { name: 'Aannemen' }).click();
  await page.getByText(`U bent nu regisseur van casus ${id}.`).waitFor();
  await page.goto(`${town.url}/app/casussen/${id}`);
  await page.getByRole('button', { name: 'Schrijven' }).click();
  await page.getByLabel('Aan', { exact: true }).selectOption({ label: 'School' });
  await page.getByLabel('Bericht', { exact: true }).fill('Kunt u dinsdag aansluiten?');
  await page.getByRole('button', { name: 'Versturen' }).click();
  await page.getByText('Bericht verstuurd aan School.').waitFor();
  await page.locator('.letter').getByText('Kunt u dinsdag aansluiten?').waitFor();
  const signal = await page.evaluate(async (found) => (await (await fetch(`/v1/cases/${found}`)).json()).signals.find((one) => one.agency === 'school').id, id);
  await town.post('agency:school', `/v1/signals/${signal}/notes`, { text: 'Ja, om tien uur.' });
  await page.locator('.letter').getByText('Ja, om tien uur.').waitFor();
  await accessible(page, 'messages');
  await page.goto(`${town.url}/app/meldingen`);
  await page.getByText(`School schreef u over casus ${id}:`).waitFor();
  await over(anna, bram);
});

test('who is not known yet is told that nothing is real; English is spoken from the door on, also of what comes', async () => {
  const stranger = await person(browser);
  const { page } = stranger;
  await page.goto(`${town.url}/app/`);
  await page.getByRole('region', { name: 'Demonstratie' }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  await page.getByRole('region', { name: 'Demonstration' }).waitFor();
  await accessible(page, 'the door in English');
  await stranger.context.addCookies(sessions.get('anna'));
  await page.reload();
  await page.getByRole('heading', { name: 'My cases', level: 1 }).waitFor();
  await page.locator('main[data-live=live]').waitFor();
  const bram = await at('bram');
  const pages = [page, bram.page];
  let made = await aCase(pages);
  if (made.who === 1) made = await aCase(pages); // who has least gets the next
  assert.equal(made.who, 0);
  const row = await shown(page, made.id);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await row.getByRole('button', { name: 'Accept' }).click();
  await page.goto(`${town.url}/app/casussen/${made.id}`);
  await page.getByRole('heading', { name: 'Why this case?' }).waitFor();
  await page.getByRole('button', { name: 'Nederlands' }).click();
  await page.getByRole('heading', { name: 'Waarom deze casus?' }).waitFor();
  for (const { context, wrong } of [stranger, bram]) {
    assert.deepEqual(wrong, []);
    await context.close();
  }
});

// The last one: it ends every session.
test('a gateway that begins anew asks who is there, and shows the page where one was', async () => {
  const { page, context, wrong } = await at('anna');
  await page.goto(`${town.url}/app/meldingen`);
  await page.getByRole('heading', { name: 'Meldingen', level: 1 }).waitFor();
  await page.locator('main[data-live=live]').waitFor();
  await town.ask({ do: 'stop gateway' });
  await page.getByText('Geen verbinding.').waitFor();
  await town.ask({ do: 'start gateway' });
  await page.getByText('Uw sessie is afgelopen').waitFor();
  await page.getByLabel('Gebruikersnaam').fill('anna');
  await page.getByLabel('Wachtwoord').fill(town.password);
  await page.getByRole('button', { name: 'Inloggen' }).click();
  await page.getByRole('heading', { name: 'Meldingen', level: 1 }).waitFor();
  await page.locator('main[data-live=live]').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});
