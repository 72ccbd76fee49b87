// What an operator looks after, with a real broker, gateway and courier behind the page: agencies, mailboxes, keys, letters,
// why there is a case or none, and what is proved of the store.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WAIT_MS, accessible, launch, person, signIn } from './browser.mjs';
import { live } from './town.mjs';

const KEYS = ['rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'];
let browser, town;
before(async () => {
  browser = await launch();
  town = await live({ approvals: 'two', courier: 4, signed: true });
  await town.household(10);
});
after(async () => {
  await browser?.close();
  await town?.close();
});

const sessions = new Map();

/** A browser that is signed in; an account is asked for its password once. */
async function at(account, path) {
  const one = await person(browser);
  if (sessions.has(account)) await one.context.addCookies(sessions.get(account));
  else {
    await signIn(one.page, town.url, account, town.password);
    sessions.set(account, await one.context.cookies());
  }
  await one.page.goto(`${town.url}/app${path}`);
  await one.page.locator('header.bar').waitFor();
  return one;
}

/** Nobody is named, nothing was wrong, and it can be used by everybody. */
async function over(what, ...people) {
  for (const one of people) {
    assert.doesNotMatch(await one.page.locator('main').innerText(), /9999\d{5}|p-[0-9a-f]{32}/, what);
    await accessible(one.page, what);
    assert.deepEqual(one.wrong, []);
    await one.context.close();
  }
}

/** Looks again until it is there: what a courier did is no message to an operator. */
async function again(page, locator) {
  for (const until = Date.now() + WAIT_MS; ; ) {
    await page.reload();
    await page.waitForFunction(() => document.querySelector('main h1') !== null && document.querySelector('.waiting') === null);
    if ((await locator.count()) > 0) return;
    assert.ok(Date.now() < until, String(locator));
  }
}

const row = (page, name) => page.locator('.row', { has: page.getByRole('heading', { name, exact: true }) });
const figure = async (place, name) => (await place.locator('.tally__one', { hasText: name }).locator('dd').innerText()).trim();

test('agencies: how they send, what is refused and what helps', async () => {
  const { status } = await town.ask({ do: 'publish', agency: 'politie', person: 11, more: { persons: [{ bsn: '999999999', role: 'youth' }] } });
  assert.equal(status, 422);
  const beheer = await at('beheer', '/overzicht');
  const { page } = beheer;
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await row(page, 'Politie').waitFor();
  assert.equal(await figure(row(page, 'Politie'), 'Geweigerd'), '1');
  assert.equal(await figure(row(page, 'School'), 'Geweigerd'), '0');
  assert.equal(await figure(row(page, 'School'), 'Laatste dag'), '1');
  await accessible(page, 'agencies');
  // From row to row and into one by key.
  for (let i = 0; i < 10 && !(await row(page, 'Politie').evaluate((one) => one.contains(document.activeElement))); i++) await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Politie', level: 1 }).waitFor();
  const refused = page.locator('.refusals__one', { hasText: 'Een BSN klopt niet' });
  await refused.getByText('1 keer').waitFor();
  await refused.getByText('negen cijfers').waitFor();
  await refused.getByText('bad_bsn').waitFor();
  await page.getByText('Na 2 weken is bekend wat gewoon is.').waitFor();
  await page.getByRole('link', { name: 'Naar de sleutels' }).click();
  await page.getByRole('heading', { name: 'Sleutels', level: 1 }).waitFor();
  await over('an agency', beheer);
});

test('queues: what waits and who reads, in numbers', async () => {
  const beheer = await at('beheer', '/wachtrijen');
  const { page } = beheer;
  await row(page, 'Anna').waitFor();
  const before = Number(await figure(row(page, 'Wijkteam'), 'Wacht'));
  await town.signal('politie', 12); // goes to the neighbourhood team, whom nobody here reads for
  await page.reload();
  await row(page, 'Wijkteam').waitFor();
  assert.equal(Number(await figure(row(page, 'Wijkteam'), 'Wacht')), before + 1);
  assert.equal(await figure(row(page, 'Wijkteam'), 'Lezers nu'), 'niemand');
  assert.match(await figure(row(page, 'Wijkteam'), 'Gelezen tot'), /^0 van [1-9]/);
  const anna = await at('anna', '/casussen');
  await anna.page.locator('main[data-live=live]').waitFor();
  await page.reload();
  await row(page, 'Anna').waitFor();
  assert.match(await figure(row(page, 'Anna'), 'Lezers nu'), /^[1-9]/);
  await page.getByRole('table').getByRole('rowheader', { name: 'Anna' }).first().waitFor();
  await anna.context.close();
  await over('queues', beheer);
});

