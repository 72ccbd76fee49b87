// Every page, as it looks: nothing that axe finds, nothing that sticks out, in light and dark, small, enlarged, in forced
// colours and in both languages; and nothing that the page's own security policy forbids. Against a stand-in for the gateway.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DIST, accessible, fits, launch, passes, person, signIn } from './browser.mjs';
import { serve, town } from './fixture.mjs';

const PAGES = [
  ['anna', '/casussen'], ['anna', '/casussen/C41'], ['anna', '/casussen/C33'], ['anna', '/casussen/C27'], ['anna', '/casussen/C27/plan'], ['anna', '/casussen/C40'],
  ['anna', '/meldingen'], ['anna', '/afwezigheid'], ['anna', '/over'], ['anna', '/nergens'],
  ['piet', '/verdeling'], ['piet', '/opvolging'], ['piet', '/huishoudens'], ['piet', '/regisseurs'], ['piet', '/bewaren'], ['piet', '/casussen/C40'],
  ['beheer', '/overzicht'], ['beheer', '/regels'], ['beheer', '/regels/wijzigen'], ['beheer', '/voorstellen'], ['beheer', '/voorstellen/4'], ['beheer', '/versies'], ['beheer', '/versies/2'],
  ['beheer', '/pauzes'], ['beheer', '/instanties'], ['beheer', '/instanties/politie'], ['beheer', '/wachtrijen'], ['beheer', '/sleutels'], ['beheer', '/bezorging'],
  ['beheer', '/uitleg'], ['beheer', '/uitleg?over=C41'], ['beheer', '/opslag'],
  ['els', '/verzoeken'], ['els', '/met-reden'], ['els', '/inzage'], ['els', '/controle'], ['els', '/meldingen'],
];
const LOOKS = [
  ['in the light', {}, true],
  ['in the dark', { colorScheme: 'dark' }, true],
  ['320 pixels wide', { viewport: { width: 320, height: 700 } }, true],
  ['enlarged to 200 %', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }, false],
  ['in forced colours', { forcedColors: 'active' }, false],
];

let browser, gateway;
before(async () => {
  browser = await launch();
  gateway = await serve(DIST, town(Date.now()), { demonstration: true });
  gateway.state.mail.push(
    { seq: 1, kind: 'case_offered', at: new Date().toISOString(), case: 'C41' },
    { seq: 2, kind: 'not_accepted', at: new Date().toISOString(), case: 'C40', regisseur: 'r-bram' },
    { seq: 3, kind: 'note_answered', at: new Date().toISOString(), case: 'C27', by: { kind: 'agency', id: 'leerplicht' }, result: 'Dinsdag kan.' },
    { seq: 4, kind: 'break_glass', at: new Date().toISOString(), case: 'C27', household: 'H120', by: { kind: 'coordinator', id: 'c-piet' }, reason: 'Ouder belde in grote zorg over de jongste.' },
  );
});
after(async () => {
  await browser?.close();
  await gateway?.close();
});

/** A stand-in of this test alone. It is closed however the test ends: left open, it would keep the whole run from ending. */
async function alone(t) {
  const gate = await serve(DIST, town(Date.now()));
  t.after(() => gate.close());
  return gate;
}

async function whole(page) {
  await page.locator('main h1').waitFor();
  await page.waitForFunction(() => document.querySelector('.waiting') === null);
}

for (const [look, options, thorough] of LOOKS) {
  test(`every page ${look}`, async () => {
    for (const account of ['anna', 'piet', 'beheer', 'els']) {
      const { page, context, wrong } = await person(browser, options);
      await page.goto(`${gateway.url}/app/`);
      await whole(page);
      await page.getByRole('region', { name: 'Demonstratie' }).waitFor(); // before anybody is known
      if (thorough) await accessible(page, 'sign in');
      await fits(page, 'sign in');
      await signIn(page, gateway.url, account);
      for (const [who, path] of PAGES) {
        if (who !== account) continue;
        await page.goto(`${gateway.url}/app${path}`);
        await whole(page);
        if (thorough) await accessible(page, `${path} ${look}`);
        await fits(page, `${path} ${look}`);
      }
      assert.deepEqual(wrong, [], look);
      await context.close();
    }
  });
}

