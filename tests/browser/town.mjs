// The real thing for the browser's tests: a broker and a gateway, as town.py runs them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { WAIT_MS } from './browser.mjs';

const HERE = new URL('./', import.meta.url).pathname;

/** The number of a made-up person, as tests/integration/broker.py makes them. */
export function bsn(person) {
  for (let n = 0, found = -1; ; n++) {
    const base = `9999${String(n).padStart(4, '0')}`;
    const rest = [...base].reduce((sum, digit, i) => sum + Number(digit) * (9 - i), 0) % 11;
    if (rest < 10 && ++found === person) return base + rest;
  }
}

/** A town of its own; wishes are those of town.py. */
export async function live(wishes = {}) {
  const child = spawn('/usr/bin/python3', [`${HERE}town.py`, JSON.stringify(wishes)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    // What does not answer is ended, and so the wait for it.
    const late = setTimeout(() => child.kill('SIGKILL'), 4 * WAIT_MS);
    const { value, done } = await lines.next();
    clearTimeout(late);
    assert.ok(!done, 'the town ended');
    return JSON.parse(value);
  };
  const ended = new Promise((done) => child.once('exit', done));
  const { url, password } = await next();
  let turn = Promise.resolve();
  /** One wish after the other: an answer has no name. */
  const ask = (wish) => {
    const answer = turn.then(async () => {
      child.stdin.write(`${JSON.stringify(wish)}\n`);
      return next();
    });
    turn = answer.catch(() => undefined);
    return answer;
  };
  return {
    url, password, ask,
    /** One signal of an agency about a made-up person, over HTTP: confirmed, so durable and with all its effects. */
    async signal(agency, person, more = {}, id = undefined) {
      const { status, answer } = await ask({ do: 'publish', agency, person, more, ...(id === undefined ? {} : { id }) });
      assert.equal(status, 201, answer);
    },
    /** The gateway has found the broker again, for agencies and for whoever looks. */
    async found() {
      const until = Date.now() + WAIT_MS;
      for (const [agency, person] of [['school', 990], ['politie', 993]]) {
        for (const id = `found-${agency}-${until}`; ;) {
          const { status } = await ask({ do: 'publish', agency, person, id });
          if (status === 201 || status === 200) break;
          assert.ok(Date.now() < until, `the gateway does not find the broker again: ${status}`);
          await new Promise((done) => setTimeout(done, 100));
        }
      }
    },
    /** What a party's own system sends besides. */
    async post(party, path, body) {
      const { status, answer } = await ask({ do: 'post', party, path, body });
      assert.ok(status === 200 || status === 201, answer);
    },
    /** Two domains from two agencies: what this town's rule makes a case of. */
    async household(person) {
      await this.signal('school', person);
      await this.signal('politie', person);
    },
    async close() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), 4 * WAIT_MS);
      await ended;
      clearTimeout(late);
    },
  };
}
