import { useRef, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { ended, look, signIn, standing } from '../net/session';
import { Button } from '../parts/button';
import { TextField } from '../parts/field';
import { Note, ProblemNote } from '../parts/note';
import { t } from '../words/words';
import { LanguageSwitch, Mark } from './frame';
import { Page } from './page';

export function SignIn() {
  const [account, setAccount] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setTried(true);
    if (account === '' || password === '') {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(account, password);
    } catch (error) {
      const found = asProblem(error);
      setProblem(found);
      setPassword('');
      setTried(false);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div class="door">
      <main id="main" class="door__panel">
        <div class="door__brand"><Mark /><span>Voordeur</span><span class="door__language"><LanguageSwitch /></span></div>
        <Page title={t('signin.title')}>
          <p class="door__lead">{t('signin.lead')}</p>
          {ended.value === 'ended' ? <Note tone="info" title={t('signin.ended')} /> : null}
          {ended.value === 'left' ? <Note tone="ok" title={t('signin.left')} /> : null}
          {standing.value === 'unreachable' ? (
            <Note tone="warning" alert title={t('signin.unreachable')}><Button small onClick={look}>{t('problem.again')}</Button></Note>
          ) : null}
          {problem === undefined ? null : <ProblemNote problem={problem} />}
          <form ref={form} noValidate onSubmit={(event) => void submit(event)} class="door__form">
            <TextField label={t('signin.account')} value={account} onValue={setAccount} autocomplete="username" error={tried && account === '' ? t('signin.account_missing') : undefined} />
            <TextField label={t('signin.password')} type="password" value={password} onValue={setPassword} autocomplete="current-password" error={tried && password === '' ? t('signin.password_missing') : undefined} />
            <Button kind="primary" type="submit" busy={busy}>{t('signin.go')}</Button>
          </form>
          <p class="door__foot">{t('signin.foot')}</p>
        </Page>
      </main>
    </div>
  );
}
