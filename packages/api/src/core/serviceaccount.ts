import type { KindRules } from '../kinds/resource.ts';

export const serviceAccountRules: KindRules = {
  validate: () => [],
  warnings: (account, old) => {
    const key = 'kubernetes.io/enforce-mountable-secrets';
    const value = account.metadata.annotations?.[key];
    return value === undefined || old?.metadata.annotations?.[key] !== undefined
      ? []
      : [
          'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets',
        ];
  },
};