test('every dialog, and the plan while it is edited', async () => {
  const { page, context, wrong } = await person(browser);
  await signIn(page, gateway.url, 'anna');
  const shut = async () => {
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.querySelector('dialog') === null);
  };
  await page.goto(`${gateway.url}/app/casussen/C27`);
  await whole(page);
  for (const name of ['Overdragen', 'Opschalen', 'Afsluiten', 'Schrijven']) {
    const opener = page.getByRole('button', { name, exact: true });
    await opener.click();
    await page.getByRole('dialog').waitFor();
    // Nothing is filled in: what is missing is said at its place.
    await page.getByRole('dialog').locator('button[type=submit]').click();
    await page.getByRole('dialog').locator('.field__error').first().waitFor();
    await accessible(page, name);
    await shut();
    assert.equal(await opener.evaluate((button) => document.activeElement === button), true, `${name}: the focus is back`);
  }
  await page.getByRole('button', { name: 'Wijzigen' }).click();
  await page.getByRole('button', { name: 'Doel toevoegen' }).click();
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByText('Schrijf op wat u wilt bereiken').waitFor();
  await accessible(page, 'the plan while it is edited');
  // What is not saved is not lost by a slip.
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    await dialog.dismiss();
    return dialog.message();
  });
  await page.getByRole('link', { name: 'Meldingen' }).click();
  assert.equal(await asked, 'Het plan is nog niet opgeslagen. Toch weggaan?');
  await page.getByText('Schrijf op wat u wilt bereiken').waitFor();
  await page.getByRole('button', { name: 'Annuleren' }).click();
  await page.goto(`${gateway.url}/app/casussen/C41`);
  await whole(page);
  for (const name of ['Teruggeven', 'Geen casus nodig']) {
    await page.getByRole('button', { name, exact: true }).click();
    await accessible(page, name);
    await shut();
  }
  await page.locator('h1').click();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Sneltoetsen' }).waitFor();
  await accessible(page, 'the keys');
  await shut();
  assert.deepEqual(wrong, []);
  await context.close();

  const second = await person(browser);
  await signIn(second.page, gateway.url, 'piet');
  for (const [path, name] of [['/verdeling', 'Casus C40 toewijzen'], ['/huishoudens', 'H64 en H65 samenvoegen'], ['/huishoudens', 'H64 en H65 zijn niet hetzelfde'], ['/huishoudens', 'H64 splitsen'], ['/regisseurs', 'Afwezigheid van Carla']]) {
    await second.page.goto(`${gateway.url}/app${path}`);
    await whole(second.page);
    await second.page.getByRole('button', { name, exact: true }).click();
    await second.page.getByRole('dialog').waitFor();
    await second.page.waitForFunction(() => document.querySelector('.waiting') === null);
    await accessible(second.page, name);
    await second.page.keyboard.press('Escape');
  }
  assert.deepEqual(second.wrong, []);
  await second.context.close();

  const third = await person(browser);
  await signIn(third.page, gateway.url, 'beheer');
  for (const [path, name] of [['/sleutels', 'Sleutel geven'], ['/sleutels', 'Sleutel van School 1 vervangen'], ['/sleutels', 'Sleutel van School 1 intrekken'], ['/sleutels', 'Voorstel 6 afkeuren'], ['/bezorging', 'Bericht 89 voor School 1 weggooien']]) {
    await third.page.goto(`${gateway.url}/app${path}`);
    await whole(third.page);
    await third.page.getByRole('button', { name, exact: true }).click();
    const dialog = third.page.getByRole('dialog');
    await dialog.locator('button[type=submit]').click(); // nothing is filled in
    await dialog.locator('.field__error').first().waitFor();
    await accessible(third.page, name);
    await third.page.keyboard.press('Escape');
  }
  assert.deepEqual(third.wrong, []);
  await third.context.close();
});

