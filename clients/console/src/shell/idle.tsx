// Who leaves the screen is signed out. The gateway's own idle time cannot see it, since the page asks by itself; so the page
// counts from the last key or touch, warns in time, and lets the reader stay (WCAG 2.2.1).
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { expire } from '../net/session';
import { t, tn } from '../words/words';

export const IDLE_MS = 15 * 60_000;
export const WARN_MS = 2 * 60_000;
const LOOK_MS = 5_000;
const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

export function Idle() {
  const [left, setLeft] = useState(IDLE_MS);
  const [since, setSince] = useState(() => Date.now());
  const warned = left <= WARN_MS;

  useEffect(() => {
    // While the warning stands only its button counts: it must be read.
    if (warned) return;
    const here = () => setSince(Date.now());
    for (const sign of SIGNS) addEventListener(sign, here, { passive: true });
    return () => SIGNS.forEach((sign) => removeEventListener(sign, here));
  }, [warned]);
  useEffect(() => {
    const look = () => {
      const now = since + IDLE_MS - Date.now();
      setLeft(now);
      if (now <= 0) void expire();
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [since]);

  if (!warned || left <= 0) return null;
  return (
    <Dialog title={t('idle.title')} onClose={() => setSince(Date.now())}>
      <p>{tn('idle.text', Math.max(1, Math.ceil(left / 60_000)))}</p>
      <div class="dialog__acts"><Button kind="primary" onClick={() => setSince(Date.now())}>{t('idle.stay')}</Button></div>
    </Dialog>
  );
}