test('keys: one is replaced with four eyes, one is revoked, and each says why', async () => {
  const beheer = await at('beheer', '/sleutels');
  const toezicht = await at('toezicht', '/sleutels');
  const { page } = beheer;
  await page.getByRole('button', { name: 'Sleutel van Els vervangen' }).click();
  let dialog = page.getByRole('dialog');
  await dialog.getByText('Een andere beheerder moet deze sleutel goedkeuren.').waitFor();
  await dialog.getByLabel('Openbaar deel van de sleutel').fill(KEYS[0]);
  await dialog.getByLabel('Waarom?').fill('Nieuwe laptop.');
  await dialog.getByRole('button', { name: 'Vervangen' }).click();
  await page.getByText('Voorstel 1 wacht op een andere beheerder.').waitFor();
  const proposed = page.locator('.row', { hasText: KEYS[0] });
  await proposed.getByText('Wacht op goedkeuring').waitFor();
  assert.equal(await proposed.getByRole('button', { name: /goedkeuren/ }).count(), 0); // not by who proposed it

  await toezicht.page.reload();
  const seen = toezicht.page.locator('.row', { hasText: KEYS[0] });
  await seen.getByRole('button', { name: 'Voorstel 1 goedkeuren' }).click();
  await toezicht.page.getByRole('dialog').getByRole('button', { name: 'Goedkeuren' }).click();
  await toezicht.page.locator('.row', { hasText: KEYS[0] }).getByText('Door Beheer, goedgekeurd door Toezicht').waitFor();

  // One of the first day has no number; it is revoked by itself, by one operator, and the reason stays with it.
  await page.reload();
  await page.getByRole('button', { name: 'Sleutel van Jeugdhulp intrekken' }).click();
  dialog = page.getByRole('dialog');
  await dialog.getByLabel('Waarom?').fill('Laptop gestolen.');
  await dialog.getByRole('button', { name: 'Intrekken' }).click();
  await row(page, 'Jeugdhulp').getByText('Ingetrokken door Beheer: Laptop gestolen.').waitFor();

  // What cannot be is told with the broker's own words, and the dialog stays.
  await page.getByRole('button', { name: 'Sleutel geven' }).click();
  dialog = page.getByRole('dialog');
  await dialog.getByLabel('Rol').selectOption('agency');
  await dialog.getByLabel('Voor wie').selectOption('school');
  await dialog.getByLabel('Openbaar deel van de sleutel').fill(KEYS[1]);
  await dialog.getByLabel('Waarom?').fill('Nog een.');
  await dialog.getByRole('button', { name: 'Geven' }).click();
  await dialog.getByRole('alert').waitFor();
  await accessible(page, 'a key that is refused');
  await page.keyboard.press('Escape');
  await over('keys', beheer, toezicht);
});

test('deliveries: a letter that nobody took is sent again, another is thrown away with a reason', async () => {
  await town.signal('school', 13);
  await town.signal('school', 14);
  const beheer = await at('beheer', '/bezorging');
  const { page } = beheer;
  const letters = page.locator('.row', { hasText: 'Pogingen' });
  await again(page, letters.nth(1));
  await page.locator('.row', { hasText: 'Jeugdteam' }).first().waitFor();
  await accessible(page, 'deliveries');
  const [first, second] = await letters.getByRole('heading').allInnerTexts();
  await page.getByRole('button', { name: `${second} weggooien` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Waarom?').fill('De ontvanger heeft het al.');
  await dialog.getByRole('button', { name: 'Weggooien' }).click();
  await page.getByText('Het bericht is weggegooid.').waitFor();
  await row(page, second).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `${first} opnieuw sturen` }).click();
  await page.getByText('1 bericht wordt opnieuw gebracht.').waitFor();
  await again(page, page.getByText('Er blijft niets liggen'));
  const { gateway } = await town.ask({ do: 'words' });
  assert.match(gateway, /event=letter_dropped letter=service-jeugdteam\.\d+ by=operator:beheer reason="De ontvanger heeft het al\."/);
  await over('deliveries', beheer);
});

