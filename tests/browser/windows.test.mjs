// Answers that do not come, and two windows of one person: nothing is done twice, nothing is lost, and each window comes true
// by itself. With a real broker and a real gateway behind the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from './browser.mjs';
import { desk } from './desk.mjs';
import { live } from './town.mjs';

let browser, town, at, over, shown, aCase;
before(async () => {
  browser = await launch();
  // Every case is Anna's.
  town = await live({ town: [['{id: r-bram, districts: ["*"]', '{id: r-bram, districts: ["XX"]']], limits: 'requests_per_second: 1000, burst: 2000, streams_per_caller: 32' });
  ({ at, over, shown, aCase } = desk(browser, town));
});
after(async () => {
  await browser?.close();
  await town?.close();
});

const told = (page, path) => page.evaluate(async (from) => (await fetch(from)).json(), path);

/** What this page sends to such a path is done, and its answer never comes, so often. The keys of the acts that were sent. */
async function loseAnswers(page, path, times) {
  const wire = await page.context().newCDPSession(page);
  const keys = [];
  let left = times;
  wire.on('Fetch.requestPaused', ({ requestId, request }) => {
    const key = Object.entries(request.headers).find(([name]) => name.toLowerCase() === 'idempotency-key')?.[1];
    if (key !== undefined) keys.push(key);
    const lost = left-- > 0;
    void wire.send(lost ? 'Fetch.failRequest' : 'Fetch.continueRequest', { requestId, ...(lost ? { errorReason: 'ConnectionReset' } : {}) }).catch(() => undefined);
  });
  await wire.send('Fetch.enable', { patterns: [{ urlPattern: `*${path}`, requestStage: 'Response' }] });
  return keys;
}

/** A case that Anna has, open on her page. */
async function herCase(anna) {
  const { id } = await aCase([anna.page]);
  const row = await shown(anna.page, id);
  await row.getByRole('button', { name: 'Aannemen' }).click();
  await anna.page.getByText(`U bent nu regisseur van casus ${id}.`).waitFor();
  await anna.page.goto(`${town.url}/app/casussen/${id}`);
  await anna.page.getByRole('button', { name: 'Plan maken' }).waitFor();
  return id;
}

async function goal(page, text) {
  const group = page.getByRole('group', { name: 'Doel 1' });
  await group.getByLabel('Wat willen we bereiken?').fill(text);
  await group.getByLabel('Wie zorgt ervoor?').selectOption({ label: 'Ik (regisseur)' });
}

test('a message sent while the broker is killed goes by itself when it is back, and once', async () => {
  const anna = await at('anna');
  const { page } = anna;
  const id = await herCase(anna);
  await page.getByRole('button', { name: 'Schrijven' }).click();
  await page.getByLabel('Aan', { exact: true }).selectOption({ label: 'School' });
  await page.getByLabel('Bericht', { exact: true }).fill('Lukt het dinsdag?');
  await town.ask({ do: 'stop broker', hard: true });
  const send = page.getByRole('dialog').getByRole('button', { name: 'Versturen' });
  await send.click();
  await page.getByRole('dialog').getByText('We proberen het vanzelf opnieuw').waitFor();
  await accessible(page, 'a message that waits');
  await send.click(); // an impatient one
  await town.ask({ do: 'start broker' });
  await page.getByText('Bericht verstuurd aan School.').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.locator('.letter').getByText('Lukt het dinsdag?').waitFor();
  assert.equal((await told(page, `/v1/cases/${id}`)).notes.length, 1);

  // Who changes it meanwhile is asked again: half a sentence does not go by itself.
  await page.getByRole('button', { name: 'Schrijven' }).click();
  await page.getByLabel('Aan', { exact: true }).selectOption({ label: 'School' });
  await page.getByLabel('Bericht', { exact: true }).fill('En woensdag?');
  await town.ask({ do: 'stop broker', hard: true });
  await send.click();
  await page.getByRole('dialog').getByText('We proberen het vanzelf opnieuw').waitFor();
  await page.getByLabel('Bericht', { exact: true }).fill('En woensdag? Of');
  await page.getByRole('dialog').getByText('We proberen het vanzelf opnieuw').waitFor({ state: 'detached' });
  await town.ask({ do: 'start broker' });
  await town.found();
  assert.equal(await page.getByRole('dialog').count(), 1);
  await over(anna);
});