test('lists of an operator keep their rows where they are, and tell what came', async (t) => {
  const gate = await alone(t);
  const { page, context, wrong } = await person(browser);
  await page.clock.install();
  await signIn(page, gate.url, 'beheer');
  await page.goto(`${gate.url}/app/sleutels`);
  await whole(page);
  const row = page.locator('.row', { hasText: 'School 1' });
  await row.getByRole('button', { name: 'Sleutel van School 1 vervangen' }).focus();
  const before = await row.boundingBox();
  gate.state.control.keys.unshift({ row: 'key', party: 'auditor:a-jo', state: 'proposed', number: 9, publicKey: 'H=*!-{$oklrnr:oMvptW}t3]FB-3W6D+!Br)p4p9', in: 'log', author: 'toezicht', proposal: 9, atMs: gate.state.now });
  await passes(page, 61_000); // it looks again each minute
  await page.locator('.arrivals__button', { hasText: '1 nieuw' }).waitFor();
  assert.deepEqual(await row.boundingBox(), before);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Vervangen');
  await page.keyboard.press('n');
  await page.locator('.row', { hasText: 'Jo' }).waitFor();
  await page.keyboard.press('k'); // by key from row to row
  assert.deepEqual(wrong, []);
  await context.close();
});

test('what an operator looks after: nothing there yet, and nothing that answers, are said so', async () => {
  const { page, context, wrong } = await person(browser);
  await signIn(page, gateway.url, 'beheer');
  const none = { items: [], rows: [], counters: {}, texts: {}, letters: [], parts: [], running: false, ever: false, position: 0, positionLast: 0, tookMs: 0, name: 'x' };
  const answer = (status, body) => page.route(/\/v1\/(reports|keys|mailboxes|sessions|deliveries|erasure|heads|verifications)/, (route) => route.fulfill({ status, contentType: status === 200 ? 'application/json' : 'application/problem+json', body: JSON.stringify(body) }));
  for (const [path, empty] of [['/instanties', 'Er is nog geen instantie'], ['/wachtrijen', 'Er is nog geen postvak'], ['/sleutels', 'Er is geen sleutel'], ['/bezorging', 'Er wordt niets gebracht'], ['/uitleg', 'Geen casus blijft hangen.'], ['/opslag', 'Er kan niet voorgoed worden gewist']]) {
    await answer(503, { code: 'disconnected', title: 'away', status: 503 });
    await page.goto(`${gateway.url}/app${path}`);
    await page.getByRole('alert').getByText('De dienst is even niet bereikbaar').first().waitFor();
    await accessible(page, `${path} without an answer`);
    await page.unroute(/\/v1\/(reports|keys|mailboxes|sessions|deliveries|erasure|heads|verifications)/);
    await answer(200, none);
    await page.getByRole('button', { name: 'Probeer opnieuw' }).first().click();
    await page.getByText(empty).first().waitFor();
    await accessible(page, `${path} with nothing`);
    await page.unroute(/\/v1\/(reports|keys|mailboxes|sessions|deliveries|erasure|heads|verifications)/);
  }
  assert.deepEqual(wrong, []);
  await context.close();
});

test('Dutch and English: the page speaks one of them, all of it, and remembers which', async () => {
  const { page, context } = await person(browser);
  await signIn(page, gateway.url, 'anna');
  assert.equal(await page.locator('html').getAttribute('lang'), 'nl');
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'My cases', level: 1 }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.reload();
  await page.getByRole('heading', { name: 'My cases', level: 1 }).waitFor();
  await page.goto(`${gateway.url}/app/casussen/C27`);
  await whole(page);
  const words = await page.locator('main').innerText();
  for (const dutch of ['Waarom', 'leefgebied', 'Wie is', 'Het plan', 'Berichten', 'Sinds']) assert.ok(!words.includes(dutch), dutch);
  await accessible(page, 'English');
  await page.getByRole('button', { name: 'Nederlands' }).click();
  await page.getByRole('heading', { name: 'Waarom deze casus?' }).waitFor();
  await context.close();
});

