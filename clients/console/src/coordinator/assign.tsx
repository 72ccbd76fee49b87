import { useState } from 'preact/hooks';
import { assign } from '../net/cases';
import { regisseurName } from '../net/directory';
import { useLoad } from '../net/load';
import type { CaseSummary, Regisseur } from '../net/shapes';
import { readRegisseurs } from '../net/town';
import { ActDialog } from '../parts/dialog';
import { ProblemNote, Waiting } from '../parts/note';
import { notify } from '../shell/announce';
import { t } from '../words/words';
import { Load } from './load';

/** Who has room first, who is away last. */
export function byRoom(a: Regisseur, b: Regisseur): number {
  return Number(a.absent) - Number(b.absent) || a.load * b.capacity - b.load * a.capacity || (a.id < b.id ? -1 : 1);
}

export function AssignDialog({ summary, onDone, onClose }: { summary: CaseSummary; onDone: () => void; onClose: () => void }) {
  const { value, problem, fresh } = useLoad(readRegisseurs, []);
  const [to, setTo] = useState('');
  const [tried, setTried] = useState(false);
  const act = async () => {
    setTried(true);
    if (to === '') return false as const;
    await assign(summary.id, to);
    notify(t('assign.done', { case: summary.id, name: regisseurName(to) }));
    onDone();
    return undefined;
  };
  const choices = [...(value ?? [])].filter((r) => r.id !== summary.regisseur || summary.state === 'unassigned').sort(byRoom);
  return (
    <ActDialog title={t('assign.title', { case: summary.id })} does={t('assign.do')} act={act} onClose={onClose} wide>
      <p>{t('assign.lead')}</p>
      {fresh ? <Waiting /> : null}
      {problem === undefined ? null : <ProblemNote problem={problem} />}
      <fieldset class="choices" aria-describedby={tried && to === '' ? 'assign-error' : undefined}>
        <legend class="utrecht-form-label field__label">{t('assign.to')}</legend>
        {tried && to === '' ? <div class="field__error" id="assign-error">{t('handover.missing')}</div> : null}
        {choices.map((regisseur) => (
          <label key={regisseur.id} class="choices__choice choices__choice--wide">
            <input type="radio" name="assign" value={regisseur.id} checked={to === regisseur.id} onChange={() => setTo(regisseur.id)} />
            <span class="assign__who">
              <span>{regisseurName(regisseur.id)}{regisseur.absent ? <span class="subtle"> · {t('regisseur.absent')}</span> : null}</span>
              <Load regisseur={regisseur} />
            </span>
          </label>
        ))}
      </fieldset>
    </ActDialog>
  );
}
