import { useState } from 'preact/hooks';
import { note } from '../net/cases';
import { agencyName, partyName } from '../net/directory';
import type { Case } from '../net/shapes';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField } from '../parts/field';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { instant } from '../words/dates';
import { t } from '../words/words';

function WriteDialog({ value, onSent, onClose }: { value: Case; onSent: () => Promise<void>; onClose: () => void }) {
  const agencies = [...new Set(value.signals.filter((signal) => !signal.withdrawn).map((signal) => signal.agency).filter((id) => id !== undefined))];
  const [to, setTo] = useState(agencies.length === 1 ? (agencies[0] ?? '') : '');
  const [text, setText] = useState('');
  const [tried, setTried] = useState(false);
  const act = async () => {
    setTried(true);
    if (to === '' || text.trim() === '') return false as const;
    await note(value.id, to, text.trim());
    notify(t('note.sent', { name: agencyName(to) }));
    void onSent();
    return undefined;
  };
  return (
    <ActDialog title={t('note.title')} does={t('note.go')} act={act} onClose={onClose}>
      <p>{t('note.lead')}</p>
      <ChoiceField label={t('note.to')} value={to} onValue={setTo} empty={t('note.choose')} choices={agencies.map((id) => ({ value: id, label: agencyName(id) }))} error={tried && to === '' ? t('note.to_missing') : undefined} />
      <LongField label={t('note.text')} value={text} onValue={setText} rows={5} error={tried && text.trim() === '' ? t('note.text_missing') : undefined} />
    </ActDialog>
  );
}

/** What was written with agencies and services about this case, the oldest first. */
export function Messages({ value, onSent }: { value: Case; onSent: () => Promise<void> }) {
  const [writing, setWriting] = useState(false);
  const notes = value.notes ?? [];
  return (
    <section class="section section--side" aria-labelledby="messages">
      <div class="section__head">
        <h2 id="messages" class="section__title">{t('note.heading')}</h2>
        <Button small onClick={() => setWriting(true)} disabled={value.signals.length === 0}>{t('note.write')}</Button>
      </div>
      {notes.length === 0 ? <p class="subtle">{t('note.none')}</p> : (
        <ol class="plain notes">
          {notes.map((item, i) => (
            <li key={i} class={`letter${item.by.kind === 'regisseur' ? ' letter--mine' : ''}`}>
              <p class="letter__head">
                <strong>{partyName(item.by)}</strong><span> {t('note.for')} {partyName(item.to)}</span>
                <span class="letter__when"><When ms={instant(item.at)} /></span>
              </p>
              <p class="letter__text">{item.text}</p>
            </li>
          ))}
        </ol>
      )}
      {writing ? <WriteDialog value={value} onSent={onSent} onClose={() => setWriting(false)} /> : null}
    </section>
  );
}
