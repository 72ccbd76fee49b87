import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../words/words';
import { Button } from './button';
import { ProblemNote } from './note';
import { useSending } from './sending';

interface Props {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
  wide?: boolean;
}

/** The browser's own dialog: it keeps the focus inside, closes with Escape, and gives the focus back. */
export function Dialog({ title, children, onClose, wide = false }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const dialog = box.current;
    if (dialog === null) return;
    const before = document.activeElement;
    dialog.showModal();
    // The title first: it is read out, and nothing is pressed by mistake. A field that wants the focus has it.
    if (dialog.querySelector('[autofocus]') === null) dialog.querySelector<HTMLElement>('.dialog__title')?.focus();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box} class={`dialog${wide ? ' dialog--wide' : ''}`} aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close.current();
      }}
    >
      <h2 id={id} class="dialog__title" tabIndex={-1}>{title}</h2>
      {children}
    </dialog>
  );
}

interface ActProps {
  title: string;
  /** What pressing the button does, as a verb. */
  does: string;
  danger?: boolean;
  wide?: boolean;
  children?: ComponentChildren;
  /** Does it; a refusal is shown, and the dialog stays; what nobody answered goes again by itself. false: something is not filled in, and said beside it. */
  act: () => Promise<void | false>;
  onClose: () => void;
}

/** A dialog with one act in it. */
export function ActDialog({ title, does, danger = false, wide = false, children, act, onClose }: ActProps) {
  const { busy, problem, repeating, send, hold } = useSending();
  const form = useRef<HTMLFormElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    await send(async () => {
      if ((await act()) === false) requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true], [data-invalid]')?.focus());
      else onClose();
    });
  };
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <form ref={form} class="dialog__form" noValidate onSubmit={(event) => void submit(event)} onInput={hold} onChange={hold}>
        {children}
        {problem === undefined ? null : <ProblemNote problem={problem} repeating={repeating} />}
        <div class="dialog__acts">
          <Button kind="primary" type="submit" danger={danger} busy={busy}>{does}</Button>
          <Button kind="subtle" onClick={onClose}>{t('dialog.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
