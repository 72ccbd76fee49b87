import { beforeEach, describe, expect, test } from 'vitest';
import { endOfDay, fieldDay, moment, day, relative, span, startOfDay, term } from '../src/words/dates';
import { language } from '../src/words/words';

const HOUR = 3_600_000;

beforeEach(() => {
  language.value = 'nl';
});

describe('an instant is written as people in the Netherlands write it', () => {
  test.each([
    ['2026-03-13T13:05:00Z', 'nl', 'vr 13 mrt 2026, 14:05'],
    ['2026-03-13T13:05:00Z', 'en', 'Fri 13 Mar 2026, 14:05'],
    ['2026-07-01T22:30:00Z', 'nl', 'do 2 jul 2026, 00:30'],
    ['2026-12-31T23:00:00Z', 'nl', 'vr 1 jan 2027, 00:00'],
    ['2026-10-25T00:30:00Z', 'nl', 'zo 25 okt 2026, 02:30'],
    ['2026-10-25T01:30:00Z', 'nl', 'zo 25 okt 2026, 02:30'],
  ] as const)('%s in %s', (instant, lang, text) => {
    language.value = lang;
    expect(moment(Date.parse(instant))).toBe(text);
  });
});

describe('a day of a date field begins and ends by the clock of the Netherlands, also when it changes', () => {
  test.each([
    ['2026-01-15', '2026-01-14T23:00:00.000Z', '2026-01-15T22:59:59.000Z'],
    ['2026-07-15', '2026-07-14T22:00:00.000Z', '2026-07-15T21:59:59.000Z'],
    ['2026-03-29', '2026-03-28T23:00:00.000Z', '2026-03-29T21:59:59.000Z'],
    ['2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.000Z'],
  ])('%s', (field, begins, ends) => {
    expect(new Date(startOfDay(field) ?? 0).toISOString()).toBe(begins);
    expect(new Date(endOfDay(field) ?? 0).toISOString()).toBe(ends);
    expect(fieldDay(startOfDay(field) ?? 0)).toBe(field);
    expect(fieldDay(endOfDay(field) ?? 0)).toBe(field);
  });
  test.each(['', '2026', '13-03-2026', '2026-02-31x'])('"%s" is no day', (field) => {
    expect(startOfDay(field)).toBeUndefined();
    expect(endOfDay(field)).toBeUndefined();
  });
});

test('how long is told in the one unit that says most', () => {
  const rows: [number, string][] = [
    [20_000, '1 minuut'], [59 * 60_000, '59 minuten'], [HOUR, '1 uur'], [47 * HOUR, '47 uur'], [48 * HOUR, '2 dagen'],
    [59 * 24 * HOUR, '59 dagen'], [90 * 24 * HOUR, '3 maanden'],
  ];
  for (const [ms, text] of rows) expect(span(ms), String(ms)).toBe(text);
  expect(term(2 * HOUR + 14 * 60_000)).toBe('2 uur en 14 min');
  expect(relative(0, 3 * 24 * HOUR)).toBe('3 dagen geleden');
  expect(relative(2 * HOUR, 0)).toBe('over 2 uur');
  expect(day(0)).toBe('do 1 jan 1970');
});