test('an accept whose answer is lost is done once, and the reader knows', async () => {
  const anna = await at('anna');
  const { page } = anna;
  const { id } = await aCase([page]);
  const row = await shown(page, id);
  const keys = await loseAnswers(page, '/acceptances', 1);
  await row.getByRole('button', { name: 'Aannemen' }).click();
  await page.getByText(`U bent nu regisseur van casus ${id}.`).waitFor(); // since it is looked at again
  assert.equal(keys.length, 1);

  // Nothing can be looked at either: pressed again it is the same act.
  const second = (await aCase([page])).id;
  await shown(page, second);
  await page.route('**/v1/cases?*', (route) => route.abort());
  await page.route('**/v1/cases/*', (route) => route.abort());
  const lost = await loseAnswers(page, '/acceptances', 1);
  const take = page.locator(`[data-id="${second}"]`).getByRole('button', { name: 'Aannemen' });
  await take.click();
  await page.locator('.toast').getByText('Geen verbinding').waitFor();
  await take.click();
  await page.getByText(`U bent nu regisseur van casus ${second}.`).waitFor();
  assert.equal(lost.length, 2);
  assert.equal(lost[0], lost[1]);
  await page.unrouteAll();
  assert.equal((await told(page, `/v1/cases/${second}`)).state, 'active');
  await over(anna);
});

test('a plan whose answer is lost is saved once; changed after that, it is nobody else\'s', async () => {
  const anna = await at('anna');
  const { page } = anna;
  const id = await herCase(anna);
  await page.getByRole('button', { name: 'Plan maken' }).click();
  await goal(page, 'Elke dag naar school.');
  const keys = await loseAnswers(page, '/plan', 1);
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByText('Het plan is opgeslagen.').waitFor(); // by itself
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.equal((await told(page, `/v1/cases/${id}`)).planRevision, 1);

  await page.getByRole('button', { name: 'Wijzigen' }).click();
  await goal(page, 'Vier dagen naar school.');
  await loseAnswers(page, '/plan', 1);
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByText('We proberen het vanzelf opnieuw').waitFor();
  await goal(page, 'Vijf dagen naar school.'); // another content, so another act
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByRole('cell', { name: 'Vijf dagen naar school.' }).waitFor();
  assert.equal(await page.getByText('Iemand heeft het plan net ook gewijzigd').count(), 0);
  const found = await told(page, `/v1/cases/${id}`);
  assert.deepEqual([found.planRevision, found.goals.map(({ text }) => text)], [3, ['Vijf dagen naar school.']]);
  await over(anna);
});

test('two windows of one regisseur: what is done in one is seen in the other by itself', async () => {
  const anna = await at('anna');
  const { page } = anna;
  const beside = await anna.context.newPage(); // the same browser
  const apart = await at('anna'); // another one, of the same account
  const { id } = await aCase([page]);
  const row = await shown(page, id);
  for (const other of [beside, apart.page]) {
    await other.goto(`${town.url}/app/casussen/${id}`);
    await other.getByRole('button', { name: 'Aannemen' }).waitFor();
    await other.locator('main[data-live=live]').waitFor();
  }
  await row.getByRole('button', { name: 'Aannemen' }).click();
  for (const other of [beside, apart.page]) {
    await other.getByRole('button', { name: 'Plan maken' }).waitFor();
    assert.equal(await other.getByRole('button', { name: 'Aannemen' }).count(), 0);
  }
  // A window that heard nothing, since its network was gone, says no untruth.
  const second = (await aCase([page])).id;
  await beside.goto(`${town.url}/app/casussen/${second}`);
  await beside.getByRole('button', { name: 'Aannemen' }).waitFor();
  await beside.evaluate(() => (document.querySelector('h1').dataset.kept = 'yes'));
  await beside.route('**/v1/**', (route) => (route.request().method() === 'GET' ? route.abort() : route.fallback()));
  await (await shown(page, second)).getByRole('button', { name: 'Aannemen' }).click();
  await page.getByText(`U bent nu regisseur van casus ${second}.`).waitFor();
  await beside.unrouteAll();
  await beside.locator('h1[data-kept=yes]').waitFor();
  const take = beside.getByRole('button', { name: 'Aannemen' });
  if ((await take.count()) > 0) await take.click({ timeout: 2000 }).catch(() => undefined); // or it came true meanwhile
  await beside.getByRole('button', { name: 'Plan maken' }).waitFor();
  assert.equal(await beside.getByText('naar iemand anders gegaan').count(), 0);
  await over(anna, apart);
});

