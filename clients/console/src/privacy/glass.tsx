// Who looked at what was not theirs, and why: told to every privacy officer at once.
import { get } from '../net/api';
import { regisseurName } from '../net/directory';
import { useLoad } from '../net/load';
import type { Mailbox, Message } from '../net/shapes';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { Page } from '../shell/page';
import { Cell, Line, Table } from '../operator/figures';
import { instant } from '../words/dates';
import { t, word } from '../words/words';

/** All of the mailbox, page after page; what was put away by "all read" is in the audit. */
async function read(signal: AbortSignal): Promise<Message[]> {
  const found: Message[] = [];
  let after: number | undefined;
  for (;;) {
    const box = await get<Mailbox>(`/v1/mailbox?limit=1000${after === undefined ? '' : `&after=${after}`}`, signal);
    found.push(...box.items.filter(({ kind }) => kind === 'break_glass'));
    after = box.items[box.items.length - 1]?.seq;
    if (box.next === undefined || after === undefined) return found.reverse();
  }
}

export function Glass() {
  const { value, problem, fresh, again } = useLoad(read, []);
  return (
    <Page title={t('nav.glass')}>
      <p class="lead">{t('glass.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : value.length === 0 ? <Empty title={t('glass.none')} /> : (
        <div class="section">
          <Table label={t('nav.glass')} columns={[{ title: t('glass.who') }, { title: t('glass.when') }, { title: t('glass.what') }, { title: t('glass.why') }]}>
            {value.map((message) => (
              <Line key={message.seq} name={<>{regisseurName(message.by?.id ?? '')} <span class="subtle">{word('role', message.by?.kind ?? '')}</span></>}>
                <Cell><When ms={instant(message.at)} /></Cell>
                <Cell>{[message.case === undefined ? '' : t('case.title', { case: message.case }), message.household === undefined ? '' : t('run.household', { household: message.household })].filter((part) => part !== '').join(', ') || t('request.person')}</Cell>
                <Cell>{message.reason ?? t('mail.erased')}</Cell>
              </Line>
            ))}
          </Table>
        </div>
      )}
    </Page>
  );
}
