import { isRepositoryName } from '../names/names.ts';

/** What a token may be used for, as the `access` claim lists it (distribution, "Token Authentication"). */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** Which actions there are for each type of resource; others are dropped from what is asked. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  repository: ['pull', 'push', 'delete'],
  registry: ['*'],
};

/** A client asks for one or two (a mount); what no client needs is not worth checking rights for. */
const MAX_SCOPES = 64;

/**
 * Scopes as clients ask for them: `TYPE:NAME:ACTION,ACTION`, several by repeated parameters or spaces. A name may
 * hold a port (`host:5000/a`), so the type ends at the first colon and the actions begin after the last. What is
 * not understood is left out: the answer is what is granted, never an error.
 */
export function parseScopes(scopes: readonly string[]): Access[] {
  return scopes
    .flatMap((scope) => scope.split(' '))
    .filter((scope) => scope !== '')
    .slice(0, MAX_SCOPES)
    .flatMap((scope) => parseScope(scope) ?? []);
}

function parseScope(scope: string): Access | undefined {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  if (first < 1 || last === first) return undefined;
  // a class, as in `repository(plugin)`, says nothing of rights
  const type = scope.slice(0, first).replace(/\([a-z0-9]+\)$/, '');
  const name = scope.slice(first + 1, last);
  const known = Object.hasOwn(ACTIONS, type) ? ACTIONS[type] : undefined;
  if (!known || (type === 'repository' ? !isRepositoryName(name) : name !== 'catalog')) return undefined;
  const asked = new Set(scope.slice(last + 1).split(','));
  const actions = known.filter((action) => asked.has(action) || (type === 'repository' && asked.has('*')));
  return { type, name, actions };
}

/** `repository:NAME:ACTIONS` for a challenge. */
export function formatScope({ type, name, actions }: Access): string {
  return `${type}:${name}:${actions.join(',')}`;
}
