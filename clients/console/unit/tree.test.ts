import { beforeEach, describe, expect, test } from 'vitest';
import type { ExplainedRule, Explanation } from '../src/net/shapes';
import { countLeft, newest, proofOf } from '../src/operator/proofs';
import { type Node, casesTree, nearestMiss, rulesTree, shortAnswer, stuckWhy, timersTree, verdict } from '../src/operator/tree';
import { language } from '../src/words/words';

const DAY = 86_400_000;
const at = '2026-03-13T13:05:00.000Z';
const signal = (id: string, domain: string, more: object = {}) => ({ id, position: 1, severity: 3, overdue: false, feedback: false, domain, agency: 'school-1', type: 'nl.onderwijs.verzuim-gemeld.v1', occurredAt: '2026-03-01T09:00:00.000Z', ...more });
const clause = (name: string, value: number, least: number) => ({ clause: name, value, least, reached: value >= least });
const rule = (id: string, holds: boolean, clauses: ReturnType<typeof clause>[], more: object = {}): ExplainedRule => ({
  id, level: 'case', holds, groups: [{ holds, clauses }], counted: 1, signals: [{ id: 's1', use: 'counted', until: '2026-06-01T00:00:00.000Z' }, { id: 's2', use: 'withdrawn' }], ...(holds ? {} : { nearest: 0 }), ...more,
} as ExplainedRule);
const told = (rules: ExplainedRule[], more: Partial<Explanation> = {}): Explanation => ({
  at, position: 9, configPosition: 1, version: 4, persons: 2, addresses: 1, signalCount: 2, signals: [signal('s1', 'education'), signal('s2', 'housing')], rules, cases: [], timers: [], ...more,
});
/** As it reads: marks, titles and notes, indented. */
const drawn = (nodes: readonly Node[], depth = 0): string[] => nodes.flatMap((node) => [
  `${'  '.repeat(depth)}${node.mark === undefined ? '' : node.mark ? '+ ' : '- '}${node.title}${node.note === undefined || node.note === '' ? '' : ` | ${node.note}`}`, ...drawn(node.children, depth + 1)]);

beforeEach(() => {
  language.value = 'nl';
});

test('a rule is what it asks, what it found, and what that comes to', () => {
  expect(drawn(rulesTree(told([rule('drie', false, [clause('domains', 2, 3)], { text: 'drie leefgebieden', overMs: 180 * DAY })])))).toEqual([
    '- drie | drie leefgebieden — De regel geldt niet. Nog nodig: 1 leefgebied.',
    '  Wat de regel vraagt, in een half jaar',
    '    - Leefgebieden: 2 van 3',
    '  + 1 signaal telt mee',
    '    Verzuim gemeld, School 1, Onderwijs | zo 1 mrt 2026 · ernst 3 · telt tot ma 1 jun 2026',
    '  - 1 signaal telt niet mee: ingetrokken door de instantie',
    '    Verzuim gemeld, School 1, Wonen | zo 1 mrt 2026 · ernst 3',
  ]);
});

test('groups are told one by one; a person is a number', () => {
  const found = rule('kind', false, [], {
    withinSame: 'person', groupsMore: 2, signals: [],
    groups: [{ person: 1, holds: false, clauses: [clause('agencies', 1, 2), { clause: 'spread', valueMs: 0, leastMs: 12 * DAY, reached: false }] }, { person: 2, holds: false, clauses: [{ ...clause('persons', 4, 9), orMore: true }] }],
  });
  expect(drawn(rulesTree(told([found])))).toEqual([
    '- kind | De regel geldt niet. Het dichtst erbij is Persoon 1. Nog nodig: 1 instantie en 12 dagen tussen het eerste en het laatste signaal.',
    '  Wat de regel vraagt, per persoon',
    '    - Persoon 1', '      - Instanties: 1 van 2', '      - Tijd tussen eerste en laatste: geen van 12 dagen',
    '    - Persoon 2', '      - Personen: 4 of meer van 9', '    en nog 2',
  ]);
  expect(drawn(rulesTree(told([rule('leeg', false, [], { withinSame: 'agency', groups: [], nearest: undefined, signals: [] })])))).toContain('    - Voor geen instantie telt er iets mee');
});

describe('what stands in the way', () => {
  const rows: [string, object, string][] = [
    ['nothing', {}, 'De regel geldt. Een nieuw signaal dat meetelt, opent een casus.'],
    ['a case is open', { barred: 'open_case', holdsUntil: '2026-04-01T10:00:00.000Z' }, 'De regel geldt tot wo 1 apr 2026, 12:00, als er niets bij komt. Er komt geen nieuwe casus: C3 loopt nog.'],
    ['the last one ended not long ago', { barred: 'cooldown', barredUntil: '2026-04-01T10:00:00.000Z' }, 'De regel geldt. Er komt geen casus vóór wo 1 apr 2026, 12:00: de vorige is nog maar kort geleden afgesloten.'],
    ['nothing new', { barred: 'nothing_new' }, 'De regel geldt. Er komt geen casus: sinds de vorige kwam er niets nieuws bij.'],
    ['a pause', { barred: 'paused', barredUntil: '2026-04-01T10:00:00.000Z' }, 'De regel geldt. De regel is gepauzeerd tot wo 1 apr 2026, 12:00.'],
    ['told already', { level: 'watch', latched: true }, 'De regel geldt. Het is gemeld, en wordt niet opnieuw gemeld zolang het geldt.'],
  ];
  test.each(rows)('%s', (_, more, text) => {
    expect(verdict(rule('x', true, [clause('domains', 3, 3)], more), told([], { openCase: 'C3' }))).toBe(text);
  });
  test('it held before', () => {
    expect(verdict(rule('x', false, [clause('domains', 1, 3)], { heldUntil: '2026-03-01T10:00:00.000Z' }), told([]))).toBe('De regel geldt niet. Nog nodig: 2 leefgebieden. Hij gold tot zo 1 mrt 2026, 11:00.');
  });
});

