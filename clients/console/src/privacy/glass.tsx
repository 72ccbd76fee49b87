// Who looked at what was not theirs, and why: told to every privacy officer at once, and in the log for as long as it is kept.
// So what is put away from the mailbox is still here.
import { useState } from 'preact/hooks';
import { get } from '../net/api';
import { type Row, number, text } from '../net/control';
import { partyName } from '../net/directory';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { audit } from '../net/privacy';
import type { Mailbox, Message } from '../net/shapes';
import { ChoiceField } from '../parts/field';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { Page } from '../shell/page';
import { Cell, Line, Table } from '../operator/figures';
import { instant } from '../words/dates';
import { t, tn, word } from '../words/words';

const DAY = 86_400_000;
const MOST = 1000;
const SPANS = [30, 92, 365] as const;

interface Look { at: number; kind: string; who: string; case: number; household: number; reason: string | undefined }

/** What the mailbox has: the newest, as they come. */
async function readTold(signal: AbortSignal): Promise<Message[]> {
  const found: Message[] = [];
  let after: number | undefined;
  for (;;) {
    const box = await get<Mailbox>(`/v1/mailbox?limit=1000${after === undefined ? '' : `&after=${after}`}`, signal);
    found.push(...box.items.filter(({ kind }) => kind === 'break_glass'));
    after = box.items[box.items.length - 1]?.seq;
    if (box.next === undefined || after === undefined) return found;
  }
}

const split = (party: string): [string, string] => [party.replace(/:.*$/, ''), party.replace(/^[^:]*:/, '')];
const digits = (id: string | undefined): number => (id === undefined ? 0 : Number(id.slice(1)));

function ofTrail(row: Row): Look {
  const [kind, who] = split(text(row, 'by'));
  return { at: number(row, 'atMs'), kind, who, case: number(row, 'case'), household: number(row, 'household'), reason: text(row, 'reason') };
}

function ofMail(message: Message): Look {
  return { at: instant(message.at) ?? 0, kind: message.by?.kind ?? '', who: message.by?.id ?? '', case: digits(message.case), household: digits(message.household), reason: message.reason };
}

/** Both together, the newest first: what the log told when the page was opened, and what came since. */
function together(trail: { looks: Look[]; upTo: number }, told: readonly Message[]): Look[] {
  return [...trail.looks, ...told.map(ofMail).filter(({ at }) => at > trail.upTo)].sort((a, b) => b.at - a.at);
}

export function Glass() {
  const [span, setSpan] = useState<number>(SPANS[0]);
  const [known] = useState<{ span: number; trail: { looks: Look[]; more: boolean; upTo: number } | undefined }>({ span: 0, trail: undefined });
  const told = useLoad(readTold, []);
  // The log is read once: it may be long, and what comes is told by the mailbox.
  const trail = useLoad(async (signal) => {
    if (known.span === span && known.trail !== undefined) return known.trail;
    const from = now.value - span * DAY;
    const { rows, more } = await audit({ kinds: ['seen'], from: new Date(from).toISOString() }, MOST, signal, (row) => text(row, 'reason') !== '');
    // One look may show several things, each with a row of its own: where it is in the log says which are one.
    const looks = [...new Map(rows.map((row) => [number(row, 'position'), ofTrail(row)] as const)).values()];
    known.trail = { looks, more, upTo: looks.reduce((last, { at }) => Math.max(last, at), from) };
    known.span = span;
    return known.trail;
  }, [span]);
  const ready = told.value !== undefined && (trail.value !== undefined || trail.problem !== undefined);
  const looks = together(trail.value ?? { looks: [], upTo: 0 }, told.value ?? []);
  return (
    <Page title={t('nav.glass')}>
      <p class="lead">{t('glass.page_lead')}</p>
      <div class="inquiry inquiry--short"><ChoiceField label={t('glass.span')} value={String(span)} onValue={(value) => setSpan(Number(value))} choices={SPANS.map((days) => ({ value: String(days), label: tn('glass.days', days) }))} /></div>
      {told.problem === undefined ? null : <ProblemNote problem={told.problem} again={() => void told.again()} />}
      {trail.problem === undefined ? null : <ProblemNote problem={trail.problem} again={() => void trail.again()} />}
      {ready ? null : <Waiting />}
      {!ready ? null : looks.length === 0 ? <Empty title={t('glass.none')} /> : (
        <div class="section">
          {trail.value?.more === true ? <p>{t('audit.more')}</p> : null}
          <Table label={t('nav.glass')} columns={[{ title: t('glass.who') }, { title: t('glass.when') }, { title: t('glass.what') }, { title: t('glass.why') }]}>
            {looks.map((look, i) => (
              <Line key={`${look.at} ${i}`} name={<>{partyName({ kind: look.kind, id: look.who })} <span class="subtle">{word('role', look.kind).toLowerCase()}</span></>}>
                <Cell><When ms={look.at} /></Cell>
                <Cell>{[look.case === 0 ? '' : t('case.title', { case: `C${look.case}` }), look.household === 0 ? '' : t('run.household', { household: `H${look.household}` })].filter((part) => part !== '').join(', ') || t('request.person')}</Cell>
                <Cell>{look.reason ?? t('mail.erased')}</Cell>
              </Line>
            ))}
          </Table>
        </div>
      )}
    </Page>
  );
}
