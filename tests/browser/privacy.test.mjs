// What a privacy officer does for residents, with a real broker and a real gateway behind the page: requests with their terms,
// holds of two people, access, looks with a reason, erasing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from './browser.mjs';
import { desk } from './desk.mjs';
import { bsn, live } from './town.mjs';

let browser, town, fresh, at, over, shown, aCase;
before(async () => {
  browser = await launch();
  town = await live({ limits: 'requests_per_second: 1000, burst: 2000, streams_per_caller: 32' });
  ({ fresh, at, over, shown, aCase } = desk(browser, town));
});
after(async () => {
  await browser?.close();
  await town?.close();
});

/** A household of one person, by one signal: its number, as the officer finds it. */
async function household(page) {
  const who = fresh();
  await town.signal('school', who);
  const { household: found } = await page.evaluate(async (number) => {
    const { csrfToken } = await (await fetch('/v1/session')).json();
    const answer = await fetch('/v1/persons/lookups', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken }, body: JSON.stringify({ bsn: number, reason: 'De bewoner vroeg ernaar.' }),
    });
    return answer.json();
  }, bsn(who));
  return { id: found.id, who };
}

const row = (page, text) => page.getByRole('row').filter({ hasText: text });

test('an officer begins where residents ask: an objection is written down, told with its term, and decided', async () => {
  const els = await at('els');
  const { page } = els;
  await page.getByRole('heading', { name: 'Verzoeken', level: 1 }).waitFor();
  const { id } = await household(page);
  await page.getByRole('button', { name: 'Verzoek opschrijven' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Opschrijven' }).click(); // nothing is filled in
  await dialog.getByText('Vul een nummer in zoals H12').waitFor();
  await accessible(page, 'a request with faults');
  await dialog.getByLabel('Nummer van het huishouden').fill(id);
  await dialog.getByLabel('Waarom?').fill('Het klopt niet, zegt de moeder.');
  await dialog.getByRole('button', { name: 'Opschrijven' }).click();
  await page.getByText('Het verzoek is opgeschreven.').waitFor();
  await row(page, `Huishouden ${id}`).getByText('Loopt').waitFor();
  await accessible(page, 'a request that stands');
  await row(page, `Huishouden ${id}`).getByRole('button', { name: /^Beslissen/ }).click();
  await dialog.getByRole('radio', { name: /^Terecht/ }).check();
  await dialog.getByLabel('Waarom?').fill('De school heeft het nagekeken.');
  await accessible(page, 'a decision');
  await dialog.getByRole('button', { name: 'Beslissen' }).click();
  await page.getByRole('heading', { name: 'Eerder' }).waitFor();
  await row(page, `Huishouden ${id}`).getByText('Terecht').waitFor();
  await over(els);
});

test('each kind of request, and what may be done with it', async () => {
  const els = await at('els');
  const { page } = els;
  const dialog = page.getByRole('dialog');
  const { id } = await household(page);
  const add = async (kind, fill) => {
    await page.getByRole('button', { name: 'Verzoek opschrijven' }).click();
    await dialog.getByLabel('Soort').selectOption({ label: kind });
    await fill();
    await accessible(page, kind);
    await dialog.getByRole('button', { name: 'Opschrijven' }).click();
    await page.waitForFunction(() => document.querySelector('dialog') === null);
  };
  const done = async (what, button, fill) => {
    const found = row(page, what).filter({ has: page.getByRole('button', { name: button }) });
    await found.getByRole('button', { name: button }).click();
    await fill?.();
    await accessible(page, `${what}: ${button}`);
    await dialog.locator('button[type=submit]').click();
    await page.waitForFunction(() => document.querySelector('dialog') === null);
  };
  // What is not used, of a person: whom, is not told back, and asked again.
  const other = await household(page);
  await add('Beperking', async () => {
    await dialog.getByRole('radio', { name: 'Een persoon' }).check();
    await dialog.getByLabel('Burgerservicenummer').fill(bsn(other.who));
    await dialog.getByLabel('Waarom?').fill('Gevraagd aan de balie.');
  });
  assert.equal((await page.locator('main').innerText()).includes(bsn(other.who)), false);
  await done('Beperking', /^Opheffen|opheffen$/, async () => {
    await dialog.getByLabel('Burgerservicenummer').fill(bsn(other.who));
    await dialog.getByLabel('Waarom?').fill('Het is opgelost.');
  });
  await row(page, 'Beperking').getByText('Opgeheven').waitFor();
  // What is to be corrected, by the agency.
  const third = fresh();
  await town.signal('school', third, {}, 'fout-signaal');
  await add('Verbetering', async () => {
    await dialog.getByLabel('Nummer van het signaal').fill('fout-signaal');
    await dialog.getByLabel('Van welke instantie').selectOption({ label: 'School' });
    await dialog.getByLabel('Wat moet er anders?').fill('Het was zijn broer.');
  });
  await row(page, 'Verbetering').getByText('De instantie is aan zet').waitFor();
  await town.post('agency:school', '/v1/signals/fout-signaal/withdrawals', { reason: 'Verkeerde leerling.' });
  await row(page, 'Verbetering').getByText('Gedaan').waitFor();
  // To be erased: of a household without a case, at once.
  await add('Wissen', async () => {
    await dialog.getByLabel('Nummer van het huishouden').fill(id);
    await dialog.getByLabel('Waarom?').fill('Gevraagd per brief.');
  });
  await row(page, 'Wissen').getByText(/Gedaan|Vervallen/).waitFor();
  await over(els);
});

test('one person of a household is erased at once, and nothing of them is found any more', async () => {
  const els = await at('els');
  const { page } = els;
  const { id, who } = await household(page);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Verzoek opschrijven' }).click();
  await dialog.getByLabel('Soort').selectOption({ label: 'Wissen' });
  await dialog.getByRole('radio', { name: 'Eén persoon van een huishouden' }).check();
  await dialog.getByLabel('Nummer van het huishouden').fill(id);
  await dialog.getByLabel('Burgerservicenummer').fill(bsn(who));
  await dialog.getByText('niet terug te draaien').waitFor();
  await accessible(page, 'erasing a person');
  await dialog.getByRole('button', { name: 'Nu wissen' }).click();
  await page.getByText('De persoon is gewist.').waitFor();
  await page.goto(`${town.url}/app/inzage`);
  await page.getByLabel('Burgerservicenummer').last().fill(bsn(who));
  await page.getByLabel('Waarom?').fill('Navragen of het gedaan is.');
  await page.getByRole('button', { name: 'Verslag maken' }).click();
  await page.getByText('Over deze persoon is niets bekend').waitFor();
  await over(els);
});

test('a legal hold takes two: the officer places it, the coordinator confirms, and back', async () => {
  const els = await at('els');
  const piet = await at('piet');
  const { id } = await household(els.page);
  const dialog = els.page.getByRole('dialog');
  await els.page.getByRole('button', { name: 'Verzoek opschrijven' }).click();
  await dialog.getByLabel('Soort').selectOption({ label: 'Bewaren voor de rechter' });
  await dialog.getByLabel('Nummer van het huishouden').fill(id);
  await dialog.getByLabel('Waarom?').fill('Beroep bij de rechtbank.');
  await dialog.getByRole('button', { name: 'Opschrijven' }).click();
  await row(els.page, id).getByText('Wacht op bevestiging').waitFor();
  assert.equal(await row(els.page, id).getByRole('button', { name: /bevestigen/i }).count(), 0, 'nobody confirms their own');

  await piet.page.goto(`${town.url}/app/bewaren`);
  await piet.page.getByRole('heading', { name: 'Bewaren', level: 1 }).waitFor();
  await row(piet.page, id).getByText('Els').waitFor();
  await accessible(piet.page, 'holds of a coordinator');
  await row(piet.page, id).getByRole('button', { name: /bevestigen/i }).click();
  await piet.page.getByRole('dialog').getByText('Els wil dat dit bewaard blijft').waitFor();
  await accessible(piet.page, 'confirming a hold');
  await piet.page.getByRole('dialog').getByRole('button', { name: 'Bevestigen' }).click();
  await row(piet.page, id).getByText('Loopt').waitFor();
  await row(piet.page, id).getByRole('button', { name: /opheffen/i }).click();
  await piet.page.getByRole('dialog').getByLabel('Waarom?').fill('De zaak is klaar.');
  await piet.page.getByRole('dialog').getByRole('button', { name: 'Opheffen' }).click();
  await row(piet.page, id).getByText('Wacht op opheffing').waitFor();
  await row(piet.page, id).getByText('Een ander moet bevestigen').waitFor();

  await els.page.reload();
  await row(els.page, id).getByRole('button', { name: /bevestigen/i }).click();
  await dialog.getByText('Piet wil dat dit niet langer bewaard blijft').waitFor();
  await dialog.getByRole('button', { name: 'Bevestigen' }).click();
  await row(els.page, id).getByText('Opgeheven').waitFor();
  await over(els, piet);
});

test('who looks with a reason is on the officer\'s list by itself, and stays there when all is read', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const els = await at('els');
  const pages = [anna.page, bram.page];
  const { id, who } = await aCase(pages);
  const stranger = pages[1 - who];
  await els.page.goto(`${town.url}/app/met-reden`);
  await els.page.getByRole('heading', { name: 'Met reden bekeken', level: 1 }).waitFor();
  await els.page.locator('main[data-live=live]').waitFor();
  await stranger.goto(`${town.url}/app/casussen/${id}`);
  await stranger.getByRole('button', { name: 'Toch bekijken…' }).click();
  await stranger.getByRole('dialog').getByText('Deze casus is niet van u.').waitFor();
  await stranger.getByRole('dialog').getByLabel('Waarom moet u dit zien?').fill('kort');
  await stranger.getByRole('dialog').getByRole('button', { name: 'Vastleggen en bekijken' }).click();
  await stranger.getByText('Schrijf ten minste 10 tekens').waitFor();
  await accessible(stranger, 'a reason that is too short');
  await stranger.getByRole('dialog').getByLabel('Waarom moet u dit zien?').fill('De huisarts belde over dit gezin.');
  await stranger.getByRole('dialog').getByRole('button', { name: 'Vastleggen en bekijken' }).click();
  await stranger.getByText('U bekijkt een casus die niet van u is.').waitFor();
  const line = row(els.page, 'De huisarts belde over dit gezin.');
  await line.getByText(`Casus ${id}`).waitFor();
  assert.match(await line.innerText(), who === 0 ? /Bram\s+regisseur/ : /Anna\s+regisseur/);
  await accessible(els.page, 'looks with a reason');

  await els.page.getByRole('link', { name: /^Meldingen/ }).click();
  await els.page.getByRole('button', { name: 'Alles gelezen' }).click();
  await els.page.getByText('Geen nieuwe meldingen').waitFor();
  await els.page.goto(`${town.url}/app/met-reden`);
  await line.getByText(`Casus ${id}`).waitFor();
  await over(anna, bram, els);
});

test('an access report says what is known and who saw it; asking is written down; and all of it in English', async () => {
  const els = await at('els');
  const { page } = els;
  const { who } = await household(page);
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Write down a request' }).click();
  for (const kind of await page.getByRole('dialog').locator('select').first().locator('option').allInnerTexts()) {
    await page.getByRole('dialog').locator('select').first().selectOption({ label: kind });
    await accessible(page, `English: ${kind}`);
    assert.doesNotMatch(await page.getByRole('dialog').innerText(), /\b(het|een|de|wordt|niet)\b/i, kind);
  }
  await page.keyboard.press('Escape');
  await page.goto(`${town.url}/app/inzage`);
  await page.locator('form input:not([type=radio])').fill(bsn(who));
  await page.locator('form textarea').fill('The resident asks what is known.');
  await page.locator('form button[type=submit]').click();
  await page.locator('.facts').getByText(bsn(who)).waitFor();
  await page.getByRole('row').filter({ hasText: 'The resident asks what is known.' }).first().waitFor();
  await accessible(page, 'an access report in English');
  const words = await page.locator('main').innerText();
  for (const dutch of ['Bekeken', 'Signaal', 'Handeling', 'Personen', 'Waarom']) assert.ok(!words.includes(dutch), dutch);
  await page.goto(`${town.url}/app/controle`);
  await page.locator('form button[type=submit]').click();
  await page.getByRole('row').nth(1).waitFor();
  await accessible(page, 'the audit in English');
  await page.goto(`${town.url}/app/met-reden`);
  await page.getByRole('row').nth(1).waitFor();
  await accessible(page, 'looks with a reason, in English');
  await page.getByRole('button', { name: 'Nederlands' }).click();
  await over(els);
});
