import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { language, listed, readable, t, tn, word } from '../src/words/words';
import dutch from '../src/words/nl.json';
import english from '../src/words/en.json';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

test('both languages have the same keys, and the same values in each text', () => {
  expect(Object.keys(english)).toEqual(Object.keys(dutch));
  for (const [key, text] of Object.entries(dutch)) {
    expect(text, key).not.toBe('');
    expect(names((english as Record<string, string>)[key] ?? ''), key).toEqual(names(text));
  }
});

test('every text in the tables is used somewhere', () => {
  const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(`${folder}/${entry.name}`) : /\.tsx?$/.test(entry.name) ? [readFileSync(`${folder}/${entry.name}`, 'utf8')] : []);
  const source = files('src').join('\n');
  // Codes from outside are looked up by their group: word('state', …), t(`group.${…}`).
  const groups = new Set([...source.matchAll(/(?:word|known)\('(\w+)'|`(\w+)\.\$\{/g)].map((found) => found[1] ?? found[2]));
  for (const key of Object.keys(dutch)) {
    const base = key.replace(/\.(one|other)$/, '');
    const used = source.includes(`'${key}'`) || source.includes(`'${base}'`) || groups.has(key.split('.')[0]);
    expect(used, key).toBe(true);
  }
});

test('a code that the gateway tells a reader is told in their words', () => {
  // What no page can bring about: frames and files, the signals of agencies, and answers that are no refusal.
  const others = new Set(['accepted', 'duplicate', 'end', 'erased', 'usage', 'hello_first', 'bad_frame', 'bad_version', 'beyond_credit', 'sequence_gap', 'unknown_source',
    'unknown_type', 'type_not_allowed', 'wrong_municipality', 'bad_address', 'bad_severity', 'too_old', 'no_convenant', 'store_corrupt', 'store_version', 'store_busy',
    'store_position', 'store_epoch', 'io', 'wrong_key', 'sealed', 'bad_request', 'method_not_allowed', 'not_acceptable', 'length_required', 'uri_too_long',
    'unsupported_type', 'expectation_failed', 'headers_too_large', 'not_implemented', 'http_version']);
  const codes = ['../../proto/err.h', '../gateway/refusal.h'].flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/X\(\w+, \d+, "(\w+)"/g)].map((found) => found[1] ?? ''));
  expect(codes.length).toBeGreaterThan(60);
  for (const code of codes) {
    if (others.has(code)) continue;
    for (const group of ['problem', 'advice']) expect(Object.keys(dutch), code).toContain(`${group}.${code}`);
  }
});

test('whatever a text has a place for is given to it', () => {
  const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(`${folder}/${entry.name}`) : /\.tsx?$/.test(entry.name) ? [readFileSync(`${folder}/${entry.name}`, 'utf8')] : []);
  const bare = [...files('src').join('\n').matchAll(/\bt\('([\w.]+)'\)/g)].map((found) => found[1] ?? '');
  for (const key of bare) expect(names((dutch as Record<string, string>)[key] ?? ''), key).toEqual([]);
});

test('texts are filled, counted, listed and looked up in the language of the moment', () => {
  language.value = 'nl';
  expect(t('case.title', { case: 'C7' })).toBe('Casus C7');
  expect(tn('inbox.arrived', 1)).toBe('1 nieuwe casus');
  expect(tn('inbox.arrived', 2)).toBe('2 nieuwe casussen');
  expect(listed(['a', 'b', 'c'])).toBe('a, b en c');
  expect(listed(['a'])).toBe('a');
  expect(listed([])).toBe('');
  expect(word('domain', 'housing')).toBe('Wonen');
  expect(word('domain', 'zorg-om_dieren')).toBe('Zorg om dieren');
  expect(readable('')).toBe('');
  expect(readable('ggd-meldpunt')).toBe('GGD meldpunt');
  language.value = 'en';
  expect(word('domain', 'housing')).toBe('Housing');
  expect(listed(['a', 'b'])).toBe('a and b');
  language.value = 'nl';
});
