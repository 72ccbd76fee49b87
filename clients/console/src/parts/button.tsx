import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface Props {
  children: ComponentChildren;
  kind?: 'primary' | 'secondary' | 'subtle';
  danger?: boolean;
  type?: 'button' | 'submit';
  busy?: boolean;
  disabled?: boolean;
  small?: boolean;
  label?: string;
  keys?: string;
  expanded?: boolean;
  pressed?: boolean;
  onClick?: (() => void) | (() => Promise<void>);
}

/** While its promise is under way it takes no second press. */
export function Button({ children, kind = 'secondary', danger = false, type = 'button', busy = false, disabled = false, small = false, label, keys, expanded, pressed, onClick }: Props) {
  const [under, setUnder] = useState(false);
  const waiting = busy || under;
  const press = async () => {
    if (waiting || onClick === undefined) return;
    const promise = onClick();
    if (!(promise instanceof Promise)) return;
    setUnder(true);
    try {
      await promise;
    } finally {
      setUnder(false);
    }
  };
  const look = kind === 'subtle' ? 'utrecht-button--subtle' : `utrecht-button--${kind}-action`;
  return (
    <button
      type={type}
      class={`utrecht-button ${look}${danger ? ' utrecht-button--danger' : ''}${small ? ' button--small' : ''}${waiting ? ' utrecht-button--busy' : ''}`}
      disabled={disabled}
      aria-disabled={waiting ? 'true' : undefined}
      aria-label={label}
      aria-keyshortcuts={keys}
      aria-expanded={expanded}
      aria-pressed={pressed}
      onClick={(event) => {
        if (waiting) event.preventDefault();
        else void press();
      }}
    >
      {children}
    </button>
  );
}