test('why not: the rule that lacks least, whatever it counts', () => {
  const far = rule('ver', false, [clause('domains', 0, 2)]);
  const near = rule('dicht', false, [clause('signals', 9, 10), clause('agencies', 2, 2)]);
  const never = rule('nooit', false, [], { nearest: undefined, groups: [] });
  const holds = rule('geldt', true, [clause('domains', 2, 2)], { level: 'watch' });
  expect(nearestMiss(told([never, far, near, holds]))?.id).toBe('dicht');
  expect(nearestMiss(told([never, holds]))).toBe(undefined);
  expect(shortAnswer(told([far, near]))).toBe('Er is geen casus. Het dichtst erbij is de regel dicht. Daarvoor is nog nodig: 1 signaal.');
  expect(shortAnswer(told([never]))).toBe('Er is geen casus, en geen regel is er dichtbij.');
  expect(shortAnswer(told([rule('geldt', true, [])]))).toMatch(/^Er geldt een regel \(geldt\), maar er kwam geen casus/);
});

test('of a case: its rules first and open, itself, and what falls due', () => {
  const made = rule('drie', true, [clause('domains', 3, 3)]);
  const explained = told([rule('ander', false, [clause('domains', 1, 2)]), made], {
    case: 'C3', openCase: 'C3', timers: [{ timer: 'accept', due: '2026-03-14T10:00:00.000Z', case: 'C3' }, { timer: 'retry' }],
    cases: [{ id: 'C3', state: 'active', priority: 'high', revision: 2, openedAt: at, version: 4, rules: ['drie'], signals: [{ id: 's1' }, { id: 'gone' }], regisseur: 'r-anna' }],
  });
  expect(rulesTree(explained).map(({ id, open }) => [id, open])).toEqual([['drie', true], ['ander', false]]);
  expect(drawn(casesTree(explained))).toEqual([
    'Casus C3 | Geopend vr 13 mrt 2026, 14:05, onder versie 4. Bij Anna.', '  Door de regels: drie', '  2 signalen in de casus', '    Verzuim gemeld, School 1, Onderwijs | zo 1 mrt 2026 · ernst 3', '    gone']);
  expect(drawn(timersTree(explained))).toEqual(['za 14 mrt 2026, 11:00: het aanbod loopt af', 'staat klaar: casussen zonder regisseur worden opnieuw verdeeld']);
  expect(shortAnswer(explained)).toBe('C3 is er door: drie, op vr 13 mrt 2026, 14:05.');
  expect(stuckWhy('nobody took it')).toBe('Niemand nam hem aan.');
  expect(stuckWhy('something new')).toBe('Something new');
});

test('each line of the proofs is a sentence, the newest first', () => {
  const lines = [
    { left: 'signal', order: 1, at, reason: 'term', position: 3, type: 'nl.onderwijs.verzuim-gemeld.v1', time: '2024-01-01T00:00:00.000Z' }, { left: 'case', order: 2, at, reason: 'erased', number: 8 },
    { run: 9, at, through: 20_001, kept: 812, dropped: 41 }, { backup: 20_010, at, run: 9 }, { ended: 'ab', at, party: 'service:wijk-team', position: 5 }, { restored: 7, at }, { new: 1 },
  ];
  expect(newest(lines, 3).map(({ title }) => title)).toEqual(['Iets anders', 'Teruggezet uit een reservekopie', 'Sleutel van Wijk team voorbij']);
  expect(lines.map(proofOf).map(({ kind, title, note }) => `${kind}: ${title} | ${note}`)).toEqual([
    'left: Signaal weg | Verzuim gemeld · de bewaartermijn was voorbij', 'left: Casus weg | C8 · iemand vroeg erom', 'run: Voorgoed gewist, keer 9 | Tot regel 20.001: 41 sleutels vernietigd, 812 bewaard.',
    'backup: Reservekopie gemaakt | Tot regel 20.010.', 'ended: Sleutel van Wijk team voorbij | dienst', 'restored: Teruggezet uit een reservekopie | Tot regel 7.', 'other: Iets anders | ']);
  expect(proofOf(lines[0]!).at).toBe(Date.parse(at));
  expect(countLeft(lines)).toEqual({ signals: 1, cases: 1, households: 0, runs: 1 });
});