test('a change of page is read out and has the focus; the skip link leads past the menu', async () => {
  const { page, context } = await person(browser);
  await signIn(page, gateway.url, 'anna');
  await page.getByRole('link', { name: 'Casus C27' }).click();
  const heading = page.getByRole('heading', { name: 'Casus C27', level: 1 });
  await heading.waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === 'Casus C27');
  await page.getByText('Pagina Casus C27').waitFor({ state: 'attached' });
  assert.match(await page.title(), /^Casus C27 – Voordeur/);
  await page.goBack();
  await page.getByRole('heading', { name: 'Mijn casussen', level: 1 }).waitFor();
  await page.reload();
  await whole(page);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Naar de inhoud');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
  await context.close();
});

test('what comes is told and does not move what is under the cursor; what went says so in its place', async (t) => {
  const gate = await alone(t);
  const { page, context } = await person(browser);
  await signIn(page, gate.url, 'anna');
  await page.locator('main[data-live=live]').waitFor();
  await page.getByRole('link', { name: 'Casus C38' }).focus();
  const place = () => page.getByRole('link', { name: 'Casus C38' }).boundingBox();
  const before = await place();
  const { C41, C38 } = Object.fromEntries(gate.state.cases.map((found) => [found.id, found]));
  gate.state.cases.unshift({ ...C38, id: 'C50', household: 'H300', acceptBy: new Date(gate.state.now + 60_000).toISOString() });
  Object.assign(C41, { state: 'unassigned', regisseur: null });
  gate.tell('r-anna', 'case_taken_back', { case: 'C41' });
  await page.getByRole('button', { name: /1 nieuwe casus/ }).waitFor();
  await page.locator('[data-id=C41]').getByText('Intussen veranderd').waitFor();
  assert.deepEqual(await place(), before);
  assert.match(await page.title(), /^\(\d+\) Mijn casussen/);
  await page.keyboard.press('n');
  await page.getByRole('link', { name: 'Casus C50' }).waitFor();
  assert.equal(await page.locator('[data-id=C41]').count(), 0);
  await context.close();
});

test('where the gateway has no stream left, the page looks by itself and says nothing of a lost connection', async (t) => {
  const gate = await alone(t);
  const { page, context } = await person(browser);
  await page.route('**/v1/mailbox/events*', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"code":"unavailable","title":"no","status":503}' }));
  await signIn(page, gate.url, 'anna');
  await page.locator('main[data-live=slow]').waitFor();
  gate.state.cases.unshift({ ...gate.state.cases[1], id: 'C50', household: 'H300' });
  await page.getByRole('button', { name: /1 nieuwe casus/ }).waitFor();
  assert.equal(await page.getByText('Geen verbinding.').count(), 0);
  // Nothing answers at all: then it is said, until something does.
  await page.route('**/v1/**', (route) => route.abort());
  await page.getByText('Geen verbinding.').waitFor();
  await accessible(page, 'without a connection');
  await page.unrouteAll();
  await page.locator('main[data-live=live]').waitFor();
  await page.getByText('Geen verbinding.').waitFor({ state: 'detached' });
  await context.close();
});

