import type { KubeObject, OwnerReference } from '@sampan/api';

const ADVICE =
  'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ';

/** Drops repeated owner references and tells the client (apiserver endpoints/handlers/rest.go). Changes the object. */
export function dedupOwnerReferences(
  object: KubeObject,
  warn: (text: string) => void,
  when: '' | ' after mutating admission happens',
): void {
  const references = object.metadata.ownerReferences;
  if (references === undefined || references.length < 2) return;
  const distinct = new Map(references.map((reference) => [identity(reference), reference]));
  if (distinct.size === references.length) return;
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (const reference of references) {
    const id = identity(reference);
    if (seen.has(id)) repeated.push(reference.uid);
    seen.add(id);
  }
  object.metadata.ownerReferences = [...distinct.values()];
  warn(`.metadata.ownerReferences contains duplicate entries${when}; ${ADVICE}${repeated.join(', ')}`);
}

function identity(reference: OwnerReference): string {
  const { apiVersion, kind, name, uid, controller = null, blockOwnerDeletion = null } = reference;
  return JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
}
