// Instants as people here write them, by the clock of the Netherlands wherever the browser stands.
import { language, t, tn } from './words';

const ZONE = 'Europe/Amsterdam';
const DAYS = { nl: ['zo', 'ma', 'di', 'wo', 'do', 'vr', 'za'], en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] };
const MONTHS = {
  nl: ['jan', 'feb', 'mrt', 'apr', 'mei', 'jun', 'jul', 'aug', 'sep', 'okt', 'nov', 'dec'],
  en: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
};
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const reader = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE, year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
});

interface Parts { year: number; month: number; day: number; hour: string; minute: string; weekday: number }

function parts(ms: number): Parts {
  const found = new Map(reader.formatToParts(ms).map((part) => [part.type, part.value]));
  const year = Number(found.get('year'));
  const month = Number(found.get('month'));
  const day = Number(found.get('day'));
  return {
    year, month, day, hour: found.get('hour') ?? '', minute: found.get('minute') ?? '',
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
  };
}

/** `vr 13 mrt 2026`. */
export function day(ms: number): string {
  const p = parts(ms);
  return `${DAYS[language.value][p.weekday] ?? ''} ${p.day} ${MONTHS[language.value][p.month - 1] ?? ''} ${p.year}`;
}

/** `13 mrt`, for a scale. */
export function dayShort(ms: number): string {
  const p = parts(ms);
  return `${p.day} ${MONTHS[language.value][p.month - 1] ?? ''}`;
}

/** `vr 13 mrt 2026, 14:05`. */
export function moment(ms: number): string {
  return `${day(ms)}, ${clock(ms)}`;
}

/** `14:05`. */
export function clock(ms: number): string {
  const p = parts(ms);
  return `${p.hour}:${p.minute}`;
}

/** `2026-03-13`, as a date field has it. */
export function fieldDay(ms: number): string {
  const p = parts(ms);
  return `${p.year}-${String(p.month).padStart(2, '0')}-${String(p.day).padStart(2, '0')}`;
}

/** The end of the day that a date field has, in the Netherlands; undefined where it has none. */
export function endOfDay(field: string): number | undefined {
  const start = startOfDay(field);
  return start === undefined ? undefined : startOfDay(fieldDay(start + 26 * HOUR))! - 1000;
}

/** Its first instant. */
export function startOfDay(field: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(field)) return undefined;
  const guess = Date.parse(`${field}T00:00:00Z`);
  if (Number.isNaN(guess)) return undefined;
  // Amsterdam is one or two hours ahead: one of these two is midnight there.
  for (const ahead of [1, 2]) {
    const at = guess - ahead * HOUR;
    const p = parts(at);
    if (p.hour === '00' && fieldDay(at) === field) return at;
  }
  return guess;
}

/** An instant as the interface has it, or undefined. */
export function instant(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** How long, in the one unit that says most: "3 dagen". */
export function span(ms: number): string {
  const length = Math.abs(ms);
  if (length < HOUR) return tn('span.minutes', Math.max(1, Math.floor(length / MINUTE)));
  if (length < 2 * DAY) return tn('span.hours', Math.floor(length / HOUR));
  if (length < 60 * DAY) return tn('span.days', Math.floor(length / DAY));
  return tn('span.months', Math.floor(length / (30 * DAY)));
}

/** As span, with minutes in the last hours, for a term that runs out: "2 uur en 14 min". */
export function term(ms: number): string {
  const length = Math.abs(ms);
  if (length < HOUR || length >= 12 * HOUR) return span(ms);
  return t('span.hours_minutes', { hours: Math.floor(length / HOUR), minutes: Math.floor((length % HOUR) / MINUTE) });
}

/** "3 dagen geleden", "over 2 uur", "zojuist". */
export function relative(ms: number, now: number): string {
  const gone = now - ms;
  if (Math.abs(gone) < MINUTE) return t('span.now');
  return gone > 0 ? t('span.ago', { span: span(gone) }) : t('span.ahead', { span: span(gone) });
}
