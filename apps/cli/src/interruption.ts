const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm sends a signal on to a child that has got it from the terminal already: within this time it is one Ctrl-C. */
const sameSignalMs = 500;

/** For commands that end by themselves: the first Ctrl-C aborts the signal, so that they stop at a safe point; another one ends at once. */
export function interruption(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const interrupt = (): void => {
    if (firstAt !== undefined && performance.now() - firstAt > sameSignalMs) process.exit(1);
    firstAt ??= performance.now();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
