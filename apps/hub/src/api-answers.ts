/** What the server process tells this one, over IPC. */
export interface ServerWord {
  /** Its Kubernetes API answers from now on, with the registry's kinds. */
  readonly kind: 'api';
}

/** Resolves when the server process says that its API answers; never when that process ends first. */
export function apiAnswers(): Promise<void> {
  return new Promise((resolve) => {
    const listen = (word: ServerWord): void => {
      if (word.kind !== 'api') return;
      process.off('message', listen);
      resolve();
    };
    process.on('message', listen);
  });
}
