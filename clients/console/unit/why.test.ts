import { beforeEach, describe, expect, test } from 'vitest';
import { reason, shortReason, stretch } from '../src/case/why';
import type { Explanation } from '../src/net/shapes';
import { language } from '../src/words/words';

const DAY = 86_400_000;
const at = '2026-03-13T13:05:00.000Z';
const signal = (id: string, domain: string, agency: string) => ({ id, position: 1, severity: 2, overdue: false, feedback: false, domain, agency });
const candidate = (more: object) => ({
  regisseur: 'r-anna', why: 'chosen' as const, holder: true, inDistrict: true, load: 2, capacity: 7, hardCapacity: 9, expertise: 0, ...more,
});
const explanation = (more: Partial<Explanation> = {}): Explanation => ({
  at, position: 9, configPosition: 1, version: 4, persons: 2, addresses: 1, signalCount: 4, district: 'BU99010101',
  signals: [signal('s1', 'education', 'school-1'), signal('s2', 'housing', 'corporatie-1'), signal('s3', 'safety_home', 'school-1'), signal('s4', 'finances', 'bank')],
  rules: [{
    id: 'drie-domeinen', level: 'case', holds: true, groups: [], counted: 3, overMs: 180 * DAY,
    signals: [{ id: 's1', use: 'counted' }, { id: 's2', use: 'counted' }, { id: 's3', use: 'counted' }, { id: 's4', use: 'purpose' }],
  }],
  cases: [], timers: [], assignment: { case: 'C1', by: 'district', candidates: [candidate({})] }, ...more,
});
const summary = { rules: ['drie-domeinen'], version: 4, regisseur: 'r-anna', state: 'offered' as const };

beforeEach(() => {
  language.value = 'nl';
});

test('the sentence names what the rule counted, and nothing else', () => {
  expect(shortReason(explanation(), summary)).toBe('Onderwijs, wonen, veiligheid thuis, gemeld door 2 instanties, in een half jaar');
  expect(reason(explanation(), summary, 'r-anna').now).toBe(
    '3 leefgebieden (onderwijs, wonen, veiligheid thuis), gemeld door 2 instanties (School 1 en Corporatie 1), in een half jaar.');
});

describe('why you: the step that found this regisseur, in words', () => {
  const rows: [string, Partial<Explanation>, string][] = [
    ['district and room', {}, 'De casus is bij u omdat u in deze buurt werkt en u ruimte heeft.'],
    ['before', { assignment: { case: 'C1', by: 'sticky', candidates: [candidate({ load: 7 })] } }, 'De casus is bij u omdat u dit huishouden eerder heeft begeleid.'],
    ['nobody else', { assignment: { case: 'C1', by: 'anywhere', candidates: [candidate({ inDistrict: false, load: 7, expertise: 1 })] } },
      'De casus is bij u omdat er in de buurt niemand met ruimte was en u deze leefgebieden goed kent.'],
    ['given by a colleague', { assignment: { case: 'C1', by: 'district', candidates: [candidate({ why: 'load' })] } }, 'Een collega heeft de casus aan u gegeven.'],
    ['not among them', { assignment: { case: 'C1', by: 'nobody', candidates: [] } }, ''],
  ];
  test.each(rows)('%s', (_, more, text) => {
    expect(reason(explanation(more), summary, 'r-anna').you).toBe(text);
  });
  test('a case of somebody else says nothing of me', () => {
    expect(reason(explanation(), { ...summary, regisseur: 'r-bram' }, 'r-anna').you).toBe('');
  });
});

test('a rule that counts nothing any more is said so', () => {
  expect(reason(explanation({ rules: [] }), summary, 'r-anna').now).toBe('De signalen die tot deze casus leidden, tellen niet meer mee.');
});

test('a stretch of time is told as people say it', () => {
  const rows: [number, string][] = [[365, 'een jaar'], [180, 'een half jaar'], [730, '2 jaar'], [90, '3 maanden'], [28, '28 dagen']];
  for (const [days, text] of rows) expect(stretch(days * DAY), String(days)).toBe(text);
});