test('explain: why there is a case, and what is still needed where there is none; all of it by keyboard', async () => {
  await town.signal('school', 15, {}, 's-why');
  const beheer = await at('beheer', '/overzicht');
  const { page } = beheer;
  await page.keyboard.press('g');
  await page.keyboard.press('u');
  const about = page.getByLabel('Casus, huishouden of signaal');
  await about.focus();
  await page.keyboard.type('c1');
  await page.keyboard.press('Enter');
  await page.locator('main').getByText(/^C1 is er door: two-domains, op /).waitFor();
  const rule = page.getByRole('list', { name: 'De regels' });
  await rule.getByText('Leefgebieden: 2 van 2').waitFor();
  await rule.getByText('2 signalen tellen mee').waitFor();
  await accessible(page, 'an explanation');
  // Through the tree by arrows: down to what counts, open it, up to the rule, and shut that.
  const here = () => page.evaluate(() => document.activeElement.querySelector('.node__title')?.textContent ?? '');
  await rule.locator('summary').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.match(await here(), /2 signalen tellen mee/);
  await page.keyboard.press('ArrowRight');
  await rule.getByText(/Verzuim, School, Onderwijs/).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.match(await here(), /two-domains/);
  await page.keyboard.press('ArrowLeft');
  await rule.getByText('Leefgebieden: 2 van 2').waitFor({ state: 'hidden' });
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowRight');
  await rule.getByText('Leefgebieden: 2 van 2').waitFor();

  await about.fill('s-why');
  await about.press('Enter');
  await page.locator('main').getByText('Er is geen casus. Het dichtst erbij is de regel two-domains. Daarvoor is nog nodig: 1 leefgebied.').waitFor();
  await rule.getByText('Leefgebieden: 1 van 2').waitFor();
  assert.match(page.url(), /over=s-why/);
  await about.fill('C999');
  await about.press('Enter');
  await page.getByText('C999 is er niet').waitFor();
  await page.goBack(); // and back to what was asked before
  await page.getByText('Leefgebieden: 1 van 2').waitFor();
  await over('an explanation', beheer);
});

test('the store: what was erased is proved to be gone, and the rest to be what was written', async () => {
  await town.signal('school', 17, {}, 's-gone');
  const beheer = await at('beheer', '/uitleg?over=s-gone');
  const household = (await beheer.page.locator('.answer').getByText(/^Huishouden H/).innerText()).slice('Huishouden '.length);
  await beheer.context.close();
  await town.post('privacy_officer:p-els', '/v1/erasures', { household });
  const second = await at('beheer', '/opslag');
  await again(second.page, second.page.locator('.proof', { hasText: 'Huishouden weg' }));
  await second.page.locator('.proof', { hasText: household }).getByText('iemand vroeg erom').waitFor();
  await again(second.page, second.page.locator('.proof', { hasText: /^.*Voorgoed gewist, keer/ })); // begun by itself
  await second.page.getByRole('button', { name: 'Nu wissen' }).click();
  await accessible(second.page, 'to erase now');
  await second.page.getByRole('dialog').getByRole('button', { name: 'Nu wissen' }).click();
  await second.page.getByText('Het is voorgoed gewist.').waitFor();
  await second.page.getByRole('button', { name: 'Nu controleren' }).click();
  await second.page.getByText('Alles klopt').waitFor();
  await second.page.locator('.refusals__one', { hasText: /^Logboek/ }).getByText('Klopt', { exact: true }).waitFor();
  await second.page.getByText(/^Nummer \d+, tot regel \d+/).waitFor();
  await over('the store', second);
});
