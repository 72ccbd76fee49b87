// What tests of people at their desks share: who is signed in, and a case for them.
import assert from 'node:assert/strict';
import { person, signIn } from './browser.mjs';

/** Of a browser and a town. */
export function desk(browser, town) {
  const sessions = new Map();
  let people = 0;
  const fresh = () => 10 + 3 * people++;

  /** A browser that is signed in, and hears the mailbox. One session for each account: an account is asked for its password once. */
  async function at(account, options) {
    const one = await person(browser, options);
    if (sessions.has(account)) {
      await one.context.addCookies(sessions.get(account));
      await one.page.goto(`${town.url}/app/`);
    } else {
      await signIn(one.page, town.url, account, town.password);
      sessions.set(account, await one.context.cookies());
    }
    await one.page.locator('main[data-live=live]').waitFor();
    return one;
  }

  /** Nothing was wrong on their pages, and they are gone. */
  async function over(...people_) {
    for (const one of people_) {
      assert.deepEqual(one.wrong, []);
      await one.context.close();
    }
  }

  /** Shows what came, if it is only told of yet. */
  async function shown(page, id) {
    const row = page.locator(`[data-id="${id}"]`);
    const told = page.locator('.arrivals__button');
    await row.or(told).first().waitFor();
    if ((await row.count()) === 0) await told.click();
    await row.waitFor();
    return row;
  }

  /** A new case by two signals over HTTP; its id, and who it was offered to. */
  async function aCase(pages) {
    const seen = await Promise.all(pages.map((page) => page.evaluate(async () => (await (await fetch('/v1/cases')).json()).items.map((found) => found.id))));
    await town.household(fresh());
    const found = await Promise.all(pages.map((page, i) => page.evaluate(async (before) => {
      const { items } = await (await fetch('/v1/cases')).json();
      return items.find((one) => !before.includes(one.id))?.id;
    }, seen[i])));
    const who = found.findIndex((id) => id !== undefined);
    assert.notEqual(who, -1, 'a case was offered to nobody who looks');
    return { id: found[who], who };
  }
  return { fresh, sessions, at, over, shown, aCase };
}
