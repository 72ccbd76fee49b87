// When somebody is away, and the form for more: of oneself, or by the coordinator for others.
import { useState } from 'preact/hooks';
import { type Problem, act as send, all, asProblem } from '../net/api';
import { now } from '../net/now';
import { useLoad } from '../net/load';
import type { Absence, ActReceipt } from '../net/shapes';
import { notify } from '../shell/announce';
import { endOfDay, fieldDay, instant, startOfDay } from '../words/dates';
import { t } from '../words/words';
import { Button } from './button';
import { TextField } from './field';
import { ProblemNote, Waiting } from './note';
import { Badge } from './badge';
import { When } from './when';

const at = (id: string) => `/v1/regisseurs/${encodeURIComponent(id)}/absences`;

export function Absences({ id, onChanged }: { id: string; onChanged?: () => void }) {
  const { value, problem, fresh, again } = useLoad((signal) => all<Absence>(at(id), signal), [id]);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState<Problem | undefined>(undefined);
  const begins = startOfDay(from);
  const ends = endOfDay(to);
  const backwards = begins !== undefined && ends !== undefined && ends < begins;
  const past = ends !== undefined && ends < now.value;

  const change = async (act: () => Promise<unknown>, told: string) => {
    setRefused(undefined);
    try {
      await act();
      notify(told);
      setTried(false);
      setFrom('');
      setTo('');
      await again();
      onChanged?.();
    } catch (error) {
      setRefused(asProblem(error));
    }
  };
  const add = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (begins === undefined || ends === undefined || backwards || past) return;
    const body = { from: new Date(begins).toISOString(), to: new Date(ends + 1000).toISOString() };
    await change(() => send<ActReceipt>('POST', at(id), body), t('absence.added'));
  };
  return (
    <div class="absences">
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting rows={1} /> : null}
      {value === undefined ? null : value.length === 0 ? <p class="subtle">{t('absence.none')}</p> : (
        <ul class="plain">
          {value.map((absence) => {
            const first = instant(absence.from) ?? 0;
            const last = instant(absence.to) ?? 0;
            return (
              <li key={absence.number} class="absence">
                <span><When ms={first} short /> {t('absence.until')} <When ms={last - 1000} short /></span>
                {first <= now.value && now.value < last ? <Badge shade="warning">{t('absence.now')}</Badge> : null}
                <Button kind="subtle" small onClick={() => change(() => send<ActReceipt>('DELETE', `${at(id)}/${absence.number}`), t('absence.removed'))}>{t('absence.remove')}</Button>
              </li>
            );
          })}
        </ul>
      )}
      <form noValidate class="absences__form" onSubmit={(event) => void add(event)}>
        <TextField label={t('absence.from')} type="date" value={from} onValue={setFrom} min={fieldDay(now.value)} error={tried && begins === undefined ? t('absence.from_missing') : undefined} />
        <TextField label={t('absence.to')} type="date" value={to} onValue={setTo} min={from}
          error={!tried ? undefined : ends === undefined ? t('absence.to_missing') : backwards ? t('absence.backwards') : past ? t('absence.past') : undefined} />
        <Button type="submit">{t('absence.add')}</Button>
      </form>
      {refused === undefined ? null : <ProblemNote problem={refused} />}
    </div>
  );
}