test('two windows of coordinators: what one gives is gone from the other\'s list', async () => {
  const anna = await at('anna');
  const bram = await at('bram');
  const piet = await at('piet');
  const beside = await piet.context.newPage();
  const { id } = await aCase([anna.page]);
  for (const one of [anna.page, bram.page]) { // who gets it next is Bram
    await (await shown(one, id)).getByRole('button', { name: 'Teruggeven' }).click();
    await one.getByRole('radio', { name: 'Ik heb nu geen ruimte' }).check();
    await one.getByRole('dialog').getByRole('button', { name: 'Teruggeven' }).click();
    await one.getByText(`U heeft casus ${id} teruggegeven.`).waitFor();
  }
  await shown(piet.page, id);
  await beside.goto(`${town.url}/app/verdeling`);
  const row = await shown(beside, id);
  await beside.locator('main[data-live=live]').waitFor();
  await piet.page.locator(`[data-id="${id}"]`).getByRole('button', { name: 'Toewijzen' }).click();
  await piet.page.getByRole('radio', { name: /Bram/ }).check();
  await piet.page.getByRole('dialog').getByRole('button', { name: 'Toewijzen' }).click();
  await piet.page.getByText(`Casus ${id} is aangeboden aan Bram.`).waitFor();
  await row.getByText('Intussen veranderd').waitFor();
  await over(anna, bram, piet);
});

test('one plan begun in two windows: who comes second sees what happened, and loses no text', async () => {
  const anna = await at('anna');
  const { page } = anna;
  const id = await herCase(anna);
  const apart = await at('anna');
  await apart.page.goto(`${town.url}/app/casussen/${id}`);
  for (const one of [page, apart.page]) await one.getByRole('button', { name: 'Plan maken' }).click();
  await goal(page, 'Elke dag naar school.');
  await goal(apart.page, 'De huur is betaald.');
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByText('Het plan is opgeslagen.').waitFor();
  // The other one is told while writing, keeps all that was written, and puts both together.
  await apart.page.getByText('Het plan is intussen gewijzigd').waitFor();
  assert.equal(await apart.page.getByLabel('Wat willen we bereiken?').inputValue(), 'De huur is betaald.');
  await accessible(apart.page, 'a plan that changed meanwhile');
  await apart.page.getByRole('button', { name: 'Plan opslaan' }).click();
  await apart.page.getByText('Iemand heeft het plan net ook gewijzigd').waitFor();
  await apart.page.getByRole('button', { name: 'Zo opslaan' }).click();
  await apart.page.getByText('Het plan is opgeslagen.').waitFor();
  for (const one of [page, apart.page]) {
    for (const text of ['Elke dag naar school.', 'De huur is betaald.']) await one.getByRole('cell', { name: text }).waitFor();
  }

  // The same goal in both: what each wrote stands side by side, and is chosen.
  for (const one of [page, apart.page]) await one.getByRole('button', { name: 'Wijzigen' }).click();
  await goal(page, 'Vier dagen naar school.');
  await goal(apart.page, 'Drie dagen naar school.');
  await page.getByRole('button', { name: 'Plan opslaan' }).click();
  await page.getByRole('cell', { name: 'Vier dagen naar school.' }).waitFor();
  await apart.page.getByRole('button', { name: 'Plan opslaan' }).click();
  const pair = apart.page.getByRole('group', { name: 'Verschil 1' });
  await pair.getByText('Vier dagen naar school.').waitFor();
  await pair.getByText('Drie dagen naar school.').waitFor();
  await accessible(apart.page, 'a plan of two hands');
  await pair.getByRole('button', { name: 'Houd die van mij' }).click();
  await apart.page.getByRole('button', { name: 'Zo opslaan' }).click();
  await page.getByRole('cell', { name: 'Drie dagen naar school.' }).waitFor();
  assert.deepEqual((await told(page, `/v1/cases/${id}`)).goals.map(({ text }) => text), ['Drie dagen naar school.', 'De huur is betaald.']);
  await over(anna, apart);
});
