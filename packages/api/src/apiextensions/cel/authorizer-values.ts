import type { Opaque } from './values.ts';

/** What an expression asks of an authorizer. Fields that were not said are ''. */
export interface AccessQuestion {
  /** `NAMESPACE/NAME` of the ServiceAccount that is asked about; undefined: whoever made the request. */
  readonly serviceAccount: string | undefined;
  /** Of a path that is no resource: the path; then `verb` is an HTTP method. */
  readonly path?: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Answers from memory; must not throw. */
export type AskAccess = (question: AccessQuestion) => { readonly allowed: boolean; readonly reason: string };

export interface ResourcePlace {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

abstract class AccessValue implements Opaque {
  readonly kind = 'opaque';
  abstract readonly type: string;

  /** Each is a question of its own. */
  equals(other: Opaque): boolean {
    return other === this;
  }
}

/** `authorizer` (Kubernetes docs "CEL in Kubernetes", authorizer library; apiserver pkg/cel/library/authz.go). */
export class AuthorizerValue extends AccessValue {
  readonly type = 'kubernetes.authorization.Authorizer';
  readonly #ask: AskAccess;
  readonly #account: string | undefined;

  constructor(ask: AskAccess, account?: string) {
    super();
    this.#ask = ask;
    this.#account = account;
  }

  path(path: string): PathCheck {
    return new PathCheck(this.#ask, this.#account, path);
  }

  group(group: string): GroupCheck {
    return new GroupCheck((place) => this.resource(place), group);
  }

  resource(place: ResourcePlace): ResourceCheck {
    return new ResourceCheck(this.#ask, this.#account, place);
  }

  serviceAccount(namespace: string, name: string): AuthorizerValue {
    return new AuthorizerValue(this.#ask, `${namespace}/${name}`);
  }
}

export class PathCheck extends AccessValue {
  readonly type = 'kubernetes.authorization.PathCheck';
  readonly #ask: AskAccess;
  readonly #account: string | undefined;
  readonly #path: string;

  constructor(ask: AskAccess, account: string | undefined, path: string) {
    super();
    this.#ask = ask;
    this.#account = account;
    this.#path = path;
  }

  check(verb: string): DecisionValue {
    const none = { group: '', resource: '', subresource: '', namespace: '', name: '' };
    return new DecisionValue(this.#ask({ ...none, serviceAccount: this.#account, path: this.#path, verb }));
  }
}

export class GroupCheck extends AccessValue {
  readonly type = 'kubernetes.authorization.GroupCheck';
  readonly #make: (place: ResourcePlace) => ResourceCheck;
  readonly #group: string;

  constructor(make: (place: ResourcePlace) => ResourceCheck, group: string) {
    super();
    this.#make = make;
    this.#group = group;
  }

  resource(resource: string): ResourceCheck {
    return this.#make({ group: this.#group, resource });
  }
}

export class ResourceCheck extends AccessValue {
  readonly type = 'kubernetes.authorization.ResourceCheck';
  readonly #ask: AskAccess;
  readonly #account: string | undefined;
  readonly #place: ResourcePlace;

  constructor(ask: AskAccess, account: string | undefined, place: ResourcePlace) {
    super();
    this.#ask = ask;
    this.#account = account;
    this.#place = place;
  }

  with(change: Partial<ResourcePlace>): ResourceCheck {
    return new ResourceCheck(this.#ask, this.#account, { ...this.#place, ...change });
  }

  check(verb: string): DecisionValue {
    const { group, resource, subresource = '', namespace = '', name = '' } = this.#place;
    return new DecisionValue(
      this.#ask({ serviceAccount: this.#account, verb, group, resource, subresource, namespace, name }),
    );
  }
}

export class DecisionValue extends AccessValue {
  readonly type = 'kubernetes.authorization.Decision';
  readonly allowed: boolean;
  readonly reason: string;

  constructor({ allowed, reason }: ReturnType<AskAccess>) {
    super();
    this.allowed = allowed;
    this.reason = reason;
  }
}
