import { beforeEach, describe, expect, test } from 'vitest';
import type { Row } from '../src/net/control';
import { isKey, needsTwo, ordered, sectionOf, standing } from '../src/operator/keyring';
import { queuesOf, stuck, summed } from '../src/operator/queue';
import { byNeed, convenantEnded, refusals, rhythmOf, silence, silenced } from '../src/operator/rhythm';
import { language } from '../src/words/words';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = Date.parse('2026-03-13T13:05:00Z');
const agency = (id: string, rhythm: string, more: object = {}): Row => ({ row: 'agency', agency: id, rhythm, lastMs: now - 2 * DAY, ...more });

beforeEach(() => {
  language.value = 'nl';
});

describe('agencies', () => {
  test('who fell silent stands first, then who is slow; an agreement that ended goes before within the same', () => {
    const rows = [agency('d', 'learning'), agency('c', 'as usual'), agency('b', 'slow'), agency('e', 'quiet'), agency('a', 'quiet', { convenantHolds: 0 }), { row: 'rule', rule: 'x' } as Row];
    expect(byNeed(rows).map((row) => row['agency'])).toEqual(['a', 'e', 'b', 'c', 'd']);
    expect(byNeed([agency('z', 'as usual'), agency('y', 'as usual', { convenantHolds: 0 })]).map((row) => row['agency'])).toEqual(['y', 'z']);
    expect(rhythmOf(agency('x', 'something new'))).toBe('usual');
  });

  const since = 'Het laatste signaal kwam wo 11 mrt 2026, 14:05, 2 dagen geleden.';
  const rows: [string, Row, string][] = [
    ['quiet', agency('a', 'quiet', { expectedPermille: 11_300 }), `${since} Gewoonlijk waren er sindsdien ongeveer 11 gekomen. Dat is 7 of meer: de instantie is stil. Bel haar.`],
    ['slow', agency('a', 'slow', { expectedPermille: 4200 }), `${since} Gewoonlijk waren er sindsdien ongeveer 4 gekomen. Dat is 3 of meer: de instantie is langzaam. Vanaf 7 heet zij stil.`],
    ['as usual', agency('a', 'as usual', { expectedPermille: 900 }), `${since} Gewoonlijk was er sindsdien nog geen gekomen. Vanaf 3 heet zij langzaam, vanaf 7 stil.`],
    ['new here', agency('a', 'learning'), `${since} Na 2 weken is bekend wat gewoon is.`],
    ['never', agency('a', 'learning', { lastMs: undefined }), 'Er kwam nog geen signaal.'],
  ];
  test.each(rows)('since when, and from when on it is said: %s', (_, row, text) => {
    expect(silence(row, now)).toBe(text);
  });

  test('refusals by code, the most first; figures that are no code are none', () => {
    expect(refusals(agency('a', 'quiet', { refused: 9, duplicates: 4, badBsn: 2, future: 7, unknownType: 0, signals: 100 }))).toEqual([{ code: 'future', n: 7 }, { code: 'bad_bsn', n: 2 }]);
    expect(refusals(agency('a', 'quiet'))).toEqual([]);
  });

  test('a silence and an agreement end', () => {
    expect(silenced(agency('a', 'quiet', { silencedUntilMs: now + 1 }), now)).toBe(true);
    expect(silenced(agency('a', 'quiet', { silencedUntilMs: now }), now)).toBe(false);
    expect(convenantEnded(agency('a', 'quiet'))).toBe(false);
  });
});

describe('queues', () => {
  const session = (kind: 'regisseur' | 'operator', id: string) => ({ session: 1, party: { kind, id }, clientName: 'x', since: '', idleMs: 0, framesIn: 0, framesOut: 0, unconfirmed: 0, undelivered: 0 });
  const queues = queuesOf(
    [{ row: 'cases', ready: 2 }, { row: 'service', id: 'hulp', ready: 14, readySinceMs: now - 6 * DAY }, { row: 'regisseur', id: 'r-b', ready: 0 }, { row: 'regisseur', id: 'r-a', ready: 3, readySinceMs: now - HOUR }],
    [{ party: { kind: 'regisseur', id: 'r-a' }, acknowledged: 12, newest: 15 }, { party: { kind: 'coordinator', id: 'c-p' }, acknowledged: 1, newest: 1 }],
    [session('regisseur', 'r-a'), session('regisseur', 'r-a'), session('operator', 'beheer')]);

  test('three answers are one row for each mailbox, by role and name; who has none has no row', () => {
    expect(queues.map(({ party, waiting, acknowledged, newest, readers }) => `${party} ${waiting} ${acknowledged}/${newest} ${readers}`)).toEqual([
      'regisseur:r-a 3 12/15 2', 'regisseur:r-b 0 0/0 0', 'coordinator:c-p 0 1/1 0', 'service:hulp 14 0/0 0']);
  });
  test('stuck is what waits for more than a day while nobody reads', () => {
    expect(queues.filter((queue) => stuck(queue, now)).map(({ id }) => id)).toEqual(['hulp']);
    expect(summed(queues, now)).toEqual({ waiting: 17, oldest: now - 6 * DAY, readers: 1, stuck: 1 });
    expect(summed([], now)).toEqual({ waiting: 0, oldest: undefined, readers: 0, stuck: 0 });
  });
});

describe('keys', () => {
  const key = (party: string, state: string, more: object = {}): Row => ({ row: 'key', party, state, ...more });
  test('what is to be decided first, then what ends next, then what is over', () => {
    const rows = [
      key('a:old', 'expired', { untilMs: now - DAY }), key('a:older', 'revoked', { endedMs: now - 9 * DAY, untilMs: now - 9 * DAY }), key('a:file', 'valid'), key('a:later', 'valid', { untilMs: now + 90 * DAY }),
      key('a:first', 'valid'), key('a:soon', 'expiring', { untilMs: now + DAY }), key('a:new', 'proposed', { proposal: 3 }),
    ];
    expect(ordered(rows).map((row) => row['party'])).toEqual(['a:new', 'a:soon', 'a:later', 'a:file', 'a:first', 'a:old', 'a:older']);
    expect(rows.filter(standing).length).toBe(5);
    expect(sectionOf(key('a:x', 'refused'))).toBe('ended');
  });
  test('a public key is forty characters of Z85', () => {
    const good = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7';
    const rows: [string, boolean][] = [[good, true], [` ${good}\n`, true], [good.slice(1), false], [`${good.slice(1)}"`, false], ['', false]];
    for (const [text, fits] of rows) expect(isKey(text), text).toBe(fits);
    expect(['operator', 'privacy_officer', 'auditor', 'agency', 'regisseur'].map(needsTwo)).toEqual([true, true, true, false, false]);
  });
});
