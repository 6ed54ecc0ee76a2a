export type KeyAction = 'help' | 'filter' | 'next' | 'previous' | 'pause' | 'earlier' | 'later';

const actions: Readonly<Record<string, KeyAction>> = {
  '?': 'help',
  '/': 'filter',
  j: 'next',
  k: 'previous',
  p: 'pause',
  ArrowLeft: 'earlier',
  ArrowRight: 'later',
};

/** What a key asks for, or null: while typing, with a modifier, and where single keys are off, keys are letters. */
export function keyAction(event: KeyboardEvent, enabled: boolean): KeyAction | null {
  if (!enabled || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const { target } = event;
  if (target instanceof Element && target.closest('input, textarea, select, [contenteditable], dialog')) return null;
  return actions[event.key] ?? null;
}