test('the plan changed in two windows: only where they touch is anything asked, and nothing is lost', async (t) => {
  const gate = await alone(t);
  const { page, context } = await person(browser);
  await signIn(page, gate.url, 'anna');
  await page.goto(`${gate.url}/app/casussen/C27`);
  await page.getByRole('button', { name: 'Wijzigen' }).click();
  const mine = page.getByRole('group', { name: 'Doel 1' });
  await mine.getByLabel('Wat willen we bereiken?').fill('Sem gaat elke dag naar school.');
  await page.getByRole('group', { name: 'Doel 2' }).getByLabel('Hoe staat het ervoor?').selectOption('doing');
  // Meanwhile, elsewhere: the same first goal, and the third.
  const found = gate.state.cases.find((one) => one.id === 'C27');
  found.goals = found.goals.map((goal, i) => (i === 0 ? { ...goal, text: 'Sem volgt een maatwerkprogramma.' } : i === 2 ? { ...goal, state: 'reached' } : goal));
  found.planRevision++;
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByText('Iemand heeft het plan net ook gewijzigd').waitFor();
  await accessible(page, 'the conflict');
  const pair = page.getByRole('group', { name: 'Verschil 1' });
  assert.equal(await page.getByRole('group', { name: /^Verschil/ }).count(), 1);
  await pair.getByText('Sem volgt een maatwerkprogramma.').waitFor();
  await pair.getByRole('button', { name: 'Houd die van mij' }).click();
  await page.getByRole('button', { name: 'Zo opslaan' }).click();
  await page.getByText('Het plan is opgeslagen.').waitFor();
  assert.deepEqual(found.goals.map((goal) => [goal.text, goal.state]).slice(0, 3), [
    ['Sem gaat elke dag naar school.', 'doing'], ['Moeder heeft één vaste hulpverlener die op tijd komt.', 'doing'], ['De huur wordt elke maand op tijd betaald.', 'reached'],
  ]);
  await context.close();
});

test('on paper the plan is dark on light, whatever the screen is, and nothing but the plan', async () => {
  const { page, context } = await person(browser, { colorScheme: 'dark' });
  await signIn(page, gateway.url, 'anna');
  await page.goto(`${gateway.url}/app/casussen/C27/plan`);
  await whole(page);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  assert.deepEqual(await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.querySelector('.paper')).backgroundColor]), ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
  for (const hidden of ['.demonstration', '.paper__acts']) assert.equal(await page.locator(hidden).isVisible(), false, hidden);
  const words = await page.locator('main').innerText();
  assert.match(words, /Sem gaat weer vier dagen per week naar school/);
  assert.doesNotMatch(words, /\d{9}|BSN|politie/i);
  await context.close();
});

test('who leaves the screen is warned, may stay, and is signed out', async (t) => {
  const gate = await alone(t);
  const { page, context } = await person(browser);
  await page.clock.install();
  await signIn(page, gate.url, 'anna');
  await page.getByRole('heading', { name: 'Mijn casussen', level: 1 }).waitFor();
  await passes(page, 12 * 60_000);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await passes(page, 90_000);
  await page.getByRole('dialog', { name: 'Bent u er nog?' }).waitFor();
  await accessible(page, 'the warning');
  await page.getByRole('button', { name: 'Ingelogd blijven' }).click();
  await page.waitForFunction(() => document.querySelector('dialog') === null);
  await passes(page, 12 * 60_000);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await passes(page, 210_000);
  await page.getByText('Uw sessie is afgelopen').waitFor();
  assert.equal(gate.sessions.size, 0);
  await context.close();
});

test('a session that ends shows the door, and after it the page where one was', async (t) => {
  const gate = await alone(t);
  const { page, context } = await person(browser);
  await signIn(page, gate.url, 'anna');
  await page.goto(`${gate.url}/app/casussen/C27`);
  await whole(page);
  await page.getByRole('button', { name: 'Wijzigen' }).click();
  const door = page.getByText('Uw sessie is afgelopen').waitFor();
  gate.sessions.clear();
  // The page may find out by something that it asks by itself; then there is no button any more.
  await Promise.race([door, page.getByRole('button', { name: 'Plan opslaan' }).click().catch(() => {})]);
  await door;
  await page.getByLabel('Gebruikersnaam').fill('anna');
  await page.getByLabel('Wachtwoord').fill('fout');
  await page.getByRole('button', { name: 'Inloggen' }).click();
  await page.getByText('Naam of wachtwoord klopt niet').waitFor();
  await accessible(page, 'refused');
  await page.getByLabel('Wachtwoord').fill('goed');
  await page.getByRole('button', { name: 'Inloggen' }).click();
  await page.getByRole('heading', { name: 'Casus C27', level: 1 }).waitFor();
  await context.close();
});
