// Operators and privacy officers, with a real broker and a real gateway behind the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch, person, signIn } from './browser.mjs';
import { live } from './town.mjs';

let browser, town;
before(async () => {
  browser = await launch();
  town = await live({ approvals: 'two' });
});
after(async () => {
  await browser?.close();
  await town?.close();
});

const sessions = new Map();

/** A browser that is signed in; an account is asked for its password once. */
async function at(account) {
  const one = await person(browser);
  if (sessions.has(account)) {
    await one.context.addCookies(sessions.get(account));
    await one.page.goto(`${town.url}/app/`);
    await one.page.locator('header.bar').waitFor();
  } else {
    await signIn(one.page, town.url, account, town.password);
    sessions.set(account, await one.context.cookies());
  }
  return one;
}

async function over(...people) {
  for (const one of people) {
    assert.deepEqual(one.wrong, []);
    await one.context.close();
  }
}

test('an operator changes a rule with four eyes, and takes it back', async () => {
  await town.household(10);
  const beheer = await at('beheer');
  const toezicht = await at('toezicht');
  const { page } = beheer;
  await page.goto(`${town.url}/app/regels`);
  await page.getByRole('heading', { name: /two-domains/ }).waitFor();
  await page.getByRole('link', { name: 'Regels wijzigen' }).click();
  const text = page.getByRole('textbox', { name: 'rules.yaml' });
  await text.waitFor();

  // What is wrong is said while it is written, with its line; nothing can be proposed.
  const before = await text.inputValue();
  await text.fill(`${before}  - id: x\n   kapot: 1\n`);
  await page.locator('.found__place', { hasText: 'rules.yaml' }).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Voorstellen' }).isDisabled(), true);
  await page.locator('.found__place').first().click();
  assert.equal(await text.evaluate((area) => document.activeElement === area), true);
  await accessible(page, 'a text with a fault');

  // Three domains instead of two: in sentences, and tried on what came.
  await text.fill(before.replace('domains: 2', 'domains: 3'));
  await page.getByText('over 3 of meer verschillende leefgebieden').waitFor();
  const run = page.locator('section', { has: page.getByRole('heading', { name: 'Wat had het gedaan?' }) });
  await run.getByRole('button', { name: 'Proberen' }).click();
  await run.getByText('Met de regels van toen: 1 casussen. Met deze regels: 0').waitFor();
  await accessible(page, 'a back-test');
  await page.getByRole('button', { name: 'Voorstellen' }).click();
  await page.getByRole('dialog').getByLabel('Waarom?').fill('Twee is te ruim.');
  await page.getByRole('dialog').getByRole('button', { name: 'Voorstellen' }).click();
  await page.getByRole('heading', { name: 'Voorstel 1', level: 1 }).waitFor();
  await page.getByText('Dit is uw eigen voorstel.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Goedkeuren' }).count(), 0);

  // The other one sees what changes, and says yes.
  await toezicht.page.goto(`${town.url}/app/voorstellen`);
  await toezicht.page.getByRole('link', { name: 'Voorstel 1' }).click();
  await toezicht.page.locator('.diff__line--added', { hasText: 'domains: 3' }).waitFor();
  await toezicht.page.locator('.diff__line--gone', { hasText: 'domains: 2' }).waitFor();
  await accessible(toezicht.page, 'a proposal of another one');
  await toezicht.page.getByRole('button', { name: 'Goedkeuren' }).click();
  await toezicht.page.getByRole('dialog').getByRole('button', { name: 'Goedkeuren' }).click();
  await toezicht.page.getByText('Voorstel 1 is goedgekeurd en geldt nu.').waitFor();
  await page.goto(`${town.url}/app/regels`);
  await page.getByText('over 3 of meer verschillende leefgebieden').waitFor();

  // Back to how it was: a proposal too.
  await page.goto(`${town.url}/app/versies/1`);
  await page.getByRole('button', { name: 'Terugzetten' }).click();
  await page.getByRole('dialog').getByLabel('Waarom?').fill('Toch niet.');
  await page.getByRole('dialog').getByRole('button', { name: 'Terugzetten' }).click();
  await page.getByRole('heading', { name: 'Voorstel 2', level: 1 }).waitFor();
  await toezicht.page.goto(`${town.url}/app/voorstellen/2`);
  await toezicht.page.getByRole('button', { name: 'Afkeuren' }).click();
  await toezicht.page.getByRole('dialog').getByLabel('Waarom?').fill('Eerst een week kijken.');
  await toezicht.page.getByRole('dialog').getByRole('button', { name: 'Afkeuren' }).click();
  await toezicht.page.getByText('Voorstel 2 is afgekeurd.').waitFor();
  await over(beheer, toezicht);
});

test('the overview tells what comes while it comes, and names nobody', async () => {
  const beheer = await at('beheer');
  const { page } = beheer;
  await page.goto(`${town.url}/app/overzicht`);
  await page.locator('.chart canvas').waitFor();
  await page.getByText(/Signalen aangenomen: [1-9]/).waitFor();
  const accepted = async () => Number(/aangenomen: (\d+)/.exec(await page.locator('.flow__said').innerText())[1]);
  const before = await accepted();
  await town.signal('school', 40);
  await page.waitForFunction((n) => Number(/aangenomen: (\d+)/.exec(document.querySelector('.flow__said').textContent)[1]) > n, before);
  const words = await page.locator('main').innerText();
  assert.doesNotMatch(words, /9999\d{5}|r-anna|Anna/);
  await accessible(page, 'the overview');
  await over(beheer);
});
